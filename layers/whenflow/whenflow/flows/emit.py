"""`emit_event`: tell that something happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from whenflow.errors import TooLarge as EventTooLarge
from whenflow.events import RESOURCE_ID, Event, Labels, event_from_document, iso, parse_iso
from whenflow.flows import runtime
from whenflow.flows.context import current
from whenflow.flows.logs import get_run_logger
from whenflow.flows.outbox import EventsNotDelivered, outbox

__all__ = ["EventTooLarge", "EventsNotDelivered", "emit_event", "flush_events"]

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
    """Tell that something happened; in a flow or task, related to it.

    The event is checked here and now, and sent in the background. `flush_events` waits until it is stored; a process
    does so when it ends, and a flow before it is Completed. In a Lambda function outside of a flow the event is stored
    at once: nobody would wait for it.

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
        EventTooLarge: The event has more than 1,500,000 bytes as JSON.
        Rejected: The event is not valid; each fault with its field.
        Transient: In a Lambda function outside of a flow: the event could not be stored now.
        NotConnected: Nobody said where events should go.
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
    if context is None and runtime.freezes():
        backend.put(made)
    else:
        outbox.send(backend, made)
    return made


def flush_events(timeout: float | None = None) -> None:
    """Wait until every event emitted so far is stored.

    Args:
        timeout: For how many seconds at the most; without one, as long as events are tried.

    Raises:
        EventsNotDelivered: Some could not be stored, or not in this time; the error has them all.
    """
    outbox.flush(timeout)


def flush_what_is_left() -> None:
    """Wait for the events of what failed: its own failure is what is told."""
    try:
        flush_events()
    except EventsNotDelivered as error:
        get_run_logger().error("%s", error)


def _with_context(related: list[Labels], resource: Mapping[str, str]) -> list[Labels]:
    context = current.get()
    if context is None:
        return related
    named = {labels.get(RESOURCE_ID) for labels in (*related, resource)}
    return related + [labels for labels in context.related() if labels[RESOURCE_ID] not in named]
