"""Windows that time closes: asked for in good time, closed at their end and not before, lost by nothing.

Each row with a Proactive window says when it is due. A sweep each minute reads what is due in the next two, and asks
for a ring at that second; a window that ends before the next sweep is asked for at once. A ring that comes too
early, late, twice, or for a window that has moved on does no harm: what counts is the row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from whenflow.automations.compiled import Watch
from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.rows import SLOT, Row, RowKey, children_rows
from whenflow.automations.settle import Change, Record, Settler
from whenflow.automations.state import State
from whenflow.automations.windows import is_over
from whenflow.automations.witnesses import Witnesses
from whenflow.ports import Clock, Due, ProgressStore, TimerQueue, WindowStore

AHEAD = timedelta(minutes=2)
OVERLAP = timedelta(minutes=2)
STRETCH = timedelta(hours=1)


class Timekeeper:
    """Asks for rings, and closes windows when they come."""

    def __init__(
        self,
        windows: WindowStore,
        timers: TimerQueue,
        progress: ProgressStore,
        witnesses: Witnesses,
        clock: Clock,
    ) -> None:
        """Work on these stores, with this clock."""
        self._windows = windows
        self._timers = timers
        self._progress = progress
        self._witnesses = witnesses
        self._clock = clock

    def note_events(self, records: Iterable[Record]) -> None:
        """Move the event clock on: time is what the events say it is while a backlog is being read."""
        latest = max((record.event.occurred for record in records), default=None)
        if latest is not None:
            now = self._clock.now()
            self._progress.note(min(latest, now), now)

    def ask_soon(self, rows: Iterable[Row]) -> None:
        """Ask for the rings of rows that are due before the next sweep would."""
        horizon = self._clock.now() + AHEAD
        for row in rows:
            if row.due and row.due <= horizon:
                self._timers.ring_at(Due(row.key, row.automation_id, row.due))

    def sweep(self) -> int:
        """Ask for every ring of the next two minutes, and for those that a down time has missed; return how many.

        It begins a little before the last sweep ended: what was late to be seen then is seen now. After a long down
        time it goes on by the hour, so that a sweep that is cut short has come some way.
        """
        now = self._clock.now()
        since, end, count = (self._progress.swept() or now - STRETCH) - OVERLAP, now + AHEAD, 0
        while since < end:
            until = min(since + STRETCH, end)
            for due in self._windows.due(since, until):
                self._timers.ring_at(replace(due, at=max(due.at, now)))
                count += 1
            self._progress.note_swept(min(until, now))
            since = until
        return count

    def stand_up(self, engine: Engine, settler: Settler) -> int:
        """See to it that every standing trigger has its window stored; return how many there are."""
        standing = [
            watch
            for automation in engine.automations()
            if (compiled := engine.compiled(automation.id)) and automation.enabled
            for watch in compiled.watches
            if watch.is_standing
        ]
        now = self._clock.now()
        for watch in standing:
            settler.change([RowKey(SLOT, watch.id)], watch.automation_id, lambda _state, _rows: [], now, kept=True)
        return len(standing)

    def ring(self, engine: Engine, settler: Settler, key: RowKey) -> int:
        """Close the window of a row if it has ended; return how many firings came of it."""
        watch = engine.watch(key.trigger_id)
        if key.digest:
            key = next(iter(self._windows.load([key])), key)
        if watch is None or key.digest:
            return 0
        keys = [key, *children_rows(watch, key.key)]
        now = self._clock.now()
        return settler.change(keys, watch.automation_id, self._closing(engine, watch, key, now), now)

    def _closing(self, engine: Engine, watch: Watch, key: RowKey, now: datetime) -> Change:
        def close(state: State, rows: Mapping[RowKey, Row]) -> list[AutomationFired]:
            as_of = now + self._progress.offset()
            rows[key].due = None
            slot = state.slots.get((key.trigger_id, key.key))
            window = slot.window if slot else None
            if slot is None or window is None:
                return []
            if not is_over(watch, window, as_of):
                rows[key].not_before = window.end + (now - as_of)  # when the event clock will be there
                return []
            if not watch.is_satisfied(window.count):
                self._witnesses.repair(watch, key.key, window)
            return engine.close_window(watch, key.key, state, as_of, now)

        return close
