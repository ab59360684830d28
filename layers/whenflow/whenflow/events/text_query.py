"""The feed's text queries: `error -debug`, `"connection timeout"`, `+a +b` (SPEC 7.2).

Words are alternatives; `-x` and `!x` exclude, `+x` requires, quotes hold a phrase together. Case does not matter, and a
word is found anywhere, also within another.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from whenflow.events.model import Event

MAX_QUERY_CHARS = 200
_TERM = re.compile(r'([-!+]?)(?:"((?:[^"\\]|\\.)*)"?|(\S+))')
_SIGNS = ("-", "!", "+")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What a text must hold; every term is in folded case.

    Attributes:
        some: One of these, if there are any.
        every: All of these.
        none: None of these.
    """

    some: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    def found_in(self, text: str) -> bool:
        """Tell whether a text, in folded case, is what is looked for."""
        if any(term in text for term in self.none) or not all(term in text for term in self.every):
            return False
        return not self.some or any(term in text for term in self.some)

    def fits(self, event: Event) -> bool:
        """Tell whether an event is what is looked for."""
        return not (self.some or self.every or self.none) or self.found_in(text_of(event))


def text_query(query: str) -> TextQuery:
    """Read a query; one without terms fits everything."""
    terms: dict[str, list[str]] = {"": [], "+": [], "-": []}
    for sign, phrase, word in _TERM.findall(query):
        term = (word or _ESCAPED.sub(r"\1", phrase)).casefold()
        if term and (sign or term not in _SIGNS):
            terms["-" if sign == "!" else sign].append(term)
    return TextQuery(tuple(terms[""]), tuple(terms["+"]), tuple(terms["-"]))


def text_of(event: Event) -> str:
    """Return what queries search: the name, every label's value, the payload as JSON; in folded case."""
    return "\n".join(_texts(event)).casefold()


def _texts(event: Event) -> Iterator[str]:
    yield event.event
    for labels in event.involved():
        yield from labels.values()
    yield json.dumps(event.payload, ensure_ascii=False)
