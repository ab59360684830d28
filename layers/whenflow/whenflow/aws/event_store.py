"""Events in DynamoDB (docs/data-model.md: `events`, `state`).

An event is stored once per id. An id made here says where its event stands, so one conditional write does it. Any
other id is claimed first: the claim keeps the place that the first delivery chose, and every later delivery of the id
goes to that place and finds the event, or finishes what a crash left undone. The claim is the index by id as well.
Claims are in the state table; an id made here that comes with another time or resource is claimed where its own event
would stand, so that whichever of the two comes first keeps the other one out.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.arrivals import ArrivalNotes, Arrivals
from whenflow.aws.calendar import Calendar, Period
from whenflow.aws.dynamo import condition_failed, number, text, translated
from whenflow.aws.event_items import BODY, TOLD, EventItems, Item, Place, hour_of, moved_to
from whenflow.aws.event_reader import EventReader
from whenflow.aws.hour_digests import HourDigests
from whenflow.aws.hour_layers import HourLayers
from whenflow.aws.overflow import Overflow
from whenflow.errors import Rejected, Transient, WhenflowError
from whenflow.events import Event, address_of, iso, parse_iso
from whenflow.events.ids import shard_of
from whenflow.events.reading import Position, Scan, Span, Tally
from whenflow.events.retention import Retention
from whenflow.ports import Clock, Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.aws.run_digests import RunDigests

FEED = "feed"
CLAIM = "claim"
NEW = "attribute_not_exists(expires)"
WRITERS = 8
TRIES = 3
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


class DynamoEventStore:
    """The event store."""

    def __init__(
        self,
        client: "DynamoDBClient",
        events_table: str,
        state_table: str,
        shards: int,
        retention: Retention | int,
        clock: Clock,
        overflow: Overflow | None = None,
    ) -> None:
        """Work on these tables; a retention may be given in days. What fits no item goes to `overflow`."""
        kept = Retention(timedelta(days=retention)) if isinstance(retention, int) else retention
        self._client = client
        self._events = events_table
        self._state = state_table
        self._shards = shards
        self._clock = clock
        self._items = EventItems(overflow, kept, clock)
        self.hours = self.calendar(FEED, kept.whole)
        self.digests = HourDigests(client, state_table, self.hours, kept.whole, clock)
        self._notes = ArrivalNotes(client, state_table, clock)
        self.layers = HourLayers(client, state_table, self.digests, self._notes, clock)
        self.reader = EventReader(
            client, events_table, shards, self._items, self.hours, self.digests, self.layers, clock
        )
        self.arrivals = Arrivals(self._notes, self.reader)

    def calendar(self, name: str, kept: timedelta) -> Calendar:
        """Return the calendar of this name in the state table, for things that are kept this long."""
        return Calendar(self._client, self._state, name, kept, self._clock)

    def run_digests(self) -> "RunDigests":
        """Return what is kept of whole hours of flow runs, in the state table."""
        from whenflow.aws.run_digests import RunDigests  # whoever only stores events has no use for it

        return RunDigests(self._client, self._state, self._clock)

    def put(self, event: Event) -> Event | None:
        """Store an event once per id; return it as stored, or None where it is stored already."""
        self._note([(event, self._shard_of(event))])
        return self._put(event)

    def put_many(self, events: Sequence[Event]) -> list[Event | Exception | None]:
        """Store events, several at a time; return for each what `put` returns, or what it raises."""
        answers: list[Event | Exception | None] = [None] * len(events)
        by_resource: dict[str, list[int]] = {}
        for index, event in enumerate(events):
            by_resource.setdefault(event.resource_id, []).append(index)

        def put_in_order(indices: Sequence[int]) -> None:
            for index in indices:
                answers[index] = _attempt(lambda event=events[index]: self._put(event))  # type: ignore[misc]

        self._note([(event, self._shard_of(event)) for event in events])
        for hour in {hour_of(event.occurred) for event in events}:
            self.hours.note(hour, self._shards)
        if len(by_resource) <= 1:
            for indices in by_resource.values():
                put_in_order(indices)
            return answers
        with ThreadPoolExecutor(min(WRITERS, len(by_resource))) as pool:
            list(pool.map(put_in_order, by_resource.values()))
        return answers

    def put_in_transaction(self, event: Event) -> dict[str, Any]:
        """Return the part of a transaction that stores an event made here."""
        return self._part(self._items.item(event, self._noted_place(event)))

    def put_all_in_transaction(self, events: Sequence[Event]) -> list[dict[str, Any]]:
        """Return the parts of a transaction that store events made here of one resource, to be matched in this order.

        The stream hands the records of one transaction over in any order: so the last one's tells of all.
        """
        *earlier, last = events
        told = {TOLD: text(last.id)}
        parts = [self._part(self._items.item(event, self._noted_place(event)) | told) for event in earlier]
        return [*parts, self._part(self._items.item(last, self._noted_place(last), earlier))]

    def get(self, event_id: str) -> Event | None:
        """Return the event of this id."""
        if address := address_of(event_id):
            item = self.reader.item(Place(address.occurred, address.shard, event_id))
            if item is None:
                return None
            place = moved_to(item, event_id)
        else:
            item, place = None, self._claimed(event_id)
        if place:
            item = self.reader.item(place)
        return self._items.event(item) if item else None

    def get_many(self, event_ids: Sequence[str]) -> Sequence[Event]:
        """Return the events of these ids, as far as there are such."""
        ids = list(dict.fromkeys(event_ids))
        if len(ids) <= 1:
            return [event for id_ in ids if (event := self.get(id_))]
        with ThreadPoolExecutor(min(WRITERS, len(ids))) as pool:
            return [event for event in pool.map(self.get, ids) if event]

    def newest(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of events, newest `occurred` first, then by id."""
        after = _read_cursor(cursor) if cursor else None
        scan = self.scan(Span(BEGINNING, END, after=after, size=limit))
        found = list(islice((one for one in scan if isinstance(one, Event)), limit))
        return Page(found, _cursor(found[-1]) if len(found) == limit else None)

    def scan(self, span: Span) -> Scan:
        """Go through events in order of `occurred`, then id; tells before it asks the tables again."""
        return self.reader.scan(span)

    def tallies(
        self, since: datetime, until: datetime, *, names: bool = False, reading: int = 0
    ) -> "Mapping[datetime, Tally | None]":
        """Return the hours of a time that hold events, oldest first; None where that takes reading too many events."""
        left = reading

        def open_hour(period: Period) -> Tally | None:
            nonlocal left
            tally, read = self.reader.tally_of_open(period, names, left) if left > 0 else (None, 0)
            left -= read
            return tally

        return self.digests.tallies(since, until, open_hour, names=names)

    def arrived(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Yield the events that were received in [since, until], in any order, some perhaps twice."""
        return self.arrivals.between(since, until)

    def between(self, start: datetime, end: datetime, resource_id: str | None = None) -> Iterator[Event]:
        """Yield the stored events that occurred in [start, end), strongly consistent, oldest first within each hour."""
        return self.reader.between(start, end, resource_id)

    def _put(self, event: Event) -> Event | None:
        place: Place | None = self._own_place(event)
        for _ in range(TRIES):
            if place is None:
                place = self._claim(event)
                if place is None:
                    return None
                if event.occurred != place.occurred:
                    event = replace(event, occurred=place.occurred)
                    self._note([(event, place.shard)])
            self.hours.note(place.hour, self._shards)
            there = self._put_new(self._events, self._items.item(event, place))
            if there is None:
                return event
            if (moved := moved_to(there, event.id)) is None:
                return None
            place, event = moved, replace(event, occurred=moved.occurred)
        raise Transient(f"event {event.id} is being stored by somebody else")

    def _noted_place(self, event: Event) -> Place:
        place = self._own_place(event)
        if place is None:
            raise ValueError(f"event {event.id} was not made here")
        self._note([(event, place.shard)])
        self.hours.note(place.hour, self._shards)
        return place

    def _part(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self._events, "Item": item, "ConditionExpression": NEW}}

    def _note(self, events: Sequence[tuple[Event, int]]) -> None:
        """Note those of some events that would be passed over: odd ones, and those that are stored late."""
        self._notes.note(events)
        self.layers.note_late([event for event, _ in events])

    def _shard_of(self, event: Event) -> int:
        return shard_of(event.resource_id, self._shards)

    def latest(self, start: datetime, end: datetime) -> "Mapping[int, datetime]":
        """Return by shard when the last of the stored events in [start, end) occurred, strongly consistent."""
        return self.reader.latest(start, end)

    def _own_place(self, event: Event) -> Place | None:
        """Return the place that an event's id says, if that is where the event belongs."""
        address = address_of(event.id)
        if address is None or address.occurred != event.occurred or address.shard != self._shard_of(event):
            return None
        return Place(address.occurred, address.shard, event.id)

    def _claim(self, event: Event) -> Place | None:
        """Claim the id of an event for the place where it belongs; return the place that is claimed for it.

        None where the event of this id stands where the id says.
        """
        place = Place(event.occurred, self._shard_of(event), event.id)
        if address := address_of(event.id):
            own = Place(address.occurred, address.shard, event.id)
            there = self._put_new(self._events, self._items.claim(own, place))
            return place if there is None else moved_to(there, event.id)
        claim = {"occurred": text(iso(place.occurred)), "shard": number(place.shard)}
        expires = {"expires": number(self._items.expires())}
        there = self._put_new(self._state, _claim_key(event.id) | claim | expires)
        return place if there is None else _claimed_place(there, event.id)

    def _claimed(self, event_id: str) -> Place | None:
        with translated():
            answer = self._client.get_item(TableName=self._state, Key=_claim_key(event_id), ConsistentRead=True)
        return _claimed_place(answer["Item"], event_id) if "Item" in answer else None

    def _put_new(self, table: str, item: dict[str, Any]) -> Item | None:
        """Write an item where there is none; return the one that is there, None where it was written."""
        try:
            with translated():
                self._client.put_item(
                    TableName=table,
                    Item=item,
                    ConditionExpression=NEW,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if condition_failed(error):
                there: Item = error.response.get("Item") or {BODY: {}}  # type: ignore[assignment]
                return there
            raise
        return None


def _attempt(work: Callable[[], Event | None]) -> Event | Exception | None:
    try:
        return work()
    except WhenflowError as error:
        return error


def _cursor(event: Event) -> str:
    return base64.urlsafe_b64encode(json.dumps([iso(event.occurred), event.id]).encode()).decode()


def _read_cursor(text_: str) -> Position:
    try:
        occurred, id_ = json.loads(base64.urlsafe_b64decode(text_.encode()))
        return Position(parse_iso(occurred), str(id_))
    except (binascii.Error, ValueError, TypeError):
        raise Rejected("The page token is not one of this API's.") from None


def _claim_key(event_id: str) -> dict[str, Any]:
    return {"pk": text(f"event#{event_id}"), "sk": text(CLAIM)}


def _claimed_place(item: Item, event_id: str) -> Place:
    return Place(parse_iso(item["occurred"]["S"]), int(item["shard"]["N"]), event_id)
