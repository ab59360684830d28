"""The use case behind the `notification` function."""

from collections.abc import Mapping
from typing import Any

from whenflow.events import Event
from whenflow.ports import Clock, EventStore
from whenflow.sources.eventbridge import event_from_eventbridge


class NotificationReceiver:
    """Turns notifications into stored events."""

    def __init__(self, events: EventStore, clock: Clock) -> None:
        """Work on this store, with this clock."""
        self._events = events
        self._clock = clock

    def receive(self, notification: Mapping[str, Any]) -> Event:
        """Store the event of a notification; delivered again, it is stored no second time.

        Raises:
            Rejected: It is no EventBridge event.
        """
        event = event_from_eventbridge(notification, self._clock.now())
        self._events.put(event)
        return event
