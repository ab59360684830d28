"""Reads the events table in order of time.

An hour of events is spread over a few partitions, its shards: they are asked at once and merged. Which hours hold
events the calendar says. Where only events of some resources are wanted, a closed hour is read through its digest,
which names them; an hour that is still open is read as it is, only the shards of those resources where that will do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from whenflow.aws.arrivals import LATE, is_odd
from whenflow.aws.calendar import NO_BEGINNING, NO_END, Calendar, Period
from whenflow.aws.dynamo import text, translated
from whenflow.aws.event_items import LAST_ID, EventItems, Item, Place, hour_of, place_of, start_of
from whenflow.aws.hour_digests import Content, HourDigests
from whenflow.aws.hour_layers import HourLayers, Layers
from whenflow.errors import Transient
from whenflow.events import Event, iso, parse_iso
from whenflow.events.ids import shard_of
from whenflow.events.reading import HOUR, Fetch, Position, Scan, Span, Tally, added, position_of
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

READERS = 8
HOURS_AT_ONCE = 25
ITEMS_AT_ONCE = 100
FEW = 200
GROWTH = 4
MAX_PAGE = 1_000
TRIES = 5


class EventReader:
    """Reads events."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        shards: int,
        items: EventItems,
        hours: Calendar,
        digests: HourDigests,
        layers: HourLayers,
        clock: Clock,
    ) -> None:
        """Read this table.

        Args:
            client: Of DynamoDB.
            table: Its name.
            shards: How many partitions an hour is spread over now.
            items: Reads items.
            hours: Knows which hours hold events.
            digests: Knows what the closed ones hold.
            layers: Knows what open ones hold.
            clock: Tells the time.
        """
        self._client = client
        self._table = table
        self._shards = shards
        self._items = items
        self._hours = hours
        self._digests = digests
        self._layers = layers
        self._clock = clock

    def item(self, place: Place) -> Item | None:
        """Return the item at a place, strongly consistent."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=place.key, ConsistentRead=True)
        return answer.get("Item")

    def scan(self, span: Span) -> Scan:
        """Go through events in order of `occurred`, then id; tells before it asks the table again."""
        first, last = hour_of(span.since), hour_of(span.until)
        if span.after:
            here = hour_of(span.after.occurred)
            first, last = (first, min(last, here)) if span.newest_first else (max(first, here), last)
        if first > last:
            return
        periods = self._hours.read(first, last, newest_first=span.newest_first)
        closed: list[Period] = []
        for period in periods:
            if span.resources and period.facts is not None:
                closed.append(period)
                if len(closed) < HOURS_AT_ONCE:
                    continue
            yield from self._involving(closed, span)
            if period not in closed:
                yield from self._open(period, span)
            closed = []
        yield from self._involving(closed, span)

    def held_at(self, places: Iterable[Place]) -> Iterator[tuple[Place, Event]]:
        """Yield the events that stand at these places, as far as they are still there; in any order."""
        keys = [place.key for place in dict.fromkeys(places)]
        for start in range(0, len(keys), ITEMS_AT_ONCE):
            for item in self._batch(keys[start : start + ITEMS_AT_ONCE]):
                if event := self._items.event(item):
                    yield place_of(item), event

    def of_bucket(self, bucket: str, low: str, high: str, *, consistent: bool = True, size: int = 0) -> Iterator[Event]:
        """Yield the events of a partition from one place to another, oldest first; `size` at a time, if it is given."""
        page: Mapping[str, Any] = {"Limit": size} if 0 < size <= MAX_PAGE else {}
        while True:
            answer = self._query(bucket, low, high, True, consistent=consistent, **page)
            yield from (event for item in answer["Items"] if (event := self._items.event(item)))
            if "LastEvaluatedKey" not in answer:
                return
            page = {**page, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def held_in(self, hour: str, shard: int) -> Iterator[tuple[Place, Event, int]]:
        """Yield the events of a shard of an hour, oldest first, each with its place and when it expires."""
        page: Mapping[str, Any] = {}
        while True:
            answer = self._query(f"{hour}#{shard}", NO_BEGINNING, NO_END, True, **page)
            for item in answer["Items"]:
                if event := self._items.event(item):
                    yield place_of(item), event, int(item["expires"]["N"])
            if "LastEvaluatedKey" not in answer:
                return
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def between(self, start: datetime, end: datetime, resource_id: str | None = None) -> Iterator[Event]:
        """Yield the stored events that occurred in [start, end), strongly consistent, oldest first within each hour."""
        for period in self._hours.read(hour_of(start), hour_of(end), newest_first=False, consistent=True):
            own = self._own_shards([resource_id], period.shards) if resource_id is not None else range(period.shards)
            for shard in own:
                for event in self.of_bucket(f"{period.name}#{shard}", iso(start), iso(end)):
                    if resource_id is None or event.resource_id == resource_id:
                        yield event

    def latest(self, start: datetime, end: datetime) -> Mapping[int, datetime]:
        """Return by shard when the last of the stored events in [start, end) occurred, strongly consistent."""
        found: dict[int, datetime] = {}
        hours = self._hours.read(hour_of(start), hour_of(end), newest_first=True, consistent=True)
        for period in islice(hours, 2):
            for shard in range(period.shards):
                if shard not in found and (
                    last := self._last_of_bucket(f"{period.name}#{shard}", iso(start), iso(end))
                ):
                    found[shard] = last
        return found

    def _last_of_bucket(self, bucket: str, start: str, end: str) -> datetime | None:
        with translated():
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="#b = :bucket AND #k BETWEEN :start AND :end",
                ExpressionAttributeNames={"#b": "bucket", "#k": "key"},
                ExpressionAttributeValues={":bucket": text(bucket), ":start": text(start), ":end": text(end)},
                ProjectionExpression="#k",
                ScanIndexForward=False,
                Limit=1,
                ConsistentRead=True,
            )
        return parse_iso(answer["Items"][0]["key"]["S"].partition("#")[0]) if answer["Items"] else None

    def received(
        self, since: datetime, until: datetime, occurred: tuple[datetime, datetime]
    ) -> Iterator[tuple[Place, Event]]:
        """Yield the events received in [since, until] among those that occurred within a time, with their places."""
        low, high = occurred
        for period in self._hours.read(hour_of(low), hour_of(high)):
            shards = range(period.shards)

            def read(bucket: str) -> list[Event]:
                return list(self.of_bucket(bucket, iso(low), f"{iso(high)}#{LAST_ID}", consistent=False))

            for shard, events in zip(
                shards, _pool().map(read, [f"{period.name}#{one}" for one in shards]), strict=True
            ):
                for event in events:
                    if since <= event.received <= until:
                        yield Place(event.occurred, shard, event.id), event

    def _hour(self, period: Period, span: Span) -> Scan:
        """Merge the shards of an hour."""
        yield Fetch.NEXT
        whole = range(period.shards)
        own = self._own_shards(span.resources, period.shards) if span.resources and span.as_primary else whole
        runs = [_Run(self, f"{period.name}#{shard}", span) for shard in own]
        for fetched in [_pool().submit(run.fetch) for run in runs]:
            fetched.result()
        while True:
            for run in runs:
                while run.is_dry:
                    yield Fetch.MORE
                    run.fetch()
            heads = [run for run in runs if run.events]
            if not heads:
                return
            first = (max if span.newest_first else min)(heads, key=lambda run: position_of(run.events[-1]))
            yield first.events.pop()

    def _open(self, period: Period, span: Span) -> Scan:
        """Go through an hour that is not closed; where events of some resources are wanted, by its layers."""
        layers = self._layers.usable(period.name) if span.resources else None
        if layers is None or layers.until is None:
            yield from self._hour(period, span)
            return
        cut = layers.until - LATE
        recent = self._hour(period, replace(span, since=cut)) if cut > span.since else self._hour(period, span)
        is_recent_empty = cut > min(span.until, start_of(period.name) + HOUR)
        parts = [() if is_recent_empty else recent, self._of_layers(period, layers, span, cut)]
        for part in parts if span.newest_first else parts[::-1]:
            yield from part

    def _of_layers(self, period: Period, layers: Layers, span: Span, cut: datetime) -> Scan:
        """Go through what layers name, and through what was noted since, as far as it occurred before a moment."""
        yield Fetch.NEXT
        places = list(self._layers.odd_since(layers))
        if span.as_primary:
            own = self._own_shards(span.resources, period.shards)
            places = [place for place in places if place.shard in own]
        places += self._layers.places(layers, span.resources)
        yield from self._placed([place for place in dict.fromkeys(places) if place.occurred < cut], span)

    def _involving(self, periods: Sequence[Period], span: Span) -> Scan:
        """Go through the events of closed hours that the digests name."""
        if not periods:
            return
        yield Fetch.NEXT
        yield from self._placed(self._digests.places(periods, span.resources), span)

    def _placed(self, named: Iterable[Place], span: Span) -> Scan:
        """Go through the events that stand at some places."""
        within = [place for place in named if _is_within(Position(place.occurred, place.id), span)]
        within.sort(key=lambda place: (place.occurred, place.id), reverse=span.newest_first)
        at_once = min(max(span.size, 1), ITEMS_AT_ONCE)
        for start in range(0, len(within), at_once):
            if start:
                yield Fetch.MORE
            events = [event for _, event in self.held_at(within[start : start + at_once])]
            yield from sorted(events, key=position_of, reverse=span.newest_first)

    def tally_of_open(self, period: Period, names: bool, reading: int) -> tuple[Tally | None, int]:
        """Return what an hour holds that is not closed, and how many events were read for that.

        Args:
            period: The hour.
            names: Whether to tell how many events of each name there are.
            reading: How many events may be read; where that is not enough, there is no tally.
        """
        layers = self._layers.usable(period.name)
        known = self._layers.names(layers) if layers and names else {}
        room = reading if layers else min(reading, FEW)
        rest = Content.of(islice(self._not_in(layers, period, room + 1), room + 1))
        if known is None or rest.count > room or not rest.is_named:
            return None, rest.count
        counted = [(one.events, one.first, one.last) for one in layers.layers] if layers else []
        counted += [(rest.count, rest.first, rest.last)] if rest.count else []
        if not counted:
            return Tally(0, {}), 0
        all_names = dict(known)
        for name, tally in rest.names.items():
            all_names[name] = added(all_names.get(name), tally)
        first, last = min(first for _, first, _ in counted), max(last for _, _, last in counted)
        total = sum(count for count, _, _ in counted)
        return Tally(total, all_names if names else None, first, last), rest.count

    def _not_in(self, layers: Layers | None, period: Period, at_most: int) -> Iterator[tuple[Place, Event]]:
        """Yield the events of an hour that are in no layer, each once; those that are noted as odd last."""
        since = layers.until if layers else None
        low = iso(since - LATE) if since else NO_BEGINNING
        for shard in range(period.shards):
            for event in islice(
                self.of_bucket(f"{period.name}#{shard}", low, NO_END, consistent=False, size=at_most), at_most
            ):
                if since is None or (event.received >= since and not is_odd(event)):
                    yield Place(event.occurred, shard, event.id), event
        if layers is None:
            return
        noted = self._layers.odd_since(layers)
        for place, event in self.held_at(list(noted)[:at_most]):
            if event.received in noted[place]:
                yield place, event

    def _own_shards(self, resource_ids: Iterable[str], shards: int) -> Sequence[int]:
        """Return the shards that events of these resources may be in, whichever number there was then."""
        return sorted({shard_of(one, count) for one in resource_ids for count in (shards, self._shards)})

    def _batch(self, keys: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
        asked: Any = {self._table: {"Keys": keys}}
        for _ in range(TRIES):
            with translated():
                answer = self._client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self._table, [])
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return
        raise Transient("DynamoDB: a batch was not answered to its end")

    def _query(
        self, bucket: str, low: str, high: str, oldest_first: bool, *, consistent: bool = False, **page: Any
    ) -> Any:
        with translated():
            return self._client.query(
                TableName=self._table,
                KeyConditionExpression="#b = :bucket AND #k BETWEEN :low AND :high",
                ExpressionAttributeNames={"#b": "bucket", "#k": "key"},
                ExpressionAttributeValues={":bucket": text(bucket), ":low": text(low), ":high": text(high)},
                ScanIndexForward=oldest_first,
                ConsistentRead=consistent,
                **page,
            )


class _Run:
    """The events of one partition, fetched as they are needed.

    Attributes:
        events: Those that were fetched; the next one is the last.
    """

    def __init__(self, reader: EventReader, bucket: str, span: Span) -> None:
        self._reader = reader
        self._bucket = bucket
        self._span = span
        self._size = span.size + 1 if span.size <= FEW else MAX_PAGE
        self._low, self._high = iso(span.since), f"{iso(span.until)}#{LAST_ID}"
        if span.after:
            behind = f"{iso(span.after.occurred)}#{span.after.id}"
            self._low = self._low if span.newest_first else max(self._low, behind)
            self._high = min(self._high, behind) if span.newest_first else self._high
        self._start: Mapping[str, Any] = {}
        self._has_more = True
        self.events: list[Event] = []

    @property
    def is_dry(self) -> bool:
        """Whether more must be fetched to know the next event."""
        return not self.events and self._has_more

    def fetch(self) -> None:
        """Fetch some more."""
        if self._low > self._high:
            self._has_more = False
            return
        newest_first = self._span.newest_first
        read = self._reader._query(
            self._bucket, self._low, self._high, not newest_first, Limit=self._size, **self._start
        )
        events = (event for item in read["Items"] if (event := self._reader._items.event(item)))
        after = self._span.after
        self.events[:0] = [event for event in events if position_of(event) != after][::-1]
        self._size = min(self._size * GROWTH, MAX_PAGE)
        self._has_more = "LastEvaluatedKey" in read
        self._start = {"ExclusiveStartKey": read["LastEvaluatedKey"]} if self._has_more else {}


def _is_within(place: Position, span: Span) -> bool:
    if not span.since <= place.occurred <= span.until:
        return False
    return span.after is None or (place < span.after if span.newest_first else place > span.after)


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(READERS, thread_name_prefix="read")
