"""Causal order: an event that follows another waits for it (conformance rules 3 and 6).

This is the order of one process that sees every event: the simulator, the backtest and the conformance runner use it
as it is. The matcher keeps the same rules over the stream and the event store (docs/decisions/0008).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from whenflow.events import Event

PATIENCE = timedelta(minutes=15)
MAX_DEPTH = 20


class Outcome(StrEnum):
    """What became of an event that was received."""

    PROCESSED = "processed"
    WAITING = "waiting"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


class Ids(Protocol):
    """Ids that can be added to and asked: a set, or what takes less room."""

    def __contains__(self, event_id: str, /) -> bool:
        """Tell whether an id was added."""
        ...

    def add(self, event_id: str, /) -> None:
        """Add an id."""
        ...


@dataclass(slots=True)
class Order:
    """What is known of the order of events.

    Attributes:
        clock: The latest `occurred` seen, never past the wall clock.
        updated: When an event was last received.
        processed: Ids of the events that the triggers have seen.
        waiting: Events held back, by id.
        followers: The same, by the id of the event that they wait for.
    """

    clock: datetime | None = None
    updated: datetime | None = None
    processed: Ids = field(default_factory=set[str])
    waiting: dict[str, Event] = field(default_factory=dict)
    followers: dict[str, dict[str, Event]] = field(default_factory=dict)

    @property
    def offset(self) -> timedelta:
        """How far the processing lags behind the wall clock: zero or less."""
        return self.clock - self.updated if self.clock and self.updated else timedelta(0)

    def tick(self, occurred: datetime, now: datetime) -> None:
        """Move the event clock on with an event; it never goes back."""
        moment = min(occurred, now)
        if self.clock is None or moment >= self.clock:
            self.clock = moment
        self.updated = now

    def hold(self, event: Event, leader: str) -> None:
        """Hold an event back; a later copy takes the place of an earlier one."""
        if event.id in self.waiting and self.waiting[event.id].follows != leader:
            self.let_go(event.id)
        self.waiting[event.id] = event
        self.followers.setdefault(leader, {})[event.id] = event

    def let_go(self, event_id: str) -> None:
        """Hold an event back no longer."""
        event = self.waiting.pop(event_id, None)
        if event is None or event.follows is None:
            return
        waiting_too = self.followers[event.follows]
        del waiting_too[event_id]
        if not waiting_too:
            del self.followers[event.follows]


def receive(
    order: Order, event: Event, now: datetime, process: Callable[[Event], None], *, may_wait: bool = True
) -> Outcome:
    """Take an event in: process it and all that waited for it, or hold it back."""
    if event.event == "prefect.log.write":
        return Outcome.IGNORED
    if event.id in order.processed:
        return Outcome.DUPLICATE
    return _take_in(order, event, now, process, 0, may_wait=may_wait)


def release_lost(order: Order, now: datetime, process: Callable[[Event], None]) -> list[Event]:
    """Process the events that have waited long enough, whatever became of those that they follow."""
    lost = [event for event in order.waiting.values() if now - event.received >= PATIENCE]
    for event in lost:
        order.let_go(event.id)
    lost.sort(key=lambda event: event.occurred)
    for event in lost:
        _take_in(order, event, now, process, 0, may_wait=False)
    return lost


def _take_in(
    order: Order, event: Event, now: datetime, process: Callable[[Event], None], depth: int, *, may_wait: bool
) -> Outcome:
    order.tick(event.occurred, now)
    follows = event.follows if event.follows != event.id else None
    if may_wait and follows and follows not in order.processed and now - event.received < PATIENCE:
        order.hold(event, follows)
        return Outcome.WAITING
    process(event)
    order.processed.add(event.id)
    for follower in sorted(order.followers.get(event.id, {}).values(), key=lambda one: one.occurred):
        if depth >= MAX_DEPTH:
            break
        _take_in(order, follower, now, process, depth + 1, may_wait=True)
    if follows:
        order.let_go(event.id)
    return Outcome.PROCESSED
