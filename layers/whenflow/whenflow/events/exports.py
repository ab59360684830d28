"""Events as files hold them: one JSON object per line, as the API shows an event.

Files are long, so what is in order is read at little cost; the rest goes through the same checks as an event that a
client sends, and is refused with the same words.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from whenflow.errors import Rejected
from whenflow.events.ids import named_id
from whenflow.events.labels import RESOURCE_ID, Labels
from whenflow.events.model import Event
from whenflow.events.times import parse_iso
from whenflow.events.validation import event_from_document

UNKNOWN = datetime.min.replace(tzinfo=UTC)


def event_from_export(document: Any, *spare_id: object) -> Event:
    """Read an event from a file.

    Args:
        document: A line of it, parsed from JSON.
        spare_id: Words that an event without an id has its id of.

    Raises:
        Rejected: It is no event; says why.
    """
    try:
        event = _read(document, spare_id)
        if _is_in_order(event):
            return event
    except (LookupError, TypeError, ValueError, AttributeError):
        pass
    return _checked(document, spare_id)


def _read(document: Any, spare_id: tuple[object, ...]) -> Event:
    get = document.get
    occurred = parse_iso(document["occurred"])
    received = get("received")
    return Event(
        id=(get("id") or named_id(*map(str, spare_id))).lower(),
        occurred=occurred,
        event=document["event"],
        resource=document["resource"],
        received=parse_iso(received) if received else occurred,
        related=tuple(get("related") or ()),
        payload=get("payload") or {},
        follows=follows.lower() if (follows := get("follows")) else None,
    )


def _is_in_order(event: Event) -> bool:
    if not (event.event.__class__ is str and event.payload.__class__ is dict and _are_labels(event.resource)):
        return False
    return not event.related or all(map(_are_labels, event.related))


def _are_labels(labels: Labels) -> bool:
    """Tell whether something is labels.

    Raises:
        TypeError: A value is no text: only texts can be joined, and that is the quickest way to tell.
    """
    "".join(labels.values())
    return labels.__class__ is dict and bool(labels.get(RESOURCE_ID))


def _checked(document: Any, spare_id: tuple[object, ...]) -> Event:
    if not isinstance(document, dict):
        raise Rejected("an event is a JSON object")
    try:
        event = event_from_document({**document, "id": document.get("id") or named_id(*map(str, spare_id))}, UNKNOWN)
        received = document.get("received")
        return replace(event, received=parse_iso(received) if received else event.occurred)
    except Rejected as error:
        faults = [f"{'.'.join(map(str, fault.loc))}: {fault.msg}" for fault in error.faults]
        raise Rejected("; ".join(faults) or error.reason) from None
    except (TypeError, ValueError):
        raise Rejected("received: not a time such as 2026-11-20T12:00:00Z") from None
