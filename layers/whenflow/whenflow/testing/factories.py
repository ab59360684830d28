"""Events and automations for tests: say what matters, the rest is filled in."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from whenflow.automations.model import Automation, automation_from_document, with_identity
from whenflow.events import RESOURCE_ID, Event, named_id
from whenflow.testing.doubles import START


def an_event(
    name: str = "order.placed",
    resource: str | Mapping[str, str] = "order.1",
    *,
    id: str | None = None,
    occurred: datetime = START,
    related: Iterable[Mapping[str, str]] = (),
    payload: Mapping[str, Any] | None = None,
    follows: str | None = None,
) -> Event:
    """Return an event.

    Args:
        name: Its name.
        resource: Id of its resource, or all its labels.
        id: A UUID; derived from the rest if left out, so equal events have equal ids.
        occurred: When.
        related: Labels of the related resources.
        payload: Any JSON object.
        follows: Id of the event before it.
    """
    labels = {RESOURCE_ID: resource} if isinstance(resource, str) else dict(resource)
    return Event(
        id=id or named_id("test-event", name, labels[RESOURCE_ID], occurred.isoformat()),
        occurred=occurred,
        event=name,
        resource=labels,
        related=tuple(dict(one) for one in related),
        payload=dict(payload or {}),
        follows=follows,
        received=occurred,
    )


def an_automation(
    name: str = "on order",
    *,
    actions: Iterable[Mapping[str, Any]] = ({"type": "do-nothing"},),
    enabled: bool = True,
    **trigger: Any,
) -> Automation:
    """Return an automation with an event trigger.

    Args:
        name: Its name; its id is derived from it.
        actions: Its actions, as documents.
        enabled: Whether it is evaluated.
        trigger: Fields of the trigger that differ from an immediate one that expects `order.placed`.
    """
    document = {
        "name": name,
        "enabled": enabled,
        "trigger": {"type": "event", "posture": "Reactive", "expect": ["order.placed"], **trigger},
        "actions": [dict(action) for action in actions],
    }
    return with_identity(automation_from_document(document), named_id("test-automation", name), START, START)
