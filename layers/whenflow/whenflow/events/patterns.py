"""Patterns of label values, and specifications of resources (SPEC 3.2).

Values are globs (`*`, `?`, `[abc]`, `[!abc]`), a leading `!` turns the result round, and a label that is absent never
matches. Triggers and the feed's filters share this grammar.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from whenflow.events.labels import Labels

Specification: TypeAlias = Mapping[str, str | Sequence[str]]

PATTERNS_KEPT = 65_536


@lru_cache(maxsize=PATTERNS_KEPT)
def _value_regex(glob: str) -> re.Pattern[str]:
    """Compile a value glob. Each `*` is atomic, so that no pattern backtracks."""
    pieces: list[str] = [""]
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            pieces.append("")
        elif character == "?":
            pieces[-1] += "."
        elif character == "[":
            text, position = _class(glob, position)
            pieces[-1] += text
        else:
            pieces[-1] += re.escape(character)
    return between_stars(pieces, any_run=".*?")


def _class(glob: str, start: int) -> tuple[str, int]:
    """Translate a class whose `[` stands just before `start`; an unclosed one is a literal `[`."""
    end = start
    if glob[end : end + 1] == "!":
        end += 1
    end = glob.find("]", end + 1)
    if end < 0:
        return re.escape("["), start
    negated = glob[start] == "!"
    members = _members(glob[start + negated : end])
    if not members:
        return ("." if negated else "(?!)"), end + 1
    return f"[{'^' if negated else ''}{members}]", end + 1


def _members(text: str) -> str:
    members = ""
    position = 0
    while position < len(text):
        if text[position + 1 : position + 2] == "-" and position + 2 < len(text):
            low, high = text[position], text[position + 2]
            if low <= high:
                members += f"{re.escape(low)}-{re.escape(high)}"
            position += 3
        else:
            members += re.escape(text[position])
            position += 1
    return members


def between_stars(pieces: Sequence[str], any_run: str) -> re.Pattern[str]:
    """Join pieces that any run of characters may stand between; the earliest place for each piece is right."""
    first, *rest = pieces
    if not rest:
        return re.compile(f"{first}\\Z", re.DOTALL)
    middle = "".join(f"(?>{any_run}{piece})" for piece in rest[:-1])
    return re.compile(f"{first}{middle}{any_run.rstrip('?')}{rest[-1]}\\Z", re.DOTALL)


def value_matches(pattern: str, value: str | None) -> bool:
    """Tell whether a label's value fits one pattern."""
    if value is None:
        return False
    if pattern.startswith("!"):
        return _value_regex(pattern[1:]).match(value) is None
    return _value_regex(pattern).match(value) is not None


def satisfies(resource: Labels, specification: Specification) -> bool:
    """Tell whether a resource has, for every label, one of the values."""
    return all(
        any(
            value_matches(pattern, resource.get(label)) for pattern in ([values] if isinstance(values, str) else values)
        )
        for label, values in specification.items()
    )
