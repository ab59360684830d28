"""Events in the order in which they came in, for those who watch (docs/decisions/0013).

Most events come in as they occur: they are among the newest by `occurred`. One that occurred much earlier, or later, is
noted by the minute in which it came in; those of one batch in one row.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from whenflow.aws.dynamo import number, text, translated
from whenflow.aws.event_items import Place
from whenflow.documents import pack, unpack
from whenflow.events import Event, iso, parse_iso
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.aws.event_reader import EventReader

LATE = timedelta(seconds=30)
EARLY = timedelta(seconds=5)
KEPT = timedelta(hours=2)
MINUTE = timedelta(minutes=1)
MINUTE_CHARS = len("2026-11-20T21:57")


class Arrivals:
    """Knows what came in when."""

    def __init__(self, client: "DynamoDBClient", table: str, reader: "EventReader", clock: Clock) -> None:
        """Keep notes in this table, and read events with this reader."""
        self._client = client
        self._table = table
        self._reader = reader
        self._clock = clock

    def note(self, events: Sequence[tuple[Event, int]]) -> None:
        """Note those of some events, given with their shards, that nobody would look for among the newest.

        They are noted before they are stored: a note without its event does no harm.
        """
        odd = [(event, shard) for event, shard in events if is_odd(event)]
        if not odd:
            return
        first = odd[0][0]
        noted = [[iso(event.occurred), shard, event.id] for event, shard in odd]
        item: dict[str, Any] = {
            "pk": text(_minute_key(first.received)),
            "sk": text(f"{iso(first.received)}#{first.id}"),
            "body": {"B": pack({"events": noted})},
            "expires": number(int((self._clock.now() + KEPT).timestamp())),
        }
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def between(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Yield the events that were received in [since, until], in any order."""
        yield from self._reader.received(since, until, (since - LATE, until + EARLY))
        for event in self._reader.events_of(self._noted(since, until)):
            if since <= event.received <= until and is_odd(event):
                yield event

    def _noted(self, since: datetime, until: datetime) -> Iterator[Place]:
        minute = since.replace(second=0, microsecond=0)
        while minute <= until:
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :minute AND sk BETWEEN :since AND :until",
                ExpressionAttributeValues={
                    ":minute": text(_minute_key(minute)),
                    ":since": text(iso(since)),
                    ":until": text(f"{iso(until)}#~"),
                },
            )
            with translated():
                for page in pages:
                    for item in page["Items"]:
                        for occurred, shard, id_ in unpack(item["body"]["B"])["events"]:
                            yield Place(parse_iso(occurred), shard, id_)
            minute += MINUTE


def is_odd(event: Event) -> bool:
    """Tell whether an event came in at another time than it occurred."""
    return event.received - event.occurred > LATE or event.occurred - event.received > EARLY


def _minute_key(moment: datetime) -> str:
    return f"arrived#{iso(moment)[:MINUTE_CHARS]}"
