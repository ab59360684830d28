"""The engine's rows, rings and progress, in memory."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from whenflow.automations.firing import Firing
from whenflow.automations.rows import Row, RowKey
from whenflow.errors import Conflict
from whenflow.ports import Clock, Due
from whenflow.testing.memory import MemoryFiringStore


class MemoryWindowStore:
    """Rows in a dictionary; firings go to the firing store it was given."""

    def __init__(self, firings: MemoryFiringStore) -> None:
        """Start empty."""
        self._firings = firings
        self.rows: dict[RowKey, Row] = {}
        self.noted: dict[str, datetime] = {}

    def load(self, keys: Iterable[RowKey]) -> Mapping[RowKey, Row]:
        """Return the rows of these keys that are stored."""
        digests = {key.sort: key for key in self.rows if not key.is_written_out}
        wanted = (digests.get(key.sort, key) if key.digest else key for key in keys)
        return {key: copy.deepcopy(self.rows[key]) for key in wanted if key in self.rows}

    def commit(self, rows: Sequence[Row], firings: Sequence[Firing]) -> None:
        """Store rows over the versions they carry, and the firings that came of it, all or none."""
        for row in rows:
            present = self.rows.get(row.key)
            if (present.version if present else 0) != row.version:
                raise Conflict("A window was changed by somebody else.")
        for row in rows:
            row.version += 1
            self.rows[row.key] = replace(copy.deepcopy(row), aside=None)
        for firing in firings:
            self._firings.stored[firing.id] = firing

    def due(self, since: datetime, until: datetime) -> Iterator[Due]:
        """Yield the rows that are due in [since, until)."""
        for row in list(self.rows.values()):
            if row.due and since <= row.due < until:
                yield Due(row.key, row.automation_id, row.due)

    def abandon(self, trigger_ids: Iterable[str], now: datetime) -> None:
        """Note that the rows of these triggers are of no use any more, or are about to be."""
        self.noted |= dict.fromkeys(trigger_ids, now)

    def abandoned(self) -> Iterator[tuple[str, datetime]]:
        """Yield the triggers that were noted, and when they were last."""
        yield from list(self.noted.items())

    def rows_of(self, trigger_id: str) -> Iterator[Row]:
        """Yield all rows of a trigger."""
        yield from [copy.deepcopy(row) for key, row in self.rows.items() if key.trigger_id == trigger_id]

    def remove(self, row: Row) -> bool:
        """Remove a row as it was read; False where somebody has changed or removed it meanwhile."""
        present = self.rows.get(row.key)
        if present is None or present.version != row.version:
            return False
        del self.rows[row.key]
        return True

    def cleared(self, trigger_id: str, noted: datetime) -> None:
        """Forget that a trigger was noted then; one that was noted again since stays."""
        if self.noted.get(trigger_id) == noted:
            del self.noted[trigger_id]


class MemoryTimerQueue:
    """Rings in a list.

    Attributes:
        asked: The rings of windows that were asked for, in order.
        launches: The rings that start runs, in order: time, run, id of the ring.
    """

    def __init__(self) -> None:
        """Start with nothing asked for."""
        self.asked: list[Due] = []
        self.launches: list[tuple[datetime, str, str]] = []

    def ring_at(self, due: Due) -> None:
        """Ask for a ring at its time."""
        self.asked.append(due)

    def launch_at(self, run_id: str, at: datetime, ring: str) -> None:
        """Ask for the ring that starts a run."""
        self.launches.append((at, run_id, ring))

    def ringing(self, now: datetime) -> list[Due]:
        """Take out the rings whose time has come, oldest first."""
        ready = sorted((due for due in self.asked if due.at <= now), key=lambda due: due.at)
        self.asked = [due for due in self.asked if due.at > now]
        return ready

    def launching(self, now: datetime) -> list[tuple[datetime, str, str]]:
        """Take out the rings that start runs now, oldest first."""
        ready = sorted(one for one in self.launches if one[0] <= now)
        self.launches = [one for one in self.launches if one[0] > now]
        return ready


class MemoryHoldStore:
    """Held events in a dictionary.

    Attributes:
        held: By event id, after how many seconds it was last asked for, and the attempt.
        released: What was held.
        asked: What was asked for, in order.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        """Start with nothing held; the clock tells when something is."""
        self._clock = clock
        self._last: datetime | None = None
        self.held: dict[str, tuple[int, int]] = {}
        self.released: set[str] = set()
        self.asked: list[str] = []

    def hold(self, event_id: str, seconds: int, attempt: int) -> None:
        """Note that an event is held, and ask for it again after some seconds."""
        self._last = self._clock.now() if self._clock else datetime.max.replace(tzinfo=UTC)
        self.held[event_id] = (seconds, attempt)
        self.released.discard(event_id)
        self.asked.append(event_id)

    def is_held(self, event_id: str) -> bool:
        """Tell whether an event is held."""
        return event_id in self.held

    def was_held(self, event_id: str) -> bool:
        """Tell whether an event is held or was."""
        return event_id in self.held or event_id in self.released

    def last_held(self) -> datetime | None:
        """Return when an event was last held; without a clock, the end of time if any ever was."""
        return self._last

    def release(self, event_id: str) -> None:
        """Note that an event is held no more."""
        self.held.pop(event_id, None)
        self.released.add(event_id)


class MemoryProgressStore:
    """Progress in a few fields."""

    def __init__(self) -> None:
        """Start at the beginning."""
        self._clock: datetime | None = None
        self._updated: datetime | None = None
        self._swept: datetime | None = None
        self._reached: dict[int, datetime] = {}
        self._looked_after: datetime | None = None

    def looked_after(self) -> datetime | None:
        """Return until when runs were made that the timer has looked after."""
        return self._looked_after

    def note_looked_after(self, until: datetime) -> None:
        """Note that the timer has looked after the runs that were made before then."""
        self._looked_after = until

    def note(self, occurred: datetime, now: datetime, reached: Mapping[int, datetime] | None = None) -> None:
        """Move the event clock on, and how far the matcher has got; neither ever goes back."""
        for shard, at in (reached or {}).items():
            self._reached[shard] = max(at, self._reached.get(shard, at))
        if self._clock is None or occurred >= self._clock:
            self._clock = occurred
        self._updated = now

    def offset(self) -> timedelta:
        """Return how far the event clock lags behind the wall clock."""
        return self._clock - self._updated if self._clock and self._updated else timedelta(0)

    def reached(self) -> Mapping[int, datetime]:
        """Return by shard how far the matcher has got."""
        return dict(self._reached)

    def swept(self) -> datetime | None:
        """Return when the timer last swept."""
        return self._swept

    def note_swept(self, now: datetime) -> None:
        """Note that the timer has swept."""
        self._swept = now


class NoPauses:
    """Does not wait."""

    def pause(self, attempt: int) -> None:
        """Do nothing."""
