"""The use case behind the `notification` function."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from whenflow.errors import TooLarge
from whenflow.ports import Clock, EventStore, Ids
from whenflow.sources.interpret import Misread, addressed, failed_event, interpret, source_for
from whenflow.sources.invocation import notices_of, notices_of_message
from whenflow.sources.model import Source
from whenflow.sources.notice import Notice


class SourceDirectory(Protocol):
    """Knows the sources."""

    def sources(self) -> Sequence[Source]:
        """Return all sources in their order: the first that matches decides."""
        ...


class NotificationReceiver:
    """Turns notifications into stored events.

    One that gives no event becomes `whenflow.source.failed`, and stops nothing that comes with it or after it.
    """

    def __init__(self, sources: SourceDirectory, events: EventStore, clock: Clock, ids: Ids) -> None:
        """Work on these stores, with this clock and these ids."""
        self._ids = ids
        self._sources = sources
        self._events = events
        self._clock = clock

    def receive(self, invocation: Mapping[str, Any]) -> list[str]:
        """Store the events of an invocation and return their ids; delivered again, they are stored no second time.

        Raises:
            Rejected: It is none of the forms in which AWS tells something.
            Transient: Try all of it again.
        """
        return self._store(notices_of(invocation))

    def receive_message(self, body: str, message_id: str) -> list[str]:
        """Store the events of a message of a queue; return their ids.

        Raises:
            Transient: Try again.
        """
        return self._store(notices_of_message(body, message_id))

    def _store(self, notices: Sequence[Notice]) -> list[str]:
        stored = []
        for notice in notices:
            source = source_for(notice, self._sources.sources())
            if source is not None and source.drop:
                continue
            stored.append(self._store_one(notice, source))
        return stored

    def _store_one(self, notice: Notice, source: Source | None) -> str:
        now = self._clock.now()
        try:
            event = addressed(interpret(notice, source, now), notice, self._ids)
            self._events.put(event)
        except (Misread, TooLarge) as error:
            event = failed_event(notice, source, error.reason, getattr(error, "rendered", None), now)
            self._events.put(event)
        return event.id
