"""Events as bytes, for the events table and whatever carries an event along."""

from collections.abc import Mapping
from typing import Any

from whenflow.documents import pack, unpack
from whenflow.events.model import Event
from whenflow.events.times import parse_iso


def encode(event: Event) -> bytes:
    """Turn an event into bytes."""
    return pack(event.as_document())


def decode(data: bytes) -> Event:
    """Turn what `encode` made back into the event."""
    return from_stored(unpack(data))


def from_stored(document: Mapping[str, Any]) -> Event:
    """Read an event that Whenflow itself wrote; nothing is checked again."""
    return Event(
        id=document["id"],
        occurred=parse_iso(document["occurred"]),
        event=document["event"],
        resource=document["resource"],
        related=tuple(document["related"]),
        payload=document["payload"],
        follows=document["follows"],
        received=parse_iso(document["received"]),
    )
