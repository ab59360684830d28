"""Patterns and resource specifications (SPEC 3.2; docs: conformance rules 4.1).

Values are globs (`*`, `?`, `[abc]`, `[!abc]`), a leading `!` turns the result round, and a label that is absent never
matches. In event names only `*` is special, and stands for one or more characters.
"""

import re
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from sys import intern
from typing import NamedTuple

from whenflow.events import RESOURCE_ID, Labels
from whenflow.events.patterns import PATTERNS_KEPT, Specification, between_stars, satisfies, value_matches

__all__ = [
    "EVERYTHING",
    "NamePatterns",
    "Specification",
    "SpecificationMatcher",
    "admits_every",
    "any_name_matches",
    "fixed_beginning",
    "is_all_plain",
    "is_beginning",
    "is_plain",
    "met_by",
    "name_matches",
    "name_patterns",
    "satisfies",
    "value_matches",
]

FEW = 4
SPECIAL = re.compile(r"[*?\[]")


@lru_cache(maxsize=PATTERNS_KEPT)
def _name_regex(glob: str) -> re.Pattern[str]:
    return between_stars([re.escape(piece) for piece in glob.split("*")], any_run=".+?")


def name_matches(pattern: str, name: str) -> bool:
    """Tell whether an event name fits one pattern."""
    if "*" not in pattern:
        return pattern == name
    return _name_regex(pattern).match(name) is not None


def any_name_matches(patterns: Iterable[str], name: str) -> bool:
    """Tell whether an event name fits some pattern."""
    return any(name_matches(pattern, name) for pattern in patterns)


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
        if name and name[:-1].startswith(self._beginnings):  # the star stands for something
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
