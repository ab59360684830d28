"""Makes a case small: as little as still shows the difference."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

KEPT = frozenset({"kind", "endpoint", "automation", "firing", "variables", "objects"})
ROUNDS = 200


def shrunk(case: dict[str, Any], differs: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return a case with as much as possible taken away, of which `differs` still holds."""
    tries = ROUNDS
    smaller = True
    while smaller and tries > 0:
        smaller = False
        for candidate in _smaller(case):
            tries -= 1
            if tries <= 0:
                break
            if differs(candidate):
                case, smaller = candidate, True
                break
    return case


def _smaller(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path, value in sorted(_paths(case), key=lambda found: len(found[0])):
        if path[0] in KEPT:
            continue
        for change in _changes(value):
            candidate = copy.deepcopy(case)
            holder: Any = candidate
            for step in path[:-1]:
                holder = holder[step]
            if change is _REMOVED:
                if len(path) == 1:
                    continue
                del holder[path[-1]]
            else:
                holder[path[-1]] = change
            yield candidate


_REMOVED = object()


def _changes(value: Any) -> Iterator[Any]:
    yield _REMOVED
    if isinstance(value, str) and len(value) > 1:
        half = len(value) // 2
        yield value[:half]
        yield value[half:]
        if len(value) <= 24:
            yield from (value[:place] + value[place + 1 :] for place in range(len(value)))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key), item
        yield from _paths(item, (*path, key))
