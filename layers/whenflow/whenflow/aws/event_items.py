"""Events as items of the events table: where each stands, what the item holds, how it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whenflow.aws.dynamo import number, text
from whenflow.aws.overflow import Overflow
from whenflow.documents import pack, unpack
from whenflow.errors import TooLarge
from whenflow.events import Event, check_size, iso, parse_iso
from whenflow.events.codec import from_stored
from whenflow.events.retention import Retention
from whenflow.ports import Clock

HOUR_CHARS = len("2026-11-20T21")
MAX_BODY_BYTES = 300_000  # a firing is an item too, and holds the event beside its actions
LAST_ID = "~"
BODY, OVERFLOW, MOVED = "body", "overflow", "moved"
TELLS, TOLD = "tells", "told"
"""Of events that one transaction stores, whose records the stream hands over in any order: the last one's item has the
ids of those before it (`TELLS`) and, in its body, what they say (`EARLIER`); theirs have its id (`TOLD`)."""
EARLIER = "earlier"
Item = Mapping[str, Any]


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
    def bucket(self) -> str:
        """The partition it stands in."""
        return f"{self.hour}#{self.shard}"

    @property
    def sort(self) -> str:
        """Its place in the partition."""
        return f"{iso(self.occurred)}#{self.id}"

    @property
    def key(self) -> dict[str, Any]:
        """Its primary key."""
        return {"bucket": text(self.bucket), "key": text(self.sort)}


def hour_of(occurred: datetime) -> str:
    """Return the hour that an event of this moment is stored under."""
    return iso(occurred)[:HOUR_CHARS]


def start_of(hour: str) -> datetime:
    """Return the beginning of an hour that events are stored under."""
    return parse_iso(f"{hour}:00:00.000000Z")


def place_of(item: Item) -> Place:
    """Return where an item stands."""
    occurred, _, id_ = item["key"]["S"].partition("#")
    return Place(parse_iso(occurred), int(item["bucket"]["S"].rpartition("#")[2]), id_)


def moved_to(item: Item, event_id: str) -> Place | None:
    """Return the place that a claim in the events table names, where the item is a claim."""
    if MOVED not in item:
        return None
    occurred, _, shard = item[MOVED]["S"].partition("#")
    return Place(parse_iso(occurred), int(shard), event_id)


class EventItems:
    """Writes and reads the items."""

    def __init__(self, overflow: Overflow | None, retention: Retention, clock: Clock) -> None:
        """Put what is too large there; without such a place it is kept nowhere."""
        self._overflow = overflow
        self._retention = retention
        self._clock = clock

    def item(self, event: Event, place: Place, earlier: Sequence[Event] = ()) -> dict[str, Any]:
        """Return the item of an event; what is too large for it is put aside first.

        Args:
            event: The event.
            place: Where it stands.
            earlier: Events that its record in the stream tells of as well, before it.
        """
        told = [one.as_document() for one in earlier]
        content = bodies(
            event.as_document() | ({EARLIER: told} if told else {}), self._overflow, event.id, MAX_BODY_BYTES
        )
        if OVERFLOW in content:
            check_size(event)
        tells = {TELLS: text(" ".join(one.id for one in earlier))} if told else {}
        return place.key | content | tells | {"expires": number(self._expires(event.event))}

    def claim(self, at: Place, place: Place) -> dict[str, Any]:
        """Return the item that claims an id of ours for an event that stands elsewhere."""
        moved = text(f"{iso(place.occurred)}#{place.shard}")
        return at.key | {MOVED: moved, "expires": number(self.expires())}

    def expires(self) -> int:
        """Return when something that is stored now is forgotten, as DynamoDB writes it."""
        return int((self._clock.now() + self._retention.whole).timestamp())

    def event(self, item: Item) -> Event | None:
        """Return the event of an item; None where it is a claim, or has expired and is only not yet removed."""
        if BODY not in item or int(item["expires"]["N"]) <= self._clock.now().timestamp():
            return None
        return from_stored(whole_document(item, self._overflow))

    def _expires(self, name: str) -> int:
        return int((self._clock.now() + self._retention.of(name)).timestamp())


def bodies(document: Mapping[str, Any], overflow: Overflow | None, id_: str, at_most: int) -> dict[str, Any]:
    """Return the attributes that hold a document, or that say where it was put aside.

    Raises:
        TooLarge: It fits no item, and there is no place to put it aside.
    """
    data = pack(document)
    if len(data) <= at_most:
        return {BODY: {"B": data}}
    if overflow is None:
        raise TooLarge(f"It has {len(data):,} bytes when compressed; without a bucket at most {at_most:,} are stored.")
    return {BODY: {"B": pack({"id": id_})}, OVERFLOW: text(overflow.keep(id_, data))}


def whole_document(item: Item, overflow: Overflow | None) -> dict[str, Any]:
    """Return the document of an item, fetched from where it was put aside if need be.

    Raises:
        LookupError: It was put aside, and nobody said where.
    """
    if OVERFLOW not in item:
        return unpack(item[BODY]["B"])
    if overflow is None:
        raise LookupError("this document was put aside, and no bucket is set")
    return unpack(overflow.fetch(item[OVERFLOW]["S"]))
