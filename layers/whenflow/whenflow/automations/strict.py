"""Automations as code are checked more strictly than the API does: a field that means nothing is misspelt."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from whenflow.automations.model import automation_from_document
from whenflow.automations.names import ACTION_LISTS
from whenflow.errors import Fault, Rejected

SILENT = frozenset({"id", "for_each"})
"""Fields that are known although they may not come back: ids are given anew, empty labels are left out."""
Pair: TypeAlias = tuple[tuple[str | int, ...], Mapping[str, Any], Mapping[str, Any]]


def check_strictly(document: Mapping[str, Any]) -> None:
    """Check an automation as the API would, and its triggers and actions for fields that there are not.

    Raises:
        Rejected: With every fault and its place.
    """
    known = automation_from_document(document).model_dump(mode="json")
    if faults := _unknown(_pairs(document, known)):
        raise Rejected("This is not a valid automation.", faults)


def unknown_in_trigger(given: Mapping[str, Any], read: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for each field that there is not, in a trigger and all within it.

    Args:
        given: As it was written.
        read: As it was understood.
    """
    return _unknown(_triggers(given, read, ()))


def _unknown(pairs: Iterable[Pair]) -> list[Fault]:
    return [
        Fault((*path, name), "there is no such field", "extra_forbidden")
        for path, given, read in pairs
        for name in given
        if name not in read and name not in SILENT
    ]


def _pairs(document: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Pair]:
    """Yield each trigger and action: the way to it, as it is given, and as it was understood."""
    yield from _triggers(document["trigger"], known["trigger"], ("trigger",))
    for field in ACTION_LISTS:
        for place, (given, read) in enumerate(zip(document.get(field) or (), known[field], strict=True)):
            yield (field, place), given, read


def _triggers(given: Mapping[str, Any], read: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Pair]:
    yield path, given, read
    if isinstance(given.get("metric"), Mapping) and "metric" in read:
        yield (*path, "metric"), given["metric"], read["metric"]
    for place, (child, known) in enumerate(zip(given.get("triggers") or (), read.get("triggers", ()), strict=False)):
        yield from _triggers(child, known, (*path, "triggers", place))
