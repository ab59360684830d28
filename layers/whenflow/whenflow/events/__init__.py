"""Events: what happened, to which resource, and what it is related to. Pure: no clock, no I/O."""

from whenflow.events.ids import Address, address_of, addressed_id, named_id
from whenflow.events.labels import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Labels
from whenflow.events.model import Event
from whenflow.events.times import iso, parse_iso
from whenflow.events.validation import check_size, event_from_document

__all__ = [
    "RESOURCE_ID",
    "RESOURCE_NAME",
    "RESOURCE_ROLE",
    "Address",
    "Event",
    "Labels",
    "address_of",
    "addressed_id",
    "check_size",
    "event_from_document",
    "iso",
    "named_id",
    "parse_iso",
]
