"""Values put into a template whose result is JSON: whatever a sender sends, it stays the value that it is.

Within quotes of the template a value is text, and cannot end the quotes; of an object or a list it is the JSON as text.
Anywhere else it is JSON as it stands.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import Undefined
from markupsafe import Markup

from whenflow.templating.filters import json_text

_MARKS = re.compile(r'["\\]')


class Inserted(str):
    """What one expression of a template gave; `quoted` is what it is within quotes."""

    __slots__ = ("quoted",)
    quoted: str

    def __new__(cls, text: str, quoted: str) -> "Inserted":
        """Keep both forms."""
        made = super().__new__(cls, text)
        made.quoted = quoted
        return made

    def __str__(self) -> str:
        """Stay what it is, where Jinja2 makes a text of it."""
        return self


def inserted(value: Any) -> Inserted:
    """Return what an expression gave, ready to be put into JSON."""
    if isinstance(value, str) and not isinstance(value, Markup):
        text = _escaped(value)
        return Inserted(text, text)
    text = "" if isinstance(value, Undefined) else str(value) if isinstance(value, Markup) else json_text(value)
    return Inserted(text, _escaped(text))


def placed(parts: Iterable[str]) -> Iterator[str]:
    """Yield the parts of a rendered template, each inserted one in the form that its place asks for."""
    within, skip = False, False
    for part in parts:
        if isinstance(part, Inserted):
            yield part.quoted if within else part
            skip = skip and not part
        else:
            within, skip = _after(part, within, skip)
            yield part


def _after(text: str, within: bool, skip: bool) -> tuple[bool, bool]:
    """Return whether a text leaves quotes open, and whether a backslash at its end makes the next character plain."""
    position = 1 if skip and text else 0
    while mark := _MARKS.search(text, position):
        position = mark.end()
        if mark[0] == '"':
            within = not within
        elif within:
            position += 1
    return within, position > len(text) or (skip and not text)


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
