"""Windows that time closes: asked for in good time, closed at their end and not before, lost by nothing.

Each row with a Proactive window says when it is due. A sweep each minute reads what is due in the next two, and asks
for a ring at that second; a window that ends before the next sweep is asked for at once. A ring that comes too
early, late, twice, or for a window that has moved on does no harm: what counts is the row.
"""

import contextlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from whenflow.automations.compiled import Watch
from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.rows import SLOT, Row, RowKey, children_rows
from whenflow.automations.settle import Change, Outdated, Record, Settler
from whenflow.automations.state import State, Window
from whenflow.automations.windows import is_over
from whenflow.automations.witnesses import Witnesses
from whenflow.ports import Clock, Due, ProgressStore, TimerQueue, WindowStore

AHEAD = timedelta(minutes=2)
OVERLAP = timedelta(minutes=2)
STRETCH = timedelta(hours=1)
PATIENCE = timedelta(minutes=1)
FIRST_WAIT = timedelta(seconds=1)
KNOWN_AFTER = timedelta(seconds=5)  # a matcher that watched for no absence before has noted nothing until then
LEFT_ALONE = timedelta(minutes=1)
REMOVED_AT_ONCE = 1_000

logger = logging.getLogger("whenflow.timer")


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

    def note_applied(self, records: Iterable[Record]) -> None:
        """Note how far the matcher has got. Time is what the events say it is while a backlog is being read."""
        reached: dict[int, datetime] = {}
        for record in records:
            shard, occurred = shard_of_lane(record.lane), record.event.occurred
            reached[shard] = max(occurred, reached.get(shard, occurred))
        if reached:
            now = self._clock.now()
            self._progress.note(min(max(reached.values()), now), now, reached)

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

    def clear_away(self, engine: Engine) -> int:
        """Remove rows that nothing will ever read: of triggers that are gone or off, and of before they were off.

        A trigger is left alone for a while after it was noted: until then a process may still work with it.
        """
        noted = [one for one in self._windows.abandoned() if self._clock.now() - one[1] >= LEFT_ALONE]
        since = _in_use(engine) if noted else {}
        removed = 0
        for trigger_id, at in noted:
            begun = since.get(trigger_id)
            for row in self._windows.rows_of(trigger_id):
                if removed >= REMOVED_AT_ONCE:
                    return removed
                if begun is None or row.since < begun:
                    removed += self._windows.remove(row)
            self._windows.cleared(trigger_id, at)
        return removed

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
            with contextlib.suppress(Outdated):  # whoever switched it on has seen to it
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
            asked, rows[key].due = rows[key].due, None
            slot = state.slots.get((key.trigger_id, key.key))
            window = slot.window if slot else None
            if slot is None or window is None:
                return []
            if not is_over(watch, window, as_of):
                later = window.end + (now - as_of)  # when the event clock will be there
                rows[key].not_before = later
                if asked == later:  # the ring came early: nothing has changed, so nobody asks again
                    self.ask_soon([replace(rows[key], due=later)])
                return []
            if not watch.is_satisfied(window.count):
                rows[key].not_before = self._waiting_for_the_matcher(rows[key], watch, window, now)
                if rows[key].not_before:
                    return []
                self._witnesses.repair(watch, key.key, window)
            rows[key].behind_since = None
            return engine.close_window(watch, key.key, state, as_of, now)

        return close

    def _waiting_for_the_matcher(self, row: Row, watch: Watch, window: Window, now: datetime) -> datetime | None:
        """Return when to look again because events are stored that the matcher has not got to; None to go on.

        After `PATIENCE` it goes on all the same, and the witnesses decide: a matcher that is dead delays an alarm, but
        does not silence it.
        """
        begun = row.behind_since if row.behind_since and row.behind_since >= window.end else now
        waited = now - begun
        known = max(watch.automation.active_since, watch.automation.updated) + KNOWN_AFTER
        start = max(window.start, window.end - watch.within, known)
        if waited >= PATIENCE or start >= window.end:
            return None
        if not self._witnesses.is_behind(start, window.end, self._progress.reached()):
            return None
        logger.warning("matcher behind", extra={"trigger_id": watch.id, "waited": waited.total_seconds()})
        row.behind_since = begun
        return now + min(max(waited, FIRST_WAIT), PATIENCE - waited)


def shard_of_lane(lane: str) -> int:
    """Return the shard that is the second part of a lane's name; 0 where it has none."""
    shard = lane.rpartition("#")[2]
    return int(shard) if shard.isdecimal() else 0


def _in_use(engine: Engine) -> dict[str, datetime]:
    """Return since when each trigger of an enabled automation has been on."""
    return {
        trigger_id: automation.active_since
        for automation in engine.automations()
        if automation.enabled and (compiled := engine.compiled(automation.id))
        for trigger_id in {automation.trigger.id, *compiled.trigger_ids}
    }
