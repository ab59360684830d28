"""Events in DynamoDB (docs/data-model.md: `events`, `state`).

An event is stored once per id. An id made here says where its event stands, so one conditional write does it. Any
other id is claimed first, in the state table: the claim keeps the place that the first delivery chose, and every later
delivery of the id goes to that place and finds the event, or finishes what a crash left undone. The claim is the index
by id as well.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.calendar import NO_END, Calendar
from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.errors import Rejected
from whenflow.events import Event, address_of, iso, parse_iso
from whenflow.events.codec import from_stored
from whenflow.events.ids import shard_of
from whenflow.ports import Clock, Page

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

HOUR_CHARS = len("2026-11-20T21")
FEED = "feed"
CLAIM = "claim"
NEW = "attribute_not_exists(body)"
MAX_EVENT_BYTES = 300_000  # a firing is an item too, and holds the event beside its actions


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands: hour and shard, then time and id."""

    occurred: datetime
    shard: int
    id: str

    @property
    def hour(self) -> str:
        """The hour it belongs to."""
        return hour_of(self.occurred)

    @property
    def key(self) -> dict[str, Any]:
        """Its primary key."""
        return {"bucket": text(f"{self.hour}#{self.shard}"), "key": text(f"{iso(self.occurred)}#{self.id}")}


class DynamoEventStore:
    """The event store."""

    def __init__(
        self,
        client: "DynamoDBClient",
        events_table: str,
        state_table: str,
        shards: int,
        retention_days: int,
        clock: Clock,
    ) -> None:
        """Work on these tables."""
        self._client = client
        self._events = events_table
        self._state = state_table
        self._shards = shards
        self._retention = timedelta(days=retention_days)
        self._clock = clock
        self._hours = self.calendar(FEED, self._retention)

    def calendar(self, name: str, kept: timedelta) -> Calendar:
        """Return the calendar of this name in the state table, for things that are kept this long."""
        return Calendar(self._client, self._state, name, kept, self._clock)

    def put(self, event: Event) -> Event | None:
        """Store an event once per id; return it as stored, or None where it is stored already."""
        place = self._own_place(event)
        if place is None:
            place = self._claim(event)
            event = replace(event, occurred=place.occurred)
        self._hours.note(place.hour, self._shards)
        try:
            with translated():
                self._client.put_item(TableName=self._events, Item=self._item(event, place), ConditionExpression=NEW)
        except ClientError as error:
            if condition_failed(error):
                return None
            raise
        return event

    def put_in_transaction(self, event: Event) -> dict[str, Any]:
        """Return the part of a transaction that stores an event made here."""
        place = self._own_place(event)
        if place is None:
            raise ValueError(f"event {event.id} was not made here")
        self._hours.note(place.hour, self._shards)
        return {"Put": {"TableName": self._events, "Item": self._item(event, place), "ConditionExpression": NEW}}

    def get(self, event_id: str) -> Event | None:
        """Return the event of this id."""
        address = address_of(event_id)
        if address and (event := self._read(Place(address.occurred, address.shard, event_id))):
            return event
        with translated():
            claimed = self._client.get_item(TableName=self._state, Key=_claim_key(event_id), ConsistentRead=True)
        place = _claimed_place(claimed["Item"], event_id) if "Item" in claimed else None
        return self._read(place) if place else None

    def newest(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of events, newest `occurred` first, then by id."""
        before = _read_cursor(cursor) if cursor else None
        found: list[Event] = []
        for hour, shards in self._hours.periods(hour_of(before.occurred) if before else NO_END):
            found.extend(self._newest_of_hour(hour, shards, limit - len(found), before))
            if len(found) >= limit:
                return Page(found, _cursor(found[-1]))
        return Page(found, None)

    def between(self, start: datetime, end: datetime, resource_id: str | None = None) -> Iterator[Event]:
        """Yield the stored events that occurred in [start, end), strongly consistent, oldest first within each hour."""
        for hour, shards in self._hours_between(start, end):
            own = {shard_of(resource_id, count) for count in (shards, self._shards)} if resource_id is not None else ()
            for shard in sorted(own) or range(shards):
                for event in self._of_bucket(f"{hour}#{shard}", iso(start), iso(end)):
                    if resource_id is None or event.resource_id == resource_id:
                        yield event

    def latest(self, start: datetime, end: datetime) -> Mapping[int, datetime]:
        """Return by shard when the last of the stored events in [start, end) occurred, strongly consistent."""
        found: dict[int, datetime] = {}
        for hour, shards in reversed(self._hours_between(start, end)[-2:]):
            for shard in range(shards):
                if shard not in found and (last := self._last_of_bucket(f"{hour}#{shard}", iso(start), iso(end))):
                    found[shard] = last
        return found

    def _last_of_bucket(self, bucket: str, start: str, end: str) -> datetime | None:
        with translated():
            answer = self._client.query(
                TableName=self._events,
                KeyConditionExpression="#b = :bucket AND #k BETWEEN :start AND :end",
                ExpressionAttributeNames={"#b": "bucket", "#k": "key"},
                ExpressionAttributeValues={":bucket": text(bucket), ":start": text(start), ":end": text(end)},
                ProjectionExpression="#k",
                ScanIndexForward=False,
                Limit=1,
                ConsistentRead=True,
            )
        return parse_iso(answer["Items"][0]["key"]["S"].partition("#")[0]) if answer["Items"] else None

    def _own_place(self, event: Event) -> Place | None:
        """Return the place that an event's id says, if that is where the event belongs."""
        address = address_of(event.id)
        shard = shard_of(event.resource_id, self._shards)
        if address is None or address.occurred != event.occurred or address.shard != shard:
            return None
        return Place(address.occurred, address.shard, event.id)

    def _claim(self, event: Event) -> Place:
        place = Place(event.occurred, shard_of(event.resource_id, self._shards), event.id)
        claim = {
            "occurred": text(iso(place.occurred)),
            "shard": number(place.shard),
            "expires": number(self._expires()),
        }
        try:
            with translated():
                self._client.put_item(
                    TableName=self._state,
                    Item=_claim_key(event.id) | claim,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if not condition_failed(error):
                raise
            return _claimed_place(error.response["Item"], event.id)  # type: ignore[typeddict-item]
        return place

    def _item(self, event: Event, place: Place) -> dict[str, Any]:
        return place.key | {"body": body(event.as_document(), MAX_EVENT_BYTES), "expires": number(self._expires())}

    def _expires(self) -> int:
        return int((self._clock.now() + self._retention).timestamp())

    def _read(self, place: Place) -> Event | None:
        with translated():
            answer = self._client.get_item(TableName=self._events, Key=place.key, ConsistentRead=True)
        return from_stored(document(answer["Item"])) if "Item" in answer else None

    def _hours_between(self, start: datetime, end: datetime) -> list[tuple[str, int]]:
        values = {":feed": text(FEED), ":first": text(hour_of(start)), ":last": text(hour_of(end))}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._state,
            KeyConditionExpression="pk = :feed AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
        )
        with translated():
            return [(item["sk"]["S"], int(item["shards"]["N"])) for page in pages for item in page["Items"]]

    def _of_bucket(self, bucket: str, start: str, end: str) -> Iterator[Event]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._events,
            KeyConditionExpression="#b = :bucket AND #k BETWEEN :start AND :end",
            ExpressionAttributeNames={"#b": "bucket", "#k": "key"},
            ExpressionAttributeValues={":bucket": text(bucket), ":start": text(start), ":end": text(end)},
            ConsistentRead=True,
        )
        with translated():
            for page in pages:
                yield from (from_stored(document(item)) for item in page["Items"])

    def _newest_of_hour(self, hour: str, shards: int, limit: int, before: "Cursor | None") -> Sequence[Event]:
        found: list[Event] = []
        for shard in range(shards):
            found.extend(islice(self._newest_of_bucket(f"{hour}#{shard}", limit, before), limit))
        return sorted(found, key=lambda event: (event.occurred, event.id), reverse=True)[:limit]

    def _newest_of_bucket(self, bucket: str, limit: int, before: "Cursor | None") -> Iterator[Event]:
        names, values = {"#b": "bucket"}, {":bucket": text(bucket)}
        if before:
            names["#k"], values[":before"] = "key", text(f"{iso(before.occurred)}#{before.id}")
        start: Mapping[str, Any] = {}
        while True:
            with translated():
                answer = self._client.query(
                    TableName=self._events,
                    KeyConditionExpression="#b = :bucket" + (" AND #k < :before" if before else ""),
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=values,
                    ScanIndexForward=False,
                    Limit=limit,
                    **start,
                )
            yield from (from_stored(document(item)) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def hour_of(occurred: datetime) -> str:
    """Return the hour that an event of this moment is stored under."""
    return iso(occurred)[:HOUR_CHARS]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last event of a page; the next page starts after it."""

    occurred: datetime
    id: str


def _cursor(event: Event) -> str:
    return base64.urlsafe_b64encode(json.dumps([iso(event.occurred), event.id]).encode()).decode()


def _read_cursor(text_: str) -> Cursor:
    try:
        occurred, id_ = json.loads(base64.urlsafe_b64decode(text_.encode()))
        return Cursor(parse_iso(occurred), str(id_))
    except (binascii.Error, ValueError, TypeError):
        raise Rejected("The page token is not one of this API's.") from None


def _claim_key(event_id: str) -> dict[str, Any]:
    return {"pk": text(f"event#{event_id}"), "sk": text(CLAIM)}


def _claimed_place(item: Mapping[str, Any], event_id: str) -> Place:
    return Place(parse_iso(item["occurred"]["S"]), int(item["shard"]["N"]), event_id)
