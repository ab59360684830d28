"""The stores, in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from whenflow.automations.firing import Firing
from whenflow.errors import Conflict, NoSlot, Rejected, WhenflowError
from whenflow.events import Event
from whenflow.events.reading import Fetch, Scan, Span, Tally, hour_start, position_of, tally_of
from whenflow.ports import DueRun, LogLine, Page
from whenflow.runs import FlowRun
from whenflow.runs.slots import LONGEST_QUEUE, SlotChange
from whenflow.runs.summaries import Look, Looked, Stopped, is_within, summary_of


class MemoryEventStore:
    """Events in a dictionary, in the order in which they were stored.

    Attributes:
        stored: The events by id.
        closed: The hours that count as closed.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.stored: dict[str, Event] = {}
        self.closed: set[datetime] = set()

    def put(self, event: Event) -> Event | None:
        """Store an event once per id; return it as stored, or None where it is stored already."""
        if event.id in self.stored:
            return None
        self.stored[event.id] = event
        return event

    def get(self, event_id: str) -> Event | None:
        """Return the event of this id."""
        return self.stored.get(event_id)

    def put_many(self, events: Sequence[Event]) -> list[Event | Exception | None]:
        """Store events; return for each what `put` returns, or what it raises."""
        answers: list[Event | Exception | None] = []
        for event in events:
            try:
                answers.append(self.put(event))
            except WhenflowError as error:
                answers.append(error)
        return answers

    def get_many(self, event_ids: Sequence[str]) -> Sequence[Event]:
        """Return the events of these ids, as far as there are such."""
        return [event for id_ in dict.fromkeys(event_ids) if (event := self.get(id_))]

    def newest(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of events, newest `occurred` first, then by id."""
        ordered = sorted(self.stored.values(), key=lambda event: (event.occurred, event.id), reverse=True)
        if cursor is not None:
            last = self.stored.get(cursor)
            if last is None:
                raise Rejected("The page token is not one of this API's.")
            ordered = ordered[ordered.index(last) + 1 :]
        page = ordered[:limit]
        return Page(page, page[-1].id if len(page) == limit else None)

    def scan(self, span: Span) -> Scan:
        """Go through events in order of `occurred`, then id; an hour at a time."""
        within = (event for event in self.stored.values() if span.since <= event.occurred <= span.until)
        hour = None
        for event in sorted(within, key=position_of, reverse=span.newest_first):
            place = position_of(event)
            if span.after and (place >= span.after if span.newest_first else place <= span.after):
                continue
            if hour != hour_start(event.occurred):
                hour = hour_start(event.occurred)
                yield Fetch.NEXT
            yield event

    def tallies(
        self,
        since: datetime,
        until: datetime,
        *,
        names: bool = False,
        reading: int = 0,  # noqa: ARG002
    ) -> Mapping[datetime, Tally | None]:
        """Return the hours of a time that hold events, oldest first; None for an hour that is not closed."""
        hours = sorted({hour_start(event.occurred) for event in self.stored.values()})
        within = [hour for hour in hours if hour_start(since) <= hour <= until]
        return {hour: self._tally(hour, names) if hour in self.closed else None for hour in within}

    def _tally(self, hour: datetime, names: bool) -> Tally:
        held = [event for event in self.stored.values() if hour_start(event.occurred) == hour]
        return tally_of(held) if names else Tally(len(held))

    def arrived(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Yield the events that were received in [since, until], in any order."""
        yield from (event for event in self.stored.values() if since <= event.received <= until)

    def between(self, start: datetime, end: datetime, resource_id: str | None = None) -> Iterator[Event]:
        """Yield the stored events that occurred in [start, end), oldest first."""
        for event in sorted(self.stored.values(), key=position_of):
            if start <= event.occurred < end and resource_id in (None, event.resource_id):
                yield event

    def latest(self, start: datetime, end: datetime) -> Mapping[int, datetime]:
        """Return when the last of the stored events in [start, end) occurred; all are in shard 0."""
        occurred = [event.occurred for event in self.between(start, end)]
        return {0: max(occurred)} if occurred else {}

    def names(self) -> list[str]:
        """Return the names of all events, in the order in which they were stored."""
        return [event.event for event in self.stored.values()]

    def named(self, name: str) -> list[Event]:
        """Return the events of a name, in the order in which they were stored."""
        return [event for event in self.stored.values() if event.event == name]


class MemoryFiringStore:
    """Firings in a dictionary."""

    def __init__(self) -> None:
        """Start empty."""
        self.stored: dict[str, Firing] = {}

    def put(self, firing: Firing) -> bool:
        """Store a firing; False where its id is stored already."""
        if firing.id in self.stored:
            return False
        self.stored[firing.id] = firing
        return True

    def put_all(self, firings: Sequence[Firing]) -> Sequence[bool | Exception]:
        """Store firings, one after the other."""
        outcomes: list[bool | Exception] = []
        for firing in firings:
            try:
                outcomes.append(self.put(firing))
            except Exception as error:  # of this one alone, and the caller's to look at
                outcomes.append(error)
        return outcomes

    def get(self, firing_id: str) -> Firing | None:
        """Return the firing of this id."""
        return self.stored.get(firing_id)

    def caused_by(self, event_id: str, limit: int) -> Sequence[str]:
        """Return the ids of up to `limit` firings that an event closed, in order."""
        found = (id_ for id_, firing in self.stored.items() if firing.event and firing.event.id == event_id)
        return sorted(found)[:limit]


class MemoryRunStore:
    """Flow runs in a dictionary; their events go to the event store it was given."""

    def __init__(self, events: MemoryEventStore) -> None:
        """Start empty."""
        self._events = events
        self._runs: dict[str, FlowRun] = {}
        self._logs: dict[str, list[LogLine]] = {}
        self._deleted: dict[str, tuple[str, str]] = {}
        self._slots: dict[str, set[str]] = {}
        self._queues: dict[str, set[str]] = {}

    def create(self, run: FlowRun, *events: Event) -> bool:
        """Store a new run with the events of its states so far, oldest first; False where a run of that id exists."""
        if run.id in self._runs or any(self._events.get(event.id) for event in events):
            return False
        self._store(run, *events)
        return True

    def save(self, run: FlowRun, event: Event | None, slots: Sequence[SlotChange] = ()) -> None:
        """Store a changed run over the version it carries, with its event and what that does to slots."""
        self._check(run)
        if event and self._events.get(event.id):
            raise Conflict(f"Flow run {run.id} is told of already.")
        self._apply(run.id, slots)
        self._store(run, *([event] if event else []))

    def delete(self, run: FlowRun, slots: Sequence[SlotChange] = (), by: str | None = None) -> None:
        """Remove a run as it was read, with its log, and with what that does to slots."""
        self._check(run)
        self._apply(run.id, slots)
        del self._runs[run.id]
        self._logs.pop(run.id, None)
        if by:
            self._deleted[run.id] = by, run.name

    def deleted_by(self, run_id: str, by: str) -> str | None:
        """Return the name of a run that this one removed; None where he did not."""
        who, name = self._deleted.get(run_id, (None, None))
        return name if who == by else None

    def waiting(self, owner: str, limit: int) -> Sequence[str]:
        """Return runs that wait for a slot of a deployment or work pool, in the order in which they were made."""
        return [one.rpartition("#")[2] for one in sorted(self._queues.get(owner, ()))][:limit]

    def slots_taken(self, owner: str) -> int:
        """Return how many slots of a deployment or work pool are taken."""
        return len(self._slots.get(owner, ()))

    def get(self, run_id: str) -> FlowRun | None:
        """Return the run of this id."""
        return self._runs.get(run_id)

    def get_all(self, run_ids: Iterable[str]) -> Sequence[FlowRun]:
        """Return the runs of these ids that are there, in that order."""
        return [self._runs[run_id] for run_id in run_ids if run_id in self._runs]

    def newest(self, limit: int) -> Sequence[FlowRun]:
        """Return runs, newest `created` first."""
        return list(islice(self.newest_first(), limit))

    def newest_first(self, before: datetime | None = None) -> Iterator[FlowRun]:
        """Yield runs, newest `created` first; those created before then."""
        ordered = sorted(self._runs.values(), key=lambda run: (run.created, run.id), reverse=True)
        yield from (run for run in ordered if before is None or run.created < before)

    def listed(self, look: Look) -> Iterator[Looked]:
        """Go through summaries of runs, newest `created` first; there are no overviews."""
        within = [run for run in map(summary_of, self.newest_first()) if is_within(run, look)]
        yield from within[: look.reads]
        if len(within) > look.reads:
            yield Stopped(within[look.reads - 1].created)

    def created_between(self, start: datetime, end: datetime) -> Iterator[str]:
        """Yield the ids of the runs that were created in [start, end)."""
        yield from [run.id for run in self._runs.values() if start <= run.created < end]

    def due(self, until: datetime) -> Iterator[DueRun]:
        """Yield the runs that the timer is to look after before `until`, however long ago."""
        for run in list(self._runs.values()):
            if run.watch and run.watch < until:
                yield DueRun(run.id, run.watch)

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        self._logs.setdefault(run_id, []).extend(lines)

    def logs(self, run_id: str) -> Sequence[LogLine]:
        """Return the log lines of a run, oldest first."""
        return tuple(self._logs.get(run_id, ()))

    def _check(self, run: FlowRun) -> None:
        present = self._runs.get(run.id)
        if present is None or present.version != run.version:
            raise Conflict(f"Flow run {run.id} is no longer in version {run.version}.")

    def _apply(self, run_id: str, slots: Sequence[SlotChange]) -> None:
        if full := [one.owner for one in slots if not self._has_room(one)]:
            raise NoSlot(full)
        for slot in slots:
            taken, queue = self._slots.setdefault(slot.owner, set()), self._queues.setdefault(slot.owner, set())
            (taken.discard if slot.take is None else taken.add)(run_id)
            (queue.add if slot.waits else queue.discard)(slot.run)

    def _has_room(self, slot: SlotChange) -> bool:
        if slot.take is not None:
            return self.slots_taken(slot.owner) < slot.take
        return not slot.waits or len(self._queues.get(slot.owner, ())) < LONGEST_QUEUE

    def _store(self, run: FlowRun, *events: Event) -> None:
        self._runs[run.id] = replace(run, version=run.version + 1)
        for event in events:
            self._events.put(event)
