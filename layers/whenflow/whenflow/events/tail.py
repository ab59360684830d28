"""The live tail: events in the order in which they come in, each once, across however many requests.

A cursor remembers until when the tail has looked, and which of the last events it has shown. Every look goes back a
little behind the last one, for events that were received before and took their time to be stored.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from whenflow.events.filters import EventFilter, Sieve
from whenflow.events.model import Event
from whenflow.events.times import iso, parse_iso

BACKFILL = timedelta(minutes=1)
KEPT = timedelta(hours=1)
SETTLED = timedelta(seconds=60)
SOON = timedelta(seconds=10)
SKEW = timedelta(seconds=5)
MAX_SHOWN = 200
MAX_BYTES = 3_000_000
MAX_SEEN = 10_000
MARK_CHARS = 12


class ArrivedEvents(Protocol):
    """The part of an event store that a tail works with."""

    def arrived(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Yield the events that were received in [since, until], in any order, some perhaps twice."""
        ...


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a tail has come.

    Attributes:
        begun: Nothing that was received before is shown.
        until: Everything that was received before, and was stored in time, was shown.
        seen: The events shown lately: marks of their ids, and when each was received, in seconds since 1970.
    """

    begun: datetime
    until: datetime
    seen: Mapping[str, int] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Return what a token keeps."""
        return {"begun": iso(self.begun), "until": iso(self.until), "seen": dict(self.seen)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Cursor":
        """Read what `as_document` wrote."""
        return cls(parse_iso(document["begun"]), parse_iso(document["until"]), document["seen"])


def new_cursor(now: datetime, backfill: timedelta = BACKFILL) -> Cursor:
    """Return the cursor of a tail that begins now, or a little before."""
    return Cursor(now - backfill, now - backfill)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw.

    Attributes:
        events: In the order in which they came in.
        cursor: Where to go on.
        has_more: Whether there is more to be seen at once.
    """

    events: Sequence[Event]
    cursor: Cursor
    has_more: bool


def look(store: ArrivedEvents, given: EventFilter, cursor: Cursor, now: datetime, back: timedelta = SETTLED) -> Look:
    """Look for events that the tail has not shown.

    Args:
        store: Where the events are.
        given: Only events that pass are shown.
        cursor: How far the tail has come.
        now: This moment.
        back: How far to go back behind the cursor: a minute for the first look of a request, less for the next ones.
    """
    sieve = Sieve(given)
    since = max(cursor.begun, cursor.until - back)
    new: dict[str, Event] = {}
    for event in store.arrived(since, now + SKEW):
        if _mark(event) not in cursor.seen and sieve.fits(event):
            new[event.id] = event
    ordered = sorted(new.values(), key=lambda event: (event.received, event.occurred, event.id))
    shown = _some(ordered)
    has_more = len(shown) < len(ordered)
    until = max(cursor.until, shown[-1].received if has_more else now)
    seen = {**cursor.seen, **{_mark(event): _second(event.received) for event in shown}}
    return Look(shown, Cursor(cursor.begun, until, _recent(seen, until)), has_more)


def _some(ordered: Sequence[Event]) -> Sequence[Event]:
    """Return as many as one answer holds."""
    size, shown = 0, list[Event]()
    for event in ordered[:MAX_SHOWN]:
        size += len(str(event.payload))
        if shown and size > MAX_BYTES:
            break
        shown.append(event)
    return shown


def _recent(seen: Mapping[str, int], until: datetime) -> dict[str, int]:
    """Return what a later look may come upon again."""
    oldest = _second(until - SETTLED - SKEW)
    recent = {mark: second for mark, second in seen.items() if second >= oldest}
    if len(recent) <= MAX_SEEN:
        return recent
    return dict(sorted(recent.items(), key=lambda one: one[1])[-MAX_SEEN:])


def _mark(event: Event) -> str:
    return sha256(event.id.encode()).hexdigest()[:MARK_CHARS]


def _second(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
