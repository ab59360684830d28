"""`emit_event`: tell that something happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from whenflow.events import RESOURCE_ID, Event, Labels, event_from_document, iso, parse_iso
from whenflow.flows import runtime
from whenflow.flows.context import current

CAUSAL_REACH = timedelta(minutes=5)


def emit_event(
    event: str,
    resource: Mapping[str, str],
    occurred: datetime | None = None,
    related: Sequence[Mapping[str, str]] = (),
    payload: Mapping[str, Any] | None = None,
    id: str | None = None,
    follows: Event | None = None,
) -> Event:
    """Store an event; in a flow or task, related to it.

    Args:
        event: The name, dotted and past tense: `custom.file_processed`.
        resource: Labels of what it happened to, with `prefect.resource.id`.
        occurred: When it happened, in UTC where it says no zone; now if left out.
        related: Labels of other resources, each with `prefect.resource.id` and `prefect.resource.role`.
        payload: Any JSON object.
        id: A UUID of your own: emitted again under the same one, the event is stored once.
        follows: The event that caused this one; kept if it is less than five minutes apart.

    Returns:
        The event as it was sent.

    Raises:
        Rejected: The event is not valid; each fault with its field.
    """
    context = current.get()
    backend = context.backend if context else runtime.outside()
    now = backend.clock.now()
    moment = parse_iso(iso(occurred)) if occurred else now
    made = event_from_document(
        {
            "id": id or backend.ids.event_id(moment, str(resource.get(RESOURCE_ID, ""))),
            "occurred": iso(moment),
            "event": event,
            "resource": dict(resource),
            "related": _with_context([dict(labels) for labels in related], resource),
            "payload": dict(payload or {}),
            "follows": follows.id if follows and abs(moment - follows.occurred) < CAUSAL_REACH else None,
        },
        now,
    )
    backend.put(made)
    return made


def _with_context(related: list[Labels], resource: Mapping[str, str]) -> list[Labels]:
    context = current.get()
    if context is None:
        return related
    named = {labels.get(RESOURCE_ID) for labels in (*related, resource)}
    return related + [labels for labels in context.related() if labels[RESOURCE_ID] not in named]
