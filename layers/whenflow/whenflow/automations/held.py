"""Causal order in production: an event that follows another waits until the triggers have seen that one (SPEC 3.7).

Most events follow one of their own resource, which the stream hands over first: they wait only if that one is held
itself. An event that follows one of another lane waits if that one is not stored, is held itself, or came in only a
moment ago, so that its own lane may not have reached it yet. Held events are asked for again at growing intervals, and
processed 15 minutes after they were received whatever became of the other one.

An event that may be held must be decided on the same way each time the stream delivers it, or it would count once for
its lane and once for its hold. So what was held before is the timer's alone, and an event that goes only because its
leader is in the same batch is held besides, and bears the mark of that.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from whenflow.automations.ordering import PATIENCE
from whenflow.automations.rows import LANE_HOUR
from whenflow.automations.settle import Record
from whenflow.events import Event, address_of
from whenflow.ports import Clock, EventStore, HoldStore

SETTLED_AFTER = timedelta(seconds=5)
INTERVALS = (2, 5, 15, 60, 180)
OWN_EVENTS = "prefect.automation."
QUIET = PATIENCE + timedelta(minutes=5)
MAX_REMEMBERED = 10_000


class Holder:
    """Decides which records must wait, and brings them back."""

    def __init__(self, events: EventStore, holds: HoldStore, clock: Clock) -> None:
        """Work on these stores, with this clock."""
        self._events = events
        self._holds = holds
        self._clock = clock
        self._last_held: Callable[[], datetime | None] = holds.last_held
        self._went: set[str] = set()

    def sort(self, records: Iterable[Record]) -> list[Record]:
        """Return the records that may be processed now, in order; the others are held."""
        ready: list[Record] = []
        seen: dict[str, Event] = {}
        self._last_held = lru_cache(maxsize=1)(self._holds.last_held)  # asked once for each batch, if at all
        for record in records:
            admitted = self._admitted(record, seen)
            if admitted:
                ready.append(admitted)
                seen[record.event.id] = record.event
                if admitted is record:
                    self._remember(record.event.id)
        return ready

    def bring_back(self, event_id: str, attempt: int) -> Record | None:
        """Return a held event as a record if its time has come; ask for it again later if not."""
        event = self._events.get(event_id)
        if event is None:
            self._holds.release(event_id)
            return None
        record = Record(event, lane_of_held(event_id), 1)
        if _is_free(event) or self._may_go(event):
            return record
        following = min(attempt + 1, len(INTERVALS) - 1)
        self._holds.hold(event_id, INTERVALS[following], attempt=following)
        return None

    def done(self, record: Record) -> None:
        """Note that an event that was held has been processed."""
        self._holds.release(record.event.id)

    def _admitted(self, record: Record, seen: Mapping[str, Event]) -> Record | None:
        event = record.event
        leader = seen.get(event.follows) if event.follows else None
        if _is_free(event) or (leader and _stands_before(leader, event)):
            return record
        if event.follows and _in_lane(event.follows, record, event) and not self._leader_was_held(event):
            return record
        if self._holds.was_held(event.id):
            if self._holds.is_held(event.id):
                self._holds.hold(event.id, INTERVALS[0], attempt=0)  # it may have been noted and not been asked for
            return None
        if self._may_go(event, leader):
            return record
        self._holds.hold(event.id, INTERVALS[0], attempt=0)
        return replace(record, lane=lane_of_held(event.id), sequence=1) if leader else None

    def _leader_was_held(self, event: Event) -> bool:
        """Tell whether the event that this one follows, of the same lane, is held or was.

        Nothing was, if nothing at all was held since long enough before this event came in: what is held is noted anew
        every few minutes, and no longer than `PATIENCE`. If this event itself was held, that is noted later still.
        """
        assert event.follows  # noqa: S101 - the caller knows
        if event.follows in self._went:
            return False
        last = self._last_held()
        if last is None or last < event.received - QUIET:
            return False
        return self._holds.was_held(event.follows)

    def _remember(self, event_id: str) -> None:
        if len(self._went) >= MAX_REMEMBERED:
            self._went.clear()
        self._went.add(event_id)

    def _may_go(self, event: Event, seen: Event | None = None) -> bool:
        """Tell whether an event need not wait; `seen` is the one that it follows, if that goes in the same batch."""
        now = self._clock.now()
        if event.follows is None or now - event.received >= PATIENCE:
            return True
        leader = seen or self._events.get(event.follows)
        if leader is None or not (_stands_before(leader, event) or now - leader.received >= SETTLED_AFTER):
            return False
        return seen is not None or not self._holds.is_held(leader.id)


def _is_free(event: Event) -> bool:
    """Tell whether an event never has to wait."""
    return not event.follows or event.follows == event.id or event.event.startswith(OWN_EVENTS)


def _stands_before(leader: Event, event: Event) -> bool:
    """Tell whether an event was stored before another in the same lane."""
    same_lane = (
        leader.resource_id == event.resource_id and f"{leader.occurred:{LANE_HOUR}}" == f"{event.occurred:{LANE_HOUR}}"
    )
    return same_lane and leader.received <= event.received


def _in_lane(leader: str, record: Record, event: Event) -> bool:
    """Tell whether an event made here stands before another in the same lane."""
    address = address_of(leader)
    return (
        address is not None
        and address.occurred <= event.occurred
        and record.lane == lane_of(address.occurred, address.shard)
    )


def lane_of(occurred: datetime, shard: int) -> str:
    """Return the lane, which is the partition of the events table, that an event stands in."""
    return f"{occurred:{LANE_HOUR}}#{shard}"


def lane_of_held(event_id: str) -> str:
    """Return the lane of an event that was held: one of its own."""
    return f"held#{event_id}"
