"""Patterns and resource specifications (SPEC 3.2; docs: conformance rules 4.1).

Values are globs (`*`, `?`, `[abc]`, `[!abc]`), a leading `!` turns the result round, and a label that is absent never
matches. In event names only `*` is special, and stands for one or more characters.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from sys import intern
from typing import NamedTuple, TypeAlias

from whenflow.events import RESOURCE_ID, Labels

Specification: TypeAlias = Mapping[str, str | Sequence[str]]

PATTERNS_KEPT = 65_536
FEW = 4
SPECIAL = re.compile(r"[*?\[]")


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
    return _between_stars(pieces, any_run=".*?")


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


@lru_cache(maxsize=PATTERNS_KEPT)
def _name_regex(glob: str) -> re.Pattern[str]:
    return _between_stars([re.escape(piece) for piece in glob.split("*")], any_run=".+?")


def _between_stars(pieces: Sequence[str], any_run: str) -> re.Pattern[str]:
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


def name_matches(pattern: str, name: str) -> bool:
    """Tell whether an event name fits one pattern."""
    if "*" not in pattern:
        return pattern == name
    return _name_regex(pattern).match(name) is not None


def any_name_matches(patterns: Iterable[str], name: str) -> bool:
    """Tell whether an event name fits some pattern."""
    return any(name_matches(pattern, name) for pattern in patterns)


def satisfies(resource: Labels, specification: Specification) -> bool:
    """Tell whether a resource has, for every label, one of the values."""
    return all(
        any(
            value_matches(pattern, resource.get(label)) for pattern in ([values] if isinstance(values, str) else values)
        )
        for label, values in specification.items()
    )


def met_by(resources: Iterable[Labels], specification: Specification) -> bool:
    """Tell whether one single resource satisfies all of a specification; an empty one asks nothing."""
    return not specification or any(satisfies(resource, specification) for resource in resources)


def is_plain(pattern: str) -> bool:
    """Tell whether a value pattern stands for itself alone."""
    return not pattern.startswith("!") and SPECIAL.search(pattern) is None


def fixed_beginning(pattern: str) -> str:
    """Return what every value that fits a pattern begins with; empty if that is nothing certain."""
    if pattern.startswith("!"):
        return ""
    special = SPECIAL.search(pattern)
    return pattern[: special.start()] if special else pattern


def is_beginning(pattern: str) -> bool:
    """Tell whether a value pattern asks for a beginning and nothing else."""
    return pattern.endswith("*") and fixed_beginning(pattern) == pattern[:-1]


def is_all_plain(patterns: Sequence[str]) -> bool:
    """Tell whether patterns are values that stand for themselves, or all of them beginnings and nothing else."""
    if not patterns or not all(patterns):
        return False
    return all(map(is_plain, patterns)) or all(len(one) > 1 and is_beginning(one) for one in patterns)


class NamePatterns:
    """Patterns of event names, sorted out once: exact ones, fixed beginnings, and the few that need more."""

    __slots__ = ("_beginnings", "_exact", "_globs", "are_given")

    def __init__(self, patterns: Iterable[str]) -> None:
        """Take the patterns in."""
        given = list(patterns)
        globs = [pattern for pattern in given if "*" in pattern]
        self.are_given = bool(given)
        self._exact = frozenset(pattern for pattern in given if "*" not in pattern)
        self._beginnings = tuple(glob[:-1] for glob in globs if glob.index("*") == len(glob) - 1)
        self._globs = tuple(glob for glob in globs if glob.index("*") < len(glob) - 1)

    def fit(self, name: str) -> bool:
        """Tell whether a name fits some pattern; no patterns at all fit every name."""
        if not self.are_given or name in self._exact:
            return True
        if self._beginnings and name[:-1].startswith(self._beginnings):  # the star stands for something
            return True
        return bool(self._globs) and any_name_matches(self._globs, name)


@lru_cache(maxsize=4_096)
def name_patterns(patterns: tuple[str, ...]) -> NamePatterns:
    """Return patterns of event names, sorted out; triggers that have the same ones share them."""
    return NamePatterns(patterns)


class _LabelMatcher(NamedTuple):
    """Patterns of one label's values: exact ones, fixed beginnings, and those that need more."""

    label: str
    exact: Container[str]
    beginnings: tuple[str, ...]
    globs: tuple[str, ...]


class SpecificationMatcher:
    """A resource specification, sorted out once."""

    __slots__ = ("_labels", "specification")

    def __init__(self, specification: Specification) -> None:
        """Take the specification in."""
        self.specification = specification
        self._labels = tuple(
            _label_matcher(label, (values,) if isinstance(values, str) else values)
            for label, values in specification.items()
        )

    def satisfied_by(self, resource: Labels) -> bool:
        """Tell whether a resource has, for every label, one of the values."""
        for label, exact, beginnings, globs in self._labels:
            value = resource.get(label)
            if value is None:
                return False
            if value in exact or value.startswith(beginnings):
                continue
            if not globs or not any(value_matches(glob, value) for glob in globs):
                return False
        return True

    def met_by(self, resources: Iterable[Labels]) -> bool:
        """Tell whether one single resource satisfies it; an empty one asks nothing."""
        return not self._labels or any(map(self.satisfied_by, resources))


EVERYTHING = SpecificationMatcher({})


def _label_matcher(label: str, patterns: Sequence[str]) -> _LabelMatcher:
    kinds: dict[str, list[str]] = {"exact": [], "beginning": [], "glob": []}
    for pattern in patterns:
        if is_plain(pattern):
            kinds["exact"].append(pattern)
        elif is_beginning(pattern):
            kinds["beginning"].append(pattern[:-1])
        else:
            kinds["glob"].append(pattern)
    exact = tuple(kinds["exact"]) if len(kinds["exact"]) <= FEW else frozenset(kinds["exact"])
    return _LabelMatcher(intern(label), exact, tuple(kinds["beginning"]), tuple(kinds["glob"]))


def admits_every(prefix: str, specification: Specification) -> bool:
    """Tell whether a specification obviously admits every resource of a kind, such as `prefect.flow-run`."""
    if not specification:
        return True
    if set(specification) != {RESOURCE_ID}:
        return False
    values = specification[RESOURCE_ID]
    return f"{prefix}.*" in ([values] if isinstance(values, str) else values)
