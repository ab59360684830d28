"""Ports: what matching and timekeeping remember."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from whenflow.automations.firing import Firing
    from whenflow.automations.rows import Row, RowKey


class FiringStore(Protocol):
    """Firings, stored once per id."""

    def put(self, firing: "Firing") -> bool:
        """Store a firing; False where its id is stored already."""
        ...

    def put_all(self, firings: "Sequence[Firing]") -> "Sequence[bool | Exception]":
        """Store firings, each as `put` does and several at a time.

        Returns:
            For each whether it is new, or else why it could not be stored: `TooLarge`, `Transient`. Where many meet a
            passing trouble, the rest may not be tried.
        """
        ...

    def get(self, firing_id: str) -> "Firing | None":
        """Return the firing of this id."""
        ...

    def caused_by(self, event_id: str, limit: int) -> Sequence[str]:
        """Return the ids of up to `limit` firings that an event closed, in order.

        A firing is found a moment after it was stored.
        """
        ...


class WindowStore(Protocol):
    """The rows of the engine's state."""

    def load(self, keys: "Iterable[RowKey]") -> "Mapping[RowKey, Row]":
        """Return the rows of these keys that are stored, strongly consistent."""
        ...

    def commit(self, rows: "Sequence[Row]", firings: "Sequence[Firing]") -> None:
        """Store rows over the versions they carry, and the firings that came of it, all or none.

        Afterwards each row carries its new version.

        Raises:
            Conflict: One of the rows was changed by somebody else; nothing is stored.
            Transient: Try again.
        """
        ...

    def due(self, since: datetime, until: datetime) -> "Iterator[Due]":
        """Yield the rows that are due in [since, until); they may have changed meanwhile."""
        ...

    def abandon(self, trigger_ids: Iterable[str], now: datetime) -> None:
        """Note that the rows of these triggers are of no use any more, or are about to be."""
        ...

    def abandoned(self) -> "Iterator[tuple[str, datetime]]":
        """Yield the triggers that were noted, and when they were last."""
        ...

    def rows_of(self, trigger_id: str) -> "Iterator[Row]":
        """Yield all rows of a trigger, strongly consistent."""
        ...

    def remove(self, row: "Row") -> bool:
        """Remove a row as it was read; False where somebody has changed or removed it meanwhile."""
        ...

    def cleared(self, trigger_id: str, noted: datetime) -> None:
        """Forget that a trigger was noted then; one that was noted again since stays."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """A row that time may change, and when."""

    key: "RowKey"
    automation_id: str
    at: datetime


class HoldStore(Protocol):
    """Events that wait for the one they follow."""

    def hold(self, event_id: str, seconds: int, attempt: int) -> None:
        """Note that an event is held, and ask for it again after some seconds."""
        ...

    def is_held(self, event_id: str) -> bool:
        """Tell whether an event is held."""
        ...

    def was_held(self, event_id: str) -> bool:
        """Tell whether an event is held or was, for as long as the stream may deliver it again."""
        ...

    def last_held(self) -> datetime | None:
        """Return when an event was last held, to the minute: no later one was until a minute after; None for never."""
        ...

    def release(self, event_id: str) -> None:
        """Note that an event is held no more. That it was is remembered."""
        ...


NOTED_STEP = timedelta(seconds=1)


class ProgressStore(Protocol):
    """How far the matcher and the timer have come."""

    def note(self, occurred: datetime, now: datetime, reached: Mapping[int, datetime] | None = None) -> None:
        """Move the event clock on, and how far the matcher has got; neither ever goes back. Cheap to call often.

        Args:
            occurred: The latest event.
            now: This moment.
            reached: By shard, when the latest event occurred that was applied. What is remembered of it may lag behind
                by less than `NOTED_STEP`.
        """
        ...

    def reached(self) -> Mapping[int, datetime]:
        """Return by shard how far the matcher has got: when the latest event occurred that was applied."""
        ...

    def offset(self) -> timedelta:
        """Return how far the event clock lags behind the wall clock: zero or less."""
        ...

    def swept(self) -> datetime | None:
        """Return when the timer last swept."""
        ...

    def note_swept(self, now: datetime) -> None:
        """Note that the timer has swept."""
        ...

    def looked_after(self) -> datetime | None:
        """Return until when runs were made that the timer has looked after."""
        ...

    def note_looked_after(self, until: datetime) -> None:
        """Note that the timer has looked after the runs that were made before then."""
        ...


class TimerQueue(Protocol):
    """Rings at a given time."""

    def ring_at(self, due: "Due") -> None:
        """Ask for a ring at its time, not before, and at most 15 minutes ahead."""
        ...

    def launch_at(self, run_id: str, at: datetime, ring: str) -> None:
        """Ask for the ring that starts a run, in the same way; `ring` is its id, however often it is delivered."""
        ...


class Pauses(Protocol):
    """Short waits between tries."""

    def pause(self, attempt: int) -> None:
        """Wait a little: longer with each attempt, and never exactly as long as others do."""
        ...
