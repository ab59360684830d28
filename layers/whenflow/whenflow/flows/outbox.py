"""Events on their way: emitted in the foreground, sent in the background, never lost in silence.

One thread sends what was emitted, in order, several events at a time. What cannot be sent now is tried again for a
while. What cannot be sent at all is logged with its id and its name, and raised by the next `flush`.
"""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from whenflow.errors import Transient, WhenflowError
from whenflow.events import Event

MAX_WAITING = 1_000
MAX_AT_ONCE = 100
PATIENCE_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
EXIT_SECONDS = 20.0
MAX_TOLD = 10
logger = logging.getLogger("whenflow.events")


class EventsNotDelivered(WhenflowError):
    """Events were emitted and could not be stored.

    Attributes:
        events: Those events, each with the reason.
    """

    def __init__(self, events: Sequence[tuple[Event, Exception]]) -> None:
        """Keep them."""
        told = "; ".join(f"{event.event} ({event.id}): {reason}" for event, reason in events[:MAX_TOLD])
        more = f"; and {len(events) - MAX_TOLD} more" if len(events) > MAX_TOLD else ""
        super().__init__(f"{len(events)} events could not be delivered: {told}{more}")
        self.events = tuple(events)


class EventSink(Protocol):
    """Where events go."""

    def put(self, event: Event) -> Event | None:
        """Store an event, once per id."""
        ...


@runtime_checkable
class BatchSink(Protocol):
    """A sink that takes several events at a time."""

    def put_many(self, events: Sequence[Event]) -> Sequence[Event | Exception | None]:
        """Store events; return for each what `put` returns, or what it raises."""
        ...


class Outbox:
    """Sends events in the background."""

    def __init__(self, max_waiting: int = MAX_WAITING, patience: float = PATIENCE_SECONDS) -> None:
        """Begin empty.

        Args:
            max_waiting: How many events may wait; who emits one more waits until there is room.
            patience: For how many seconds an event is tried again.
        """
        self._max_waiting = max_waiting
        self._patience = patience
        self._waiting: deque[tuple[EventSink, Event]] = deque()
        self._changed = threading.Condition()
        self._sending: list[Event] = []
        self._undelivered: list[tuple[Event, Exception]] = []
        self._thread: threading.Thread | None = None

    def send(self, sink: EventSink, event: Event) -> None:
        """Have an event stored; returns at once unless too many are waiting."""
        with self._changed:
            self._changed.wait_for(self._has_room)
            self._waiting.append((sink, event))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="whenflow-events", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout: float | None = None) -> None:
        """Wait until every event emitted so far is stored.

        Args:
            timeout: For how many seconds at the most; without one, as long as events are tried.

        Raises:
            EventsNotDelivered: Some could not be stored, or not in this time.
        """
        with self._changed:
            is_empty = self._changed.wait_for(lambda: not self._waiting and not self._sending, timeout)
            undelivered, self._undelivered = self._undelivered, []
            if not is_empty:
                late = Transient("there was no time left")
                undelivered += [(event, late) for event in (*self._sending, *(one for _, one in self._waiting))]
        if undelivered:
            raise EventsNotDelivered(undelivered)

    def _has_room(self) -> bool:
        return len(self._waiting) + len(self._sending) < self._max_waiting

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                sink = self._waiting[0][0]
                some: list[Event] = []
                while self._waiting and self._waiting[0][0] is sink and len(some) < MAX_AT_ONCE:
                    some.append(self._waiting.popleft()[1])
                self._sending = some
                self._changed.notify_all()
            failed = self._store(sink, some)
            with self._changed:
                self._undelivered += failed
                self._sending = []
                self._changed.notify_all()

    def _store(self, sink: EventSink, events: Sequence[Event]) -> list[tuple[Event, Exception]]:
        failed: list[tuple[Event, Exception]] = []
        waited, pause = 0.0, FIRST_PAUSE
        while events:
            answers = list(zip(events, _put(sink, events), strict=True))
            is_last = waited >= self._patience
            again = [event for event, answer in answers if isinstance(answer, Transient) and not is_last]
            for event, answer in answers:
                if isinstance(answer, Exception) and (is_last or not isinstance(answer, Transient)):
                    logger.error("The event %s (%s) is lost: %s", event.event, event.id, answer)
                    failed.append((event, answer))
            events = again
            if events:
                threading.Event().wait(pause)
                waited, pause = waited + pause, min(pause * 2, LONGEST_PAUSE)
        return failed


def _put(sink: EventSink, events: Sequence[Event]) -> Sequence[object]:
    if isinstance(sink, BatchSink):
        return _attempt_all(lambda: sink.put_many(events), len(events))
    return [_attempt_all(lambda event=event: [sink.put(event)], 1)[0] for event in events]  # type: ignore[misc]


def _attempt_all(work: Callable[[], Sequence[object]], count: int) -> Sequence[object]:
    """Return what work returns; what it raises is the answer for each event."""
    try:
        return work()
    except Exception as error:  # the edge of the thread: nobody else would learn of it
        return [error] * count


outbox = Outbox()
"""The outbox of this process."""


@atexit.register
def _flush_at_exit() -> None:
    try:
        outbox.flush(EXIT_SECONDS)
    except EventsNotDelivered as error:
        logger.error("At exit: %s", error)
