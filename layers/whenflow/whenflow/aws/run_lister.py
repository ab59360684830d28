"""Goes through flow runs, newest first: those of closed hours by their digests, all others as they are."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from whenflow.aws.calendar import NO_BEGINNING, NO_END
from whenflow.aws.event_items import hour_of, start_of
from whenflow.aws.run_digests import HOUR, Group, RunDigests, RunHour
from whenflow.events import iso
from whenflow.runs.summaries import Look, Looked, Overview, RunPosition, Stopped, Summary, Take, is_within, summary_of

if TYPE_CHECKING:
    from whenflow.aws.run_store import DynamoRunStore

HOURS_AT_ONCE = 25
BATCH = 100


class _Met(Exception):
    """The bound of a look was met."""


class RunLister:
    """Lists runs."""

    def __init__(self, store: "DynamoRunStore", digests: RunDigests) -> None:
        """Read this store."""
        self._store = store
        self._digests = digests

    def listed(self, look: Look) -> Iterator[Looked]:
        """Go through summaries of runs; those of one hour that an overview counts come with it, before the others."""
        return _Going(self._store, self._digests, look).through()


class _Going:
    """One look, and what it has used of its bound."""

    def __init__(self, store: "DynamoRunStore", digests: RunDigests, look: Look) -> None:
        self._store = store
        self._digests = digests
        self._look = look
        self._reads = look.reads
        self._rows = look.rows
        self._at = look.before.created if look.before else None

    def through(self) -> Iterator[Looked]:
        try:
            for one in self._all():
                if isinstance(one, Overview):
                    yield one
                elif is_within(one, self._look):
                    yield one
                    self._at = one.created
        except _Met:
            yield Stopped(self._at)

    def _all(self) -> Iterator[Summary | Overview]:
        mark = self._digests.closed_until() if self._look.take else None
        if mark is None:
            yield from self._live(NO_BEGINNING, NO_END)
            return
        yield from self._live(iso(start_of(mark)), NO_END)
        first = hour_of(self._look.since) if self._look.since else NO_BEGINNING
        last = min(filter(None, (self._last(), mark)))
        hours = (hour for hour in self._digests.hours(first, last) if hour.name < mark)
        while some := list(islice(hours, HOURS_AT_ONCE)):
            yield from self._hours(some)

    def _last(self) -> str | None:
        """Return the latest hour that is looked at."""
        ends = [self._look.before.created] if self._look.before else []
        ends += [self._look.until] if self._look.until else []
        return hour_of(min(ends)) if ends else None

    def _hours(self, hours: Sequence[RunHour]) -> Iterator[Summary | Overview]:
        closed = [hour for hour in hours if hour.is_closed]
        chosen = {hour.name: self._chosen(hour) for hour in closed}
        groups = [group for mine in chosen.values() for group, take in mine if take is Take.EACH]
        heads = {group.parts[0]: (group, rows) for group, rows in self._digests.summaries(groups)}
        waiting = self._digests.open_runs(closed)
        for hour in hours:
            if not hour.is_closed:
                yield from self._live(iso(hour.start), iso(hour.start + HOUR))
                continue
            yield from (group.overview for group, take in chosen[hour.name] if take is Take.WHOLE)
            mine = [heads[group.parts[0]] for group, take in chosen[hour.name] if take is Take.EACH]
            listed = [self._of_group(group, rows) for group, rows in mine]
            yield from merge(*listed, self._read(waiting.get(hour.name, [])), key=_position, reverse=True)

    def _chosen(self, hour: RunHour) -> list[tuple[Group, Take]]:
        """Return which groups of an hour are looked at; one that is cut by the look's ends is never taken whole."""
        look = self._look
        if look.take is None:
            return []
        is_cut = any(
            (
                look.before and look.before.created < hour.start + HOUR,
                look.until and look.until < hour.start + HOUR,
                look.since and look.since > hour.start,
            )
        )
        chosen = [(group, look.take(group.overview)) for group in hour.groups]
        return [(group, Take.EACH if is_cut else take) for group, take in chosen if take is not Take.NONE]

    def _of_group(self, group: Group, first: Sequence[Summary]) -> Iterator[Summary]:
        for summary in first:
            yield self._gone_through(summary)
        for summary in self._digests.more_summaries(group):
            yield self._gone_through(summary)

    def _gone_through(self, summary: Summary) -> Summary:
        if self._rows <= 0:
            raise _Met
        self._rows -= 1
        return summary

    def _live(self, low: str, high: str) -> Iterator[Summary]:
        """Yield runs between two moments as they are, newest first."""
        look = self._look
        low = max(low, iso(look.since)) if look.since else low
        if look.before:
            high = min(high, f"{iso(look.before.created)}#{look.before.id}")
        if look.until:
            high = min(high, f"{iso(look.until)}#{NO_END}")
        if low > high:
            return
        places = self._store.places(low, high, BATCH)
        while ids := [id_ for _, id_ in islice(places, BATCH)]:
            yield from self._read(ids)

    def _read(self, ids: Sequence[str]) -> Iterator[Summary]:
        """Yield runs, given newest first, as they are."""
        for start in range(0, len(ids), BATCH):
            if self._reads <= 0:
                raise _Met
            some = ids[start : start + BATCH]
            self._reads -= len(some)
            yield from sorted((summary_of(run) for run, _ in self._store.brief(some)), key=_position, reverse=True)


def _position(summary: Summary) -> RunPosition:
    return summary.position
