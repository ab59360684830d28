"""Which triggers might look at an event, without asking all of them.

Every trigger is filed on a shelf for each name pattern of its own (exact name; fixed beginning; any name), and there
under one of its conditions on labels: exact values or fixed beginnings, of the resource or of a related one. It is the
condition that tells most triggers of the shelf apart, so those that have one in common (the kind of a resource, the
environment) are filed by whatever else they ask for. Where several are as good, exact values go before beginnings,
and the resource id before other labels.

A look-up is a handful of dictionary probes; what it returns still has to be asked. Cost does not grow with the number
of triggers that are about something else.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from whenflow.automations.compiled import Watch
from whenflow.automations.matching import NamePatterns, fixed_beginning, is_plain
from whenflow.events import RESOURCE_ID, RESOURCE_ROLE, Event, Labels

NAMES_KEPT = 4_096

Bucket: TypeAlias = list[Watch]
"""Triggers filed together."""


class Condition(NamedTuple):
    """What a trigger asks of one label: that it has one of these values, or begins with one of them."""

    of_related: bool
    label: str
    is_exact: bool
    values: tuple[str, ...]


class _Drawer:
    """Triggers by values of labels, and by beginnings of values.

    Beginnings of one length lie together, and among these the ones with the same last character: most of them end
    in a separator, so a value is rarely cut where nothing can be found.
    """

    __slots__ = ("_beginnings", "_values")

    def __init__(self) -> None:
        self._values: dict[str, dict[str, Bucket]] = {}
        self._beginnings: dict[str, dict[int, dict[str, dict[str, Bucket]]]] = {}

    def __bool__(self) -> bool:
        return bool(self._values or self._beginnings)

    def find(self, labels: Labels, found: list[Bucket]) -> None:
        mine = self._values
        for label in mine if len(mine) <= len(labels) else labels:
            if label in mine and (value := labels.get(label)) is not None and (bucket := mine[label].get(value)):
                found.append(bucket)
        theirs = self._beginnings
        for label in theirs if len(theirs) <= len(labels) else labels:
            if label in theirs and (value := labels.get(label)) is not None:
                for length, by_last in theirs[label].items():
                    buckets = by_last.get(value[length - 1 : length])
                    if buckets and (bucket := buckets.get(value[:length])):
                        found.append(bucket)

    def add(self, condition: Condition, watch: Watch) -> None:
        for tree, path in self._paths(condition):
            for step in path[:-1]:
                tree = tree.setdefault(step, {})  # noqa: PLW2901 - going down
            tree.setdefault(path[-1], []).append(watch)

    def remove(self, condition: Condition, watch: Watch) -> None:
        for tree, path in self._paths(condition):
            _take_out(tree, path, watch)

    def _paths(self, condition: Condition) -> Iterator[tuple[dict[Any, Any], tuple[Any, ...]]]:
        for value in condition.values:
            if condition.is_exact:
                yield self._values, (condition.label, value)
            else:
                yield self._beginnings, (condition.label, len(value), value[-1], value)


def _take_out(tree: Any, path: tuple[Any, ...], watch: Watch) -> None:
    """Take a trigger out of its bucket, and out of the tree all that this leaves empty."""
    if not path:
        tree.remove(watch)
        return
    _take_out(tree[path[0]], path[1:], watch)
    if not tree[path[0]]:
        del tree[path[0]]


class _Shelf:
    """Triggers of one name pattern.

    Attributes:
        pattern: The pattern.
        unconditional: Those that are filed under no condition.
    """

    __slots__ = ("_filed", "_related", "_resource", "_seen", "pattern", "unconditional")

    def __init__(self, pattern: str) -> None:
        self.pattern = NamePatterns([pattern])
        self.unconditional: Bucket = []
        self._resource = _Drawer()
        self._related = _Drawer()
        self._filed: dict[str, Condition | None] = {}
        self._seen: dict[tuple[bool, str, bool], dict[str, int]] = {}

    def __len__(self) -> int:
        return len(self._filed)

    @property
    def has_conditions(self) -> bool:
        """Whether some trigger is filed under a condition."""
        return len(self._filed) > len(self.unconditional)

    def add(self, watch: Watch, conditions: list[Condition]) -> None:
        for condition in conditions:
            self._note(condition, 1)
        best = max(conditions, key=self._selectivity, default=None)
        self._filed[watch.id] = best
        if best is None:
            self.unconditional.append(watch)
        else:
            self._drawer(best).add(best, watch)

    def remove(self, watch: Watch, conditions: list[Condition]) -> None:
        for condition in conditions:
            self._note(condition, -1)
        filed = self._filed.pop(watch.id)
        if filed is None:
            self.unconditional.remove(watch)
        else:
            self._drawer(filed).remove(filed, watch)

    def find(self, event: Event, found: list[Bucket]) -> None:
        self._resource.find(event.resource, found)
        if self._related:
            for related in event.related:
                self._related.find(related, found)

    def _drawer(self, condition: Condition) -> _Drawer:
        return self._related if condition.of_related else self._resource

    def _note(self, condition: Condition, one: int) -> None:
        """Count how many triggers ask for each value."""
        seen = self._seen.setdefault(condition[:3], {})
        for value in condition.values:
            if count := seen.get(value, 0) + one:
                seen[value] = count
            else:
                del seen[value]

    def _selectivity(self, condition: Condition) -> float:
        """Tell how well a condition tells triggers apart: how many values others ask for, to each of its own."""
        return len(self._seen[condition[:3]]) / len(condition.values)


class WatchIndex:
    """The index; changed one trigger at a time."""

    def __init__(self) -> None:
        """Start empty."""
        self._exact: dict[str, _Shelf] = {}
        self._beginnings: dict[int, dict[str, dict[str, _Shelf]]] = {}
        self._known: dict[str, tuple[Sequence[Watch], Sequence[_Shelf]]] = {}

    def add(self, watch: Watch) -> None:
        """File a trigger."""
        self._known.clear()
        conditions = conditions_of(watch)
        for pattern in patterns_of(watch):
            shelves = self._shelves_beside(pattern)
            shelf = shelves.get(pattern)
            if shelf is None:
                shelf = shelves[pattern] = _Shelf(pattern)
            shelf.add(watch, conditions)

    def remove(self, watch: Watch) -> None:
        """Take a trigger out; what it leaves empty goes, too."""
        self._known.clear()
        conditions = conditions_of(watch)
        for pattern in patterns_of(watch):
            shelves = self._shelves_beside(pattern)
            shelves[pattern].remove(watch, conditions)
            if not shelves[pattern]:
                del shelves[pattern]
            if not shelves and "*" in pattern:
                beginning = pattern.partition("*")[0]
                del self._beginnings[len(beginning)][beginning]
                if not self._beginnings[len(beginning)]:
                    del self._beginnings[len(beginning)]

    def candidates(self, event: Event) -> Sequence[Watch]:
        """Return every trigger that might look at an event, in order of evaluation.

        Their names fit. Of their other conditions one was seen to at the most.
        """
        watches, shelves = self._known.get(event.event) or self._look_up(event.event)
        buckets: list[Bucket] = []
        for shelf in shelves:
            shelf.find(event, buckets)
        if not buckets:
            return watches
        if not watches and len(buckets) == 1 and len(buckets[0]) == 1:
            return buckets[0]
        found = {watch.position: watch for bucket in (watches, *buckets) for watch in bucket}
        return [found[position] for position in sorted(found)]

    def _look_up(self, name: str) -> tuple[Sequence[Watch], Sequence[_Shelf]]:
        """Return what fits a name: triggers without conditions, in order, and shelves of those with some.

        It is remembered: events come under few names, again and again.
        """
        shelves = [self._exact[name]] if name in self._exact else []
        for length, by_beginning in self._beginnings.items():
            if by_pattern := by_beginning.get(name[:length]):
                shelves += (shelf for shelf in by_pattern.values() if shelf.pattern.fit(name))
        watches = {watch.position: watch for shelf in shelves for watch in shelf.unconditional}
        known = [watches[position] for position in sorted(watches)], [one for one in shelves if one.has_conditions]
        if len(self._known) >= NAMES_KEPT:
            self._known.clear()
        self._known[name] = known
        return known

    def _shelves_beside(self, pattern: str) -> dict[str, _Shelf]:
        """Return the shelves among which that of a pattern has its place."""
        beginning, star, _ = pattern.partition("*")
        if not star:
            return self._exact
        return self._beginnings.setdefault(len(beginning), {}).setdefault(beginning, {})


def patterns_of(watch: Watch) -> set[str]:
    """Return the name patterns that a trigger is filed under."""
    return {*watch.trigger.expect, *watch.trigger.after} if watch.trigger.expect else {"*"}


def conditions_of(watch: Watch) -> list[Condition]:
    """Return the conditions that a trigger can be filed under, best first."""
    found = list(_conditions(watch))
    if len(found) > 1:
        found.sort(key=_preference)
    return found


def _conditions(watch: Watch) -> Iterator[Condition]:
    specifications = [(False, watch.trigger.match)]
    specifications += ((True, specification) for specification in watch.trigger.related_specifications)
    for of_related, specification in specifications:
        for label, given in specification.items():
            values = (given,) if isinstance(given, str) else tuple(dict.fromkeys(given))
            if values and all(map(is_plain, values)):
                yield Condition(of_related, label, True, values)
            elif (beginnings := tuple(dict.fromkeys(map(fixed_beginning, values)))) and all(beginnings):
                yield Condition(of_related, label, False, beginnings)


def _preference(condition: Condition) -> tuple[object, ...]:
    return (
        not condition.is_exact,
        condition.label == RESOURCE_ROLE,
        condition.of_related,
        condition.label != RESOURCE_ID,
        len(condition.values),
        condition.label,
    )
