"""How stored events are read: in order of time, lazily, so that whoever has enough can stop."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple, Protocol, TypeAlias

from whenflow.events.model import Event

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


class Position(NamedTuple):
    """The place of an event in the order of time."""

    occurred: datetime
    id: str


def position_of(event: Event) -> Position:
    """Return the place of an event."""
    return Position(event.occurred, event.id)


class Fetch(Enum):
    """Told by a scan just before it asks the store again.

    Attributes:
        MORE: For more of an hour that it has begun to read.
        NEXT: For another hour.
    """

    MORE = "more"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Span:
    """Which events a scan goes through.

    Attributes:
        since: From when on; included.
        until: Until when; included.
        newest_first: In which order.
        after: Only what stands behind this place in that order.
        resources: Only events that involve one of these are wanted; others may come too. Empty: all are wanted.
        as_primary: Whether one of the resources is the primary one.
        size: How many are likely to be taken.
    """

    since: datetime
    until: datetime
    newest_first: bool = True
    after: Position | None = None
    resources: Sequence[str] = ()
    as_primary: bool = True
    size: int = 50


@dataclass(frozen=True, slots=True)
class NameTally:
    """The events of one name within an hour: how many, the first and the last of them."""

    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """What an hour holds.

    Attributes:
        count: How many events.
        names: How many of each name; None where that is not known.
        first: When the first of them occurred, if that is known.
        last: When the last of them did.
    """

    count: int
    names: Mapping[str, NameTally] | None = field(default=None)
    first: datetime | None = None
    last: datetime | None = None

    def is_within(self, hour: datetime, since: datetime, until: datetime) -> bool:
        """Tell whether all of its events, those of an hour that begins then, are known to be in [since, until]."""
        return since <= (self.first or hour) and (self.last or hour + HOUR - MICROSECOND) <= until


Scan: TypeAlias = Iterator[Event | Fetch]


class Events(Protocol):
    """The part of an event store that lists and counts work with."""

    def get_many(self, event_ids: Sequence[str]) -> Sequence[Event]:
        """Return the events of these ids, as far as there are such."""
        ...

    def scan(self, span: Span) -> Scan:
        """Go through events in order of `occurred`, then id."""
        ...

    def tallies(
        self, since: datetime, until: datetime, *, names: bool = False, reading: int = 0
    ) -> Mapping[datetime, Tally | None]:
        """Return the hours of a time that hold events, oldest first; None where that takes reading too many events."""
        ...


def hour_start(moment: datetime) -> datetime:
    """Return the beginning of the hour of a moment."""
    return moment.replace(minute=0, second=0, microsecond=0)


def tally_of(events: Iterable[Event]) -> Tally:
    """Return what an hour with these events holds."""
    names: dict[str, NameTally] = {}
    total = 0
    for event in events:
        total += 1
        names[event.event] = added(names.get(event.event), NameTally(1, event.occurred, event.occurred))
    return Tally(total, names)


def added(known: NameTally | None, more: NameTally) -> NameTally:
    """Return the tally of the events that two tallies count."""
    if known is None:
        return more
    return NameTally(known.count + more.count, min(known.first, more.first), max(known.last, more.last))
