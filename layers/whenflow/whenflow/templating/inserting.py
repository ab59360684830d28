"""Values put into a template whose result is JSON: whatever a sender sends, it stays the value that it is.

Within quotes of the template a value is text, and cannot end the quotes; of an object or a list it is the JSON as text.
Anywhere else it is JSON as it stands.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from jinja2 import Undefined

from whenflow.templating.errors import Misused, UndefinedValue
from whenflow.templating.meter import MAX_VALUE, allow, read, weight

_MARKS = re.compile(r'["\\]')


class JsonText(str):
    """Text that is JSON already. What is made of it (a part, upper case, longer text) is text like any other."""

    __slots__ = ()


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


def json_text(value: Any, indent: int | None = None, *, sort_keys: bool = False, ascii_only: bool = False) -> str:
    """Write a value as JSON.

    Raises:
        UndefinedValue: The value, or one inside it, is not there.
        Misused: It has no form in JSON, or is too large.
    """
    allow(weight(value, MAX_VALUE, 1))
    read(value)
    try:
        return json.dumps(
            value, indent=indent, sort_keys=sort_keys, ensure_ascii=ascii_only, allow_nan=False, default=_form
        )
    except (TypeError, ValueError) as error:
        raise Misused(f"the value has no form in JSON: {error}") from None


def _form(value: Any) -> Any:
    if isinstance(value, Undefined):
        raise UndefinedValue(f"'{undefined_name(value)}' is undefined")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise Misused(f"a {type(value).__name__} has no form in JSON; perhaps it lacks a `| list`")


def undefined_name(value: Undefined) -> str:
    """Return the name of a variable that is not there."""
    name = value._undefined_name
    return str(name) if name is not None and isinstance(name, str | int) else "a value"


def inserted(value: Any) -> Inserted:
    """Return what an expression gave, ready to be put into JSON."""
    if isinstance(value, str) and not isinstance(value, JsonText):
        text = _escaped(value)
        return Inserted(text, text)
    if isinstance(value, datetime):
        text = f'"{_form(value)}"'
        return Inserted(text, text[1:-1])
    text = "" if isinstance(value, Undefined) else str(value) if isinstance(value, JsonText) else json_text(value)
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
