"""Ports: where events are kept and read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from whenflow.events.model import Event
    from whenflow.events.reading import Scan, Span, Tally


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, newest first, and where to go on; `cursor` is None at the end."""

    events: Sequence["Event"]
    cursor: str | None


class EventStore(Protocol):
    """Events, stored once per id."""

    def put(self, event: "Event") -> "Event | None":
        """Store an event; return it as stored, or None where its id is stored already.

        Raises:
            TooLarge: It does not fit.
            Transient: Try again.
        """
        ...

    def get(self, event_id: str) -> "Event | None":
        """Return the event of this id."""
        ...

    def put_many(self, events: "Sequence[Event]") -> "list[Event | Exception | None]":
        """Store events, several at a time; return for each what `put` returns, or what it raises.

        Events of one resource are stored in the order they are given in.
        """
        ...

    def get_many(self, event_ids: Sequence[str]) -> "Sequence[Event]":
        """Return the events of these ids, as far as there are such."""
        ...

    def scan(self, span: "Span") -> "Scan":
        """Go through events in order of `occurred`, then id; tells before it asks the store again."""
        ...

    def tallies(
        self, since: datetime, until: datetime, *, names: bool = False, reading: int = 0
    ) -> "Mapping[datetime, Tally | None]":
        """Return the hours of a time that hold events, oldest first; None where that takes reading too many events.

        Args:
            since: From when on.
            until: Until when; included.
            names: Whether the tallies are to say how many events of each name there are.
            reading: How many events may be read in all, of hours that are not closed.
        """
        ...

    def arrived(self, since: datetime, until: datetime) -> "Iterator[Event]":
        """Yield the events that were received in [since, until], in any order, some perhaps twice.

        For the last minutes only: `since` is at most an hour ago.
        """
        ...

    def newest(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of events, newest `occurred` first.

        Raises:
            Rejected: The cursor is none of this store's.
        """
        ...

    def between(self, start: datetime, end: datetime, resource_id: str | None = None) -> "Iterator[Event]":
        """Yield the stored events that occurred in [start, end), strongly consistent, oldest first within each hour.

        Args:
            start: From when on.
            end: Until when; not included.
            resource_id: Only those of this resource, which costs much less.
        """
        ...

    def latest(self, start: datetime, end: datetime) -> Mapping[int, datetime]:
        """Return by shard when the last of the stored events in [start, end) occurred, strongly consistent.

        One small read for each shard; it looks back no further than the last two hours in which events occurred.
        """
        ...
