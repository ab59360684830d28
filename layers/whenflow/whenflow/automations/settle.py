"""Applies events to the rows of one unit, and commits what came of it.

A unit is what must change together: one key of a trigger that stands alone, or a whole automation where triggers are
composed. Rows and firings are committed in one transaction over the versions that were read; where somebody else was
faster, the unit is read again and the events are applied again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from whenflow.automations.compiled import Watch
from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.firing import Firing, firing_of
from whenflow.automations.rows import CHILDREN, SLOT, AsideWanted, Row, RowKey, content_of, into_state, rows_of
from whenflow.automations.state import Key, Slot, State, Window, slot_document
from whenflow.automations.windows import is_over, standing_window
from whenflow.errors import Conflict, Transient
from whenflow.events import Event, parse_iso
from whenflow.ports import EventStore, FiringStore, Pauses, WindowStore

TRIES = 10
PARTS_AT_ONCE = 100
FIRINGS_AT_ONCE = 10  # each may carry a whole event, and a transaction holds four megabytes
MAX_KEPT = 20_000
OUTDATED = 8  # a pause as long as after so many tries: by then this process has read the automations again


@dataclass(frozen=True, slots=True)
class Record:
    """An event as the stream hands it over.

    Attributes:
        lane: The partition that it stands in; records of one lane come in order.
        sequence: Its place in the lane. Events that were stored together have one place, and come together.
    """

    event: Event
    lane: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A trigger looks at a record."""

    record: Record
    watch: Watch


@dataclass(frozen=True, slots=True)
class Fired:
    """What came of sightings of triggers that have nothing to remember.

    Attributes:
        new: How many firings were stored that were not there before.
        failed: The sightings whose firing could not be stored, and why.
    """

    new: int
    failed: Sequence[tuple[Sighting, Exception]]


class Outdated(Transient):
    """This process does not know yet that an automation was switched on anew."""


class _TooMuchAtOnce(Exception):
    """One transaction does not hold it."""


Change = Callable[[State, Mapping[RowKey, Row]], list[AutomationFired]]


class Settler:
    """Applies and commits. Keeps what it last read, so that a quiet unit is read once and written once per batch."""

    def __init__(
        self,
        windows: WindowStore,
        firings: FiringStore,
        events: EventStore,
        pauses: Pauses,
        committed: Callable[[Sequence[Row]], None],
        before_absence: Callable[[Watch, Key, Window], object] = lambda _watch, _key, _window: None,
    ) -> None:
        """Work on these stores.

        Args:
            windows: The rows.
            firings: What came of them.
            events: Has the events that firings tell of.
            pauses: Between tries.
            committed: Is told of the rows of each commit whose `due` has changed.
            before_absence: May repair a window before an event closes it and an absence is told.
        """
        self._engine = Engine()
        self._engine_version = 0
        self._windows = windows
        self._firings = firings
        self._events = events
        self._pauses = pauses
        self._committed = committed
        self._before_absence = before_absence
        self._kept: dict[RowKey, Row] = {}

    def use(self, engine: Engine) -> None:
        """Work with this engine; what was read is forgotten when the automations have changed."""
        if engine is not self._engine or engine.version != self._engine_version or len(self._kept) > MAX_KEPT:
            self._kept.clear()
        self._engine, self._engine_version = engine, engine.version

    def fire(self, sightings: Sequence[Sighting], now: datetime) -> "Fired":
        """Store the firings of triggers that have nothing to remember; a firing stored before is not stored again."""
        found: list[tuple[Sighting, Firing]] = []
        failed: list[tuple[Sighting, Exception]] = []
        for one in sightings:
            try:
                fired = self._engine.take_in(one.watch, State(), one.record.event, now)
                found += [(one, firing_of(each, self._events.get)) for each in fired]
            except Exception as error:  # the edge of one trigger: it holds up no other
                failed.append((one, error))
        stored = self._firings.put_all([firing for _, firing in found])
        for (one, _), outcome in zip(found, stored, strict=True):
            if isinstance(outcome, Exception):
                failed.append((one, outcome))
        return Fired(sum(outcome is True for outcome in stored), failed)

    def apply(self, sightings: Sequence[Sighting], now: datetime) -> int:
        """Apply the sightings of one unit, in order; return how many firings came of them.

        They are committed together, or in several parts where one commit does not hold what comes of them.

        Raises:
            Transient: Try the same records again.
        """
        keys = {key for one in sightings for key in rows_of(one.watch, one.watch.key_of(one.record.event))}
        try:
            return self.change(keys, sightings[0].watch.automation_id, self._counting(sightings, now), now, kept=True)
        except _TooMuchAtOnce:
            first, second = _halves(sightings)
            return self.apply(first, now) + self.apply(second, now)

    def change(
        self, keys: Iterable[RowKey], automation_id: str, change: Change, now: datetime, *, kept: bool = False
    ) -> int:
        """Change rows together and commit, again if need be; return how many firings came of it.

        Args:
            keys: The rows.
            automation_id: Whose they are.
            change: Changes the state and the rows; returns what fired.
            now: This moment.
            kept: Whether rows will do that this process read before. Only where whoever finds something to do also
                changes a row: that is when a row that has grown old is found out.

        Raises:
            Transient: Others changed the rows under every try, or the automation was switched off and on meanwhile.
        """
        wanted, with_aside = list(keys), False
        for attempt in range(TRIES):
            try:
                return self._try(wanted, automation_id, change, now, kept=kept and not attempt, with_aside=with_aside)
            except AsideWanted:
                self._forget(wanted)
                with_aside = True
            except Conflict:
                self._forget(wanted)
                self._pauses.pause(attempt)
            except BaseException:
                self._forget(wanted)
                raise
        raise Transient(f"Automation {automation_id} changed under every one of {TRIES} tries.")

    def _try(
        self, keys: Sequence[RowKey], automation_id: str, change: Change, now: datetime, *, kept: bool, with_aside: bool
    ) -> int:
        rows = self._rows(keys, automation_id, kept=kept)
        if with_aside:
            self._read_aside(rows.values())
        before = {key: (row.content, dict(row.marks), row.due) for key, row in rows.items()}
        state = into_state(rows)
        fired = change(state, rows)
        changed = self._take_back(state, rows, before, now)
        firings = [firing_of(one, self._events.get) for one in fired]
        if not changed and not firings:
            return 0
        moved = [row for row in changed if row.due != before[row.key][2]]
        changed += self._put_aside(changed, now)
        if len(firings) > FIRINGS_AT_ONCE or len(changed) + len(firings) > PARTS_AT_ONCE:
            raise _TooMuchAtOnce
        self._windows.commit(changed, firings)
        self._committed(moved)
        return len(firings)

    def _counting(self, sightings: Sequence[Sighting], now: datetime) -> Change:
        def count(state: State, rows: Mapping[RowKey, Row]) -> list[AutomationFired]:
            fired: list[AutomationFired] = []
            applied: dict[RowKey, Record] = {}
            for one in sightings:
                bearer = rows_of(one.watch, one.watch.key_of(one.record.event))[0]
                earlier = applied.get(bearer)
                same = earlier is not None and (earlier.lane, earlier.sequence) == (
                    one.record.lane,
                    one.record.sequence,
                )
                if rows[bearer].has_applied(one.record.lane, one.record.sequence) and not same:
                    continue
                self._doubt(one, state)
                fired += self._engine.take_in(one.watch, state, one.record.event, now)
                rows[bearer].mark(one.record.lane, one.record.sequence, now)
                applied[bearer] = one.record
            return fired

        return count

    def _doubt(self, one: Sighting, state: State) -> None:
        """Where an event is about to close a window for absence, before a ring did: let it be looked into."""
        watch = one.watch
        if not watch.is_proactive:
            return
        key = watch.key_of(one.record.event)
        slot = state.slots.get((watch.id, key))
        window = slot.window if slot else None
        if window and is_over(watch, window, one.record.event.occurred) and not watch.is_satisfied(window.count):
            self._before_absence(watch, key, window)

    def _put_aside(self, changed: Sequence[Row], now: datetime) -> list[Row]:
        """Put the marks of quiet lanes aside where there are many; return the rows that bear them now."""
        full = [row for row in changed if row.has_too_many_marks(now)]
        stored = self._windows.load([row.aside_key for row in full]) if full else {}
        bearers = []
        for row in full:
            bearer = stored.get(row.aside_key) or Row(row.aside_key, row.automation_id, row.since)
            if bearer.since != row.since:
                bearer.marks, bearer.since = {}, row.since
            row.put_marks_aside(bearer, now)
            bearers.append(bearer)
        return bearers

    def _read_aside(self, rows: Iterable[Row]) -> None:
        wanted = [row for row in rows if row.put_aside]
        stored = self._windows.load([row.aside_key for row in wanted])
        for row in wanted:
            bearer = stored.get(row.aside_key)
            row.aside = bearer.marks if bearer and bearer.since == row.since else {}

    def _rows(self, keys: Sequence[RowKey], automation_id: str, *, kept: bool) -> dict[RowKey, Row]:
        automation = self._engine.automation(automation_id)
        if automation is None:
            raise Transient(f"Automation {automation_id} is gone.")
        missing = [key for key in keys if not kept or key not in self._kept]
        loaded = self._windows.load(missing) if missing else {}
        rows = {}
        for key in keys:
            row = loaded.get(key) if key in missing else self._kept.get(key)
            row = row or Row(key, automation_id, automation.active_since)
            if row.since > automation.active_since:
                self._pauses.pause(OUTDATED)
                raise Outdated(f"Automation {automation_id} was switched on anew; this process does not know it yet.")
            if row.since < automation.active_since:
                row = replace(Row(key, automation_id, automation.active_since), version=row.version)
            if row.content is None and key.kind == SLOT:
                row.content = self._standing(key)
            rows[key] = self._kept[key] = row
        return rows

    def _standing(self, key: RowKey) -> Mapping[str, Any] | None:
        """Return the first window of a trigger that has one from the moment it is switched on."""
        watch = self._engine.watch(key.trigger_id)
        automation = self._engine.automation(watch.automation_id) if watch and watch.is_standing else None
        if watch is None or automation is None:
            return None
        begins = max(automation.active_since, automation.updated)  # a trigger that is not stored yet may be a new one
        return slot_document(Slot(standing_window(watch, begins)))

    def _take_back(
        self,
        state: State,
        rows: Mapping[RowKey, Row],
        before: Mapping[RowKey, tuple[object, object, object]],
        now: datetime,
    ) -> list[Row]:
        """Put the state back into its rows; return those that have changed."""
        changed = []
        for key, row in rows.items():
            watch = self._engine.watch(key.trigger_id) if key.kind == SLOT else None
            row.content = content_of(state, key, keep_last_event=bool(watch and watch.is_proactive))
            window = (row.content or {}).get("window") if key.kind == SLOT else None
            due = (
                max(parse_iso(window["end"]), row.not_before or now, now)
                if window and watch and watch.is_proactive
                else None
            )
            row.not_before = None
            if key.kind == CHILDREN:
                row.matters_until = None if row.content else now
            if watch:
                _age(row, watch, now)
            if row.due is None or due is None or due < row.due:
                row.due = due  # otherwise the earlier ring is kept: it finds the window moved, and asks for a later one
            if (row.content, row.marks, row.due) != before[key]:
                changed.append(row)
        return changed

    def _forget(self, keys: Iterable[RowKey]) -> None:
        for key in keys:
            self._kept.pop(key, None)


def _age(row: Row, watch: Watch, now: datetime) -> None:
    """Say until when a slot's row matters, and drop the marks that it needs no more.

    A Reactive window takes no notice of what occurred before it, so what is delivered again from there does no harm
    without a mark. Where `after` arms it, or a last event is told of, it would.
    """
    window, last_end = (row.content or {}).get("window"), (row.content or {}).get("last_end")
    if window is None:
        row.matters_until = now
    else:
        row.matters_until = parse_iso(window["end"]) if watch.has_deadline else None
    begins = window["start"] if window else last_end
    if begins and watch.has_deadline and not watch.has_after and not watch.is_proactive:
        row.forget_lanes_before(parse_iso(begins))


def _halves(sightings: Sequence[Sighting]) -> tuple[list[Sighting], list[Sighting]]:
    """Return sightings in two parts; all sightings of one record stay together.

    Raises:
        ValueError: They are all of one record.
    """
    of_records = [list(some) for _, some in groupby(sightings, key=lambda one: (one.record.lane, one.record.sequence))]
    if len(of_records) == 1:
        raise ValueError(f"What comes of event {sightings[0].record.event.id} is too much for one transaction.")
    middle = len(of_records) // 2
    first, second = of_records[:middle], of_records[middle:]
    return [one for some in first for one in some], [one for some in second for one in some]


def is_stateless(sighting: Sighting) -> bool:
    """Tell whether a trigger has nothing to remember of an event."""
    return not rows_of(sighting.watch, sighting.watch.key_of(sighting.record.event))


def is_for(watch: Watch, event: Event) -> bool:
    """Tell whether an event was received since a trigger's automation was switched on: earlier ones are not for it."""
    return event.received >= watch.automation.active_since


def unit_of(sighting: Sighting) -> tuple[str, ...]:
    """Return what a sighting's unit is called."""
    watch = sighting.watch
    if watch.parent is not None:
        return (watch.automation_id,)
    return (watch.automation_id, watch.id, *watch.key_of(sighting.record.event))
