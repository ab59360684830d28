"""Which flow runs a list call asks for, and in which order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from whenflow.api.filters import OR, Query, sorted_by
from whenflow.api.run_facts import counted, is_wanted, taken
from whenflow.ports import RunStore
from whenflow.runs import FlowRun
from whenflow.runs.summaries import Look, Overview, RunPosition, Stopped, Summary, summary_of

NEWEST = "ID_DESC"
SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may be apart."""
_Key = Callable[[Summary], Any]
SORTS: dict[str, tuple[_Key, bool]] = {
    NEWEST: (lambda run: (run.created, run.id), True),
    "START_TIME_ASC": (lambda run: run.times["start_time"], False),
    "START_TIME_DESC": (lambda run: run.times["start_time"], True),
    "EXPECTED_START_TIME_ASC": (lambda run: run.times["expected_start_time"], False),
    "EXPECTED_START_TIME_DESC": (lambda run: run.times["expected_start_time"], True),
    "NEXT_SCHEDULED_START_TIME_ASC": (lambda run: run.times["next_scheduled_start_time"], False),
    "END_TIME_DESC": (lambda run: run.times["end_time"], True),
    "NAME_ASC": (lambda run: run.name, False),
    "NAME_DESC": (lambda run: run.name, True),
}


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a list call came.

    Attributes:
        stopped: Whether it met its bound before it had looked at every run.
        looked_until: No run made before was looked at, where it did; None where it looked at none.
        next: Behind which run to go on; None at the end, and in an order in which nothing can go on.
    """

    stopped: bool = False
    looked_until: datetime | None = None
    next: RunPosition | None = None


class Found(list[FlowRun]):
    """Flow runs, and how far the call came that found them."""

    extent = Extent()


class Total(int):
    """How many flow runs there are, and how far the call came that counted them: there are more if it met its bound."""

    extent = Extent()


class _Search:
    """Goes through the runs that are asked for."""

    def __init__(
        self, runs: RunStore, query: Query, after: RunPosition | None = None, *, counting: bool = False
    ) -> None:
        self._runs = runs
        self._query = query
        self._look = _look(runs, query, after, counting=counting)
        self.stopped: Stopped | None = None
        self.last: RunPosition | None = None

    def __iter__(self) -> Iterator[Summary]:
        for one in self._candidates():
            if isinstance(one, Stopped):
                self.stopped = one
            elif isinstance(one, Summary):
                self.last = one.position
                if is_wanted(one, self._query):
                    yield one

    def count(self) -> int:
        """Return how many there are."""
        total = 0
        for one in self._candidates():
            match one:
                case Stopped():
                    self.stopped = one
                case Overview():
                    total += counted(one, self._query)
                case Summary():
                    total += is_wanted(one, self._query)
        return total

    def extent(self, following: RunPosition | None = None) -> Extent:
        """Return how far it came."""
        if self.stopped is None:
            return Extent(next=following)
        return Extent(True, self.stopped.at, following)

    def _candidates(self) -> Iterable[Summary | Overview | Stopped]:
        ids = _ids(self._query)
        return map(summary_of, self._runs.get_all(ids)) if ids is not None else self._runs.listed(self._look)


def find_runs(runs: RunStore, query: Query, limit: int, offset: int, after: RunPosition | None = None) -> Found:
    """Return a page of the runs that are asked for.

    Args:
        runs: Where they are.
        query: What is asked for.
        limit: How many at most.
        offset: How many to leave out at the beginning.
        after: Only what stands behind this run, newest first; what is made meanwhile is not among it.
    """
    if limit == 0:
        return Found()
    search, following = _Search(runs, query, after), None
    if query.sort in (None, NEWEST) and _ids(query) is None:
        shown = list(islice(search, offset, offset + limit))
        following = search.last if len(shown) == limit or search.stopped else None
    else:
        key, descending = SORTS[query.sort or NEWEST]
        shown = sorted_by(list(search), key, descending=descending)[offset : offset + limit]
    found = Found(runs.get_all(one.id for one in shown))
    found.extent = search.extent(following)
    return found


def count_runs(runs: RunStore, query: Query) -> Total:
    """Return how many runs are what is asked for."""
    search = _Search(runs, query, counting=True)
    total = Total(search.count())
    total.extent = search.extent()
    return total


def _look(runs: RunStore, query: Query, after: RunPosition | None, *, counting: bool) -> Look:
    if not counting and not _asks(query):
        return Look(before=after)
    return Look(taken(query, counting=counting), after, _made_since(runs, query))


def _asks(query: Query) -> bool:
    """Tell whether a list leaves runs out, or has to go through all of them for its order."""
    filters = (query.flow_runs, query.flows, query.deployments, query.work_pools)
    return any(filters) or query.sort not in (None, NEWEST)


def _made_since(runs: RunStore, query: Query) -> datetime | None:
    """Return since when the runs that are asked for were made, as far as that is known: none before its parent."""
    asked = query.flow_runs
    parents = asked.parent_flow_run_id if asked and asked.operator != OR else None
    if parents is None or not parents.any_ or parents.operator == OR:
        return None
    made = [run.created for run in runs.get_all(parents.any_)]
    return min(made) - SKEW if len(made) == len(set(parents.any_)) else None


def _ids(query: Query) -> list[str] | None:
    asked = query.flow_runs
    named = asked is not None and asked.id is not None and OR not in (asked.operator, asked.id.operator)
    return asked.id.any_ if named and asked and asked.id else None
