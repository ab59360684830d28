"""Events in the order in which they came in, for those who watch (docs/decisions/0013).

Most events come in as they occur: they are among the newest by `occurred`. One that occurred much earlier, or later, is
noted by the minute in which it came in; those of one batch in one row.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

from whenflow.aws.dynamo import number, text, translated
from whenflow.aws.event_items import Place, start_of
from whenflow.documents import pack, unpack
from whenflow.events import Event, iso, parse_iso
from whenflow.events.reading import HOUR, MICROSECOND
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.aws.event_reader import EventReader

LATE = timedelta(seconds=30)
EARLY = timedelta(seconds=5)
KEPT = timedelta(hours=2)
SPREAD = timedelta(seconds=30)
"""How far apart the events of one note may have been received; what waited for longer is stored late."""
MINUTE = timedelta(minutes=1)
MINUTE_CHARS = len("2026-11-20T21:57")


class ArrivalNotes:
    """Notes of odd arrivals."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Keep them in this table."""
        self._client = client
        self._table = table
        self._clock = clock

    def note(self, events: Sequence[tuple[Event, int]]) -> None:
        """Note those of some events, given with their shards, that nobody would look for among the newest.

        They are noted before they are stored: a note without its event does no harm.
        """
        odd = [(event, shard) for event, shard in events if is_odd(event)]
        if not odd:
            return
        first = odd[0][0]
        noted = [[iso(event.occurred), shard, event.id, iso(event.received)] for event, shard in odd]
        packed = pack({"events": noted})
        item: dict[str, Any] = {
            "pk": text(_minute_key(first.received)),
            "sk": text(f"{iso(first.received)}#{first.id}#{crc32(packed):08x}"),  # one of them may be noted elsewhere
            "body": {"B": packed},
            "expires": number(int((self._clock.now() + KEPT).timestamp())),
        }
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def received_in(self, since: datetime, until: datetime) -> dict[Place, frozenset[datetime]]:
        """Return the noted places whose events were received in [since, until), each with when that was.

        One that was delivered several times was received as often; its event tells which delivery was stored.
        """
        found: dict[Place, frozenset[datetime]] = {}
        latest = min(until + SPREAD, max(until, self._clock.now()))
        for place, received in self._between(since - SPREAD, latest):
            if since <= received < until:
                found[place] = found.get(place, frozenset()) | {received}
        return found

    def _between(self, since: datetime, until: datetime) -> Iterator[tuple[Place, datetime]]:
        """Yield the places of notes of which the first event was received in [since, until]."""
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
                        for occurred, shard, id_, received in unpack(item["body"]["B"])["events"]:
                            yield Place(parse_iso(occurred), shard, id_), parse_iso(received)
            minute += MINUTE


class Arrivals:
    """Knows what came in when."""

    def __init__(self, notes: ArrivalNotes, reader: "EventReader") -> None:
        """Work on these notes, and read events with this reader."""
        self._notes = notes
        self._reader = reader

    def between(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Yield the events that were received in [since, until], in any order."""
        within = self._reader.received(since, until, (since - LATE, until + EARLY))
        yield from (event for _, event in within)
        for _, event in self._reader.held_at(self._notes.received_in(since, until + MICROSECOND)):
            if since <= event.received <= until and is_odd(event):
                yield event

    def of_hour(self, hour: str, since: datetime, until: datetime) -> Iterator[tuple[Place, Event]]:
        """Yield the events of an hour that were received in [since, until), with their places, each once."""
        start, end = start_of(hour), until - MICROSECOND
        low, high = max(since - LATE, start), min(end + EARLY, start + HOUR - MICROSECOND)
        for place, event in self._reader.received(since, end, (low, high)) if low <= high else ():
            if not is_odd(event):
                yield place, event
        noted = {place: at for place, at in self._notes.received_in(since, until).items() if place.hour == hour}
        for place, event in self._reader.held_at(noted):
            if event.received in noted[place]:  # else this was a later delivery
                yield place, event


def is_odd(event: Event) -> bool:
    """Tell whether an event came in at another time than it occurred."""
    return event.received - event.occurred > LATE or event.occurred - event.received > EARLY


def _minute_key(moment: datetime) -> str:
    return f"arrived#{iso(moment)[:MINUTE_CHARS]}"
