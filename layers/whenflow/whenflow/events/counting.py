"""Counts of events: over time, by name, by resource (SPEC 7.2). Counts are exact or refused.

Hours that are closed have been counted already; where a filter asks for nothing but time and names, only the hours
that are still open, or cut by the filter, are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from whenflow.errors import Fault, Rejected
from whenflow.events.feed import span_of
from whenflow.events.filters import EventFilter, Sieve, asks_only_names, bounded, ends_of, filter_from_document
from whenflow.events.labels import RESOURCE_NAME
from whenflow.events.model import Event
from whenflow.events.reading import HOUR, Events, NameTally, Span, Tally
from whenflow.events.times import iso
from whenflow.events.validation import faults_of

ANCHOR = datetime(2024, 4, 1, tzinfo=UTC)
MAX_BUCKETS = 1_000
MAX_COUNTED = 100_000
MAX_RECENT = 20_000
"""Events of an hour that is not closed which may be read before the hour is counted event by event."""
MIN_INTERVAL = 0.01
LAST = HOUR - timedelta(microseconds=1)


class Countable(StrEnum):
    """What can be counted by."""

    DAY = "day"
    TIME = "time"
    EVENT = "event"
    RESOURCE = "resource"


class TimeUnit(StrEnum):
    """Units of an interval."""

    WEEK = "week"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"


_LENGTHS = {
    TimeUnit.WEEK: timedelta(weeks=1),
    TimeUnit.DAY: timedelta(days=1),
    TimeUnit.HOUR: HOUR,
    TimeUnit.MINUTE: timedelta(minutes=1),
    TimeUnit.SECOND: timedelta(seconds=1),
}


class _Request(BaseModel):
    model_config = ConfigDict(extra="ignore")

    time_unit: TimeUnit = TimeUnit.DAY
    time_interval: Annotated[float, Field(ge=MIN_INTERVAL, allow_inf_nan=False)] = 1.0


@dataclass(frozen=True, slots=True)
class CountRequest:
    """What is to be counted.

    Attributes:
        filter: Which events, with both ends of their time.
        by: What by.
        interval: The length of a bucket of time.
    """

    filter: EventFilter
    by: Countable
    interval: timedelta


@dataclass(slots=True)
class Count:
    """How many events there are of one kind.

    Attributes:
        value: The bucket's number, the name, or the resource's id.
        label: The bucket's beginning, the name, or the resource's latest name.
        count: How many.
        start: Beginning of the bucket, or the first of the events.
        end: End of the bucket, or the last of the events.
    """

    value: str
    label: str
    count: int
    start: datetime
    end: datetime

    def as_document(self) -> dict[str, Any]:
        """Return the count as the API shows it."""
        return {
            "value": self.value,
            "label": self.label,
            "count": self.count,
            "start_time": iso(self.start),
            "end_time": iso(self.end),
        }


def request_from_document(by: str, document: dict[str, Any], now: datetime) -> CountRequest:
    """Read a request to count.

    Raises:
        Rejected: With every fault; among them more than 1,000 buckets of time.
    """
    try:
        given = {key: value for key, value in document.items() if value is not None}
        request = _Request.model_validate(given)
    except ValidationError as error:
        raise Rejected("This is not a valid request to count.", faults_of(error, ("body",))) from None
    countable = Countable(by)
    filter_ = bounded(filter_from_document(document.get("filter")), now)
    is_day = countable is Countable.DAY
    try:
        interval = _LENGTHS[TimeUnit.DAY] if is_day else _LENGTHS[request.time_unit] * request.time_interval
    except OverflowError:
        raise _refused("time_interval", "The interval is longer than any calendar.") from None
    made = CountRequest(filter_, countable, interval)
    if countable in (Countable.DAY, Countable.TIME):
        _bounds(made)
    return made


def count(store: Events, request: CountRequest) -> Sequence[Count]:
    """Count events.

    Raises:
        Rejected: More than 100,000 events would have to be read.
    """
    match request.by:
        case Countable.EVENT:
            counter: _Counter = _ByName()
        case Countable.RESOURCE:
            counter = _ByResource()
        case _:
            counter = _ByTime(request)
    _fill(counter, store, request)
    return counter.counts()


@dataclass(frozen=True, slots=True)
class _ClosedHour:
    start: datetime
    total: int
    names: Sequence[tuple[str, NameTally]] = ()


class _Counter:
    """Counts single events, and hours that are counted already."""

    needs_names = False
    takes_hours = True

    def add(self, event: Event) -> None:
        raise NotImplementedError

    def add_hour(self, hour: _ClosedHour) -> bool:
        """Count a whole hour, if that can be done; tell whether it was."""
        raise NotImplementedError

    def counts(self) -> Sequence[Count]:
        raise NotImplementedError


class _ByTime(_Counter):
    def __init__(self, request: CountRequest) -> None:
        self._first, buckets = _bounds(request)
        self._interval = request.interval
        self.takes_hours = request.interval >= HOUR
        self._counts = [0] * buckets

    def add(self, event: Event) -> None:
        self._counts[_index(event.occurred, self._interval) - self._first] += 1

    def add_hour(self, hour: _ClosedHour) -> bool:
        first = _index(hour.start, self._interval)
        if first != _index(hour.start + LAST, self._interval):
            return False
        self._counts[first - self._first] += hour.total
        return True

    def counts(self) -> Sequence[Count]:
        made = []
        for number, total in enumerate(self._counts):
            start = ANCHOR + self._interval * (self._first + number)
            made.append(Count(str(number), iso(start), total, start, start + self._interval))
        return made


class _ByName(_Counter):
    needs_names = True

    def __init__(self) -> None:
        self._names: dict[str, Count] = {}

    def add(self, event: Event) -> None:
        self._add(event.event, NameTally(1, event.occurred, event.occurred))

    def add_hour(self, hour: _ClosedHour) -> bool:
        for name, tally in hour.names:
            self._add(name, tally)
        return True

    def _add(self, name: str, tally: NameTally) -> None:
        known = self._names.setdefault(name, Count(name, name, 0, tally.first, tally.last))
        known.count += tally.count
        known.start, known.end = min(known.start, tally.first), max(known.end, tally.last)

    def counts(self) -> Sequence[Count]:
        return sorted(self._names.values(), key=lambda one: (-one.count, one.label))


class _ByResource(_Counter):
    def __init__(self) -> None:
        self._resources: dict[str, Count] = {}
        self._named: dict[str, datetime] = {}

    def add(self, event: Event) -> None:
        id_, moment = event.resource_id, event.occurred
        known = self._resources.setdefault(id_, Count(id_, id_, 0, moment, moment))
        known.count += 1
        known.start, known.end = min(known.start, moment), max(known.end, moment)
        name = event.resource.get(RESOURCE_NAME)
        if name and (id_ not in self._named or self._named[id_] <= moment):
            self._named[id_], known.label = moment, name

    def add_hour(self, _hour: _ClosedHour) -> bool:
        return False

    def counts(self) -> Sequence[Count]:
        return sorted(self._resources.values(), key=lambda one: (-one.count, one.label, one.value))


def _fill(counter: _Counter, store: Events, request: CountRequest) -> None:
    sieve, read = Sieve(request.filter), 0
    for start, end in _unread(counter, store, request):
        for one in store.scan(_part(request, start, end)):
            if not isinstance(one, Event):
                continue
            read += 1
            if read > MAX_COUNTED:
                raise _refused(
                    "filter", f"Counting this takes reading more than {MAX_COUNTED:,} events: ask for less time."
                )
            if sieve.fits(one):
                counter.add(one)


def _part(request: CountRequest, start: datetime, end: datetime) -> Span:
    return replace(span_of(request.filter, MAX_COUNTED), since=start, until=end, newest_first=False)


def _unread(counter: _Counter, store: Events, request: CountRequest) -> Iterator[tuple[datetime, datetime]]:
    """Yield the parts of the time that must be read event by event; the others are counted here."""
    since, until = ends_of(request.filter)
    given = request.filter
    if not asks_only_names(given) or isinstance(counter, _ByResource):
        yield since, until
        return
    with_names = counter.needs_names or not given.event.asks_nothing
    reading = MAX_RECENT if counter.takes_hours else 0
    for hour, tally in store.tallies(since, until, names=with_names, reading=reading).items():
        is_whole = tally and tally.is_within(hour, since, until)
        if not (is_whole and tally and _add_hour(counter, given, hour, tally, with_names)):
            yield max(since, hour), min(until, hour + LAST)


def _add_hour(counter: _Counter, given: EventFilter, hour: datetime, tally: Tally, with_names: bool) -> bool:
    if not with_names:
        return counter.add_hour(_ClosedHour(hour, tally.count))
    if tally.names is None:
        return False
    fitting = [(name, one) for name, one in tally.names.items() if given.event.fits(name)]
    return counter.add_hour(_ClosedHour(hour, sum(one.count for _, one in fitting), fitting))


def _bounds(request: CountRequest) -> tuple[int, int]:
    """Return the number of the first bucket since the anchor, and how many there are."""
    since, until = ends_of(request.filter)
    first = _index(since, request.interval)
    buckets = max(0, _index(until, request.interval) - first + 1)
    if buckets > MAX_BUCKETS:
        raise _refused("time_interval", f"That makes {buckets:,} buckets; the limit is {MAX_BUCKETS:,}.")
    return first, buckets


def _index(moment: datetime, interval: timedelta) -> int:
    return (moment - ANCHOR) // interval


def _refused(field: str, reason: str) -> Rejected:
    return Rejected(reason, [Fault(("body", field), reason)])
