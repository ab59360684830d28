"""From a document that somebody sent to an event, or to a list of what is wrong with it."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError

from whenflow.documents import is_deeper, openings
from whenflow.errors import Fault, Rejected, TooLarge
from whenflow.events.labels import RESOURCE_ID, RESOURCE_ROLE, Labels
from whenflow.events.limits import MAX_DEPTH, MAX_EVENT_BYTES, MAX_LABELS, MAX_NAME_CHARS, MAX_RELATED
from whenflow.events.model import Event

TELLS_OF_CHANGES = re.compile(r"whenflow\.[a-z-]+\.(?:created|updated|deleted)")
"""The events that say who changed what is set up: were anybody to send them, the feed could accuse somebody."""


def _check_resource(labels: Labels) -> Labels:
    if not labels.get(RESOURCE_ID):
        raise ValueError(f"Resources must include the {RESOURCE_ID} label, and it must not be empty")
    if len(labels) > MAX_LABELS:
        raise ValueError(f"The maximum number of labels per resource is {MAX_LABELS}")
    return labels


def _check_related(labels: Labels) -> Labels:
    if not labels.get(RESOURCE_ROLE):
        raise ValueError(f"Related resources must include the {RESOURCE_ROLE} label, and it must not be empty")
    return _check_resource(labels)


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("In UTC this moment is outside of the calendar") from None


Instant = Annotated[datetime, AfterValidator(_in_utc)]
Resource = Annotated[dict[str, StrictStr], AfterValidator(_check_resource)]
Related = Annotated[dict[str, StrictStr], AfterValidator(_check_related)]


class EventDocument(BaseModel):
    """An event as a client sends it; unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    occurred: Instant
    event: StrictStr = Field(max_length=MAX_NAME_CHARS)
    resource: Resource
    related: list[Related] = Field(default=[], max_length=MAX_RELATED)
    payload: dict[str, Any] = Field(default={})
    follows: UUID | None = None


def event_from_document(document: object, received: datetime) -> Event:
    """Check a document and make it an event.

    Args:
        document: What a client sent, already parsed from JSON.
        received: When it arrived; what the document itself says of that is ignored.

    Raises:
        Rejected: With every fault and its place.
        TooLarge: The event is over the size limit.
    """
    try:
        checked = EventDocument.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid event.", faults_of(error)) from None
    event = Event(
        id=str(checked.id),
        occurred=checked.occurred,
        event=checked.event,
        resource=checked.resource,
        related=tuple(checked.related),
        payload=checked.payload,
        follows=str(checked.follows) if checked.follows else None,
        received=received,
    )
    check_size(event)
    return event


def event_from_outside(document: object, received: datetime) -> Event:
    """Check what somebody sent who is not Whenflow itself, and make it an event.

    Raises:
        Rejected: With every fault and its place; also where it would tell of a change of what is set up.
        TooLarge: The event is over the size limit.
    """
    event = event_from_document(document, received)
    if TELLS_OF_CHANGES.fullmatch(event.event):
        reason = "only Whenflow itself tells by such an event who changed what is set up; choose another name"
        raise Rejected("This is not a valid event.", [Fault(("event",), reason)])
    return event


def check_size(event: Event) -> None:
    """Refuse an event that is over the size limit, too deep, or has no form in JSON.

    Raises:
        TooLarge: With the size and the limit.
        Rejected: The payload has no form in JSON, or is nested too deeply.
    """
    size = len(_json_of(event).encode("utf-8", "replace"))
    if size > MAX_EVENT_BYTES:
        raise TooLarge(f"The event has {size:,} bytes as JSON; the limit is {MAX_EVENT_BYTES:,}.")


def _json_of(event: Event) -> str:
    try:
        text = json.dumps(event.as_document(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise _bad_payload("nested too deeply", "too_deep") from None
    except (TypeError, ValueError) as error:
        raise _bad_payload(str(error), "json_type") from None
    if openings(text) > MAX_DEPTH and is_deeper(event.payload, MAX_DEPTH):
        raise _bad_payload(f"more than {MAX_DEPTH} objects and lists inside each other", "too_deep")
    return text


def _bad_payload(reason: str, type_: str) -> Rejected:
    return Rejected("This is not a valid event.", [Fault(("payload",), reason, type_)])


def faults_of(error: ValidationError, prefix: tuple[str | int, ...] = ()) -> list[Fault]:
    """Translate pydantic's complaints, without echoing the input back."""
    return [
        Fault(prefix + tuple(item["loc"]), item["msg"], item["type"])
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
