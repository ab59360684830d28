"""Events as bytes, for the events table and whatever carries an event along."""

from collections.abc import Callable, Mapping
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


def _setter(field: str) -> Callable[[Event, Any], None]:
    """Return what sets a field of an event that is being made; a frozen class takes three times as long by itself."""
    setter: Callable[[Event, Any], None] = getattr(Event, field).__set__
    return setter


_set_id = _setter("id")
_set_occurred = _setter("occurred")
_set_event = _setter("event")
_set_resource = _setter("resource")
_set_related = _setter("related")
_set_payload = _setter("payload")
_set_follows = _setter("follows")
_set_received = _setter("received")


def from_stored(document: Mapping[str, Any]) -> Event:
    """Read an event that Whenflow itself wrote; nothing is checked again."""
    event = Event.__new__(Event)
    _set_id(event, document["id"])
    _set_occurred(event, parse_iso(document["occurred"]))
    _set_event(event, document["event"])
    _set_resource(event, document["resource"])
    _set_related(event, tuple(document["related"]))
    _set_payload(event, document["payload"])
    _set_follows(event, document["follows"])
    _set_received(event, parse_iso(document["received"]))
    return event
