"""The events that tell what an automation did (SPEC 1.7): triggered, and each action triggered, executed or failed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from whenflow.automations.firing import Firing
from whenflow.automations.model import RESOURCE_PREFIX
from whenflow.documents import pack
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Labels

CAUSAL_REACH = timedelta(minutes=5)
QUICKLY = timedelta(seconds=1)
OUTCOMES = ("executed", "failed")
MAX_SHOWN_BYTES = 64 * 1024
TRIGGERING_EVENT = "triggering-event"
AUTOMATION_TRIGGERED_EVENT = "automation-triggered-event"
INVOCATION = "invocation"
"""The label by which events of automations name their firing: what they set off is traced back by it."""


class EventIds(Protocol):
    """Knows the ids of events; `Ids` does."""

    def event_id_for(self, occurred: datetime, resource_id: str, *parts: str) -> str:
        """Return the id that an event of this moment and resource always has for these words."""
        ...


class Events(Protocol):
    """Knows the events that are stored; `EventStore` does."""

    def get(self, event_id: str) -> Event | None:
        """Return the event of this id."""
        ...


@dataclass(frozen=True, slots=True)
class Performed:
    """When an action was performed.

    Attributes:
        called: When it was called for first, whatever became of it then.
        ended: When it ended, the last time.
    """

    called: datetime
    ended: datetime


def automation_triggered(firing: Firing, ids: EventIds) -> Event:
    """Tell that an automation fired or resolved; the same firing always gives the same event."""
    resource = _automation(firing)
    return Event(
        id=_triggered_id(firing, ids),
        occurred=firing.triggered,
        event=f"prefect.automation.{'resolved' if firing.is_resolved else 'triggered'}",
        resource=resource,
        related=_triggering(firing),
        payload={
            "triggering_labels": dict(firing.labels),
            "triggering_event": _shown(firing.event) if firing.event else None,
            INVOCATION: firing.id,
            **({"triggering_value": firing.value} if firing.value is not None else {}),
        },
        received=firing.triggered,
    )


def action_triggered(
    firing: Firing, index: int, ids: EventIds, related: Sequence[Labels] = (), received: datetime | None = None
) -> Event:
    """Tell that an action was called for.

    Args:
        firing: What it is done for.
        index: Its place among the firing's actions.
        ids: Know the ids of events.
        related: The resources that it is to work on.
        received: When it was called for; when the automation fired, if left out.
    """
    return Event(
        id=_action_triggered_id(firing, index, ids),
        occurred=firing.triggered,
        event="prefect.automation.action.triggered",
        resource=_automation(firing) | {"prefect.trigger-type": firing.trigger_type},
        related=(*related, *_causes(firing, ids)),
        payload=_payload(firing, index),
        follows=firing.event.id if firing.event and _is_near(firing.event, firing.triggered) else None,
        received=received or firing.triggered,
    )


def action_ended(
    firing: Firing,
    index: int,
    outcome: str,
    when: "Performed",
    ids: EventIds,
    related: Sequence[Labels] = (),
    payload: Mapping[str, Any] | None = None,
) -> Event:
    """Tell that an action was `executed` or `failed`; told again, it is the same event.

    One that took no longer than a second bears the time at which it was called for. Its id says that time, so that one
    write stores it once; for any other time that takes two.
    """
    return Event(
        id=action_ended_id(firing, index, outcome, when.called, ids),
        occurred=when.called if when.ended - when.called <= QUICKLY else when.ended,
        event=f"prefect.automation.action.{outcome}",
        resource=_automation(firing) | {"prefect.trigger-type": firing.trigger_type},
        related=(*related, *_causes(firing, ids)),
        payload=_payload(firing, index) | dict(payload or {}),
        follows=_action_triggered_id(firing, index, ids),
        received=when.ended,
    )


def action_ended_id(firing: Firing, index: int, outcome: str, called: datetime, ids: EventIds) -> str:
    """Return the id of the event that tells that an action, first called for then, was `executed` or `failed`."""
    return ids.event_id_for(called, RESOURCE_PREFIX + firing.automation_id, "action", firing.id, str(index), outcome)


def ends_of(firing: Firing, index: int, events: Events, ids: EventIds) -> Mapping[str, str]:
    """Return by outcome the ids of the events that tell how an action ended, or would; none if it was never called for.

    The event that it was called for is read, as it says when that was first.
    """
    called = events.get(_action_triggered_id(firing, index, ids))
    if called is None:
        return {}
    return {outcome: action_ended_id(firing, index, outcome, called.received, ids) for outcome in OUTCOMES}


def firing_behind(event: Event) -> str | None:
    """Return the id of the firing that an event of an automation tells of; None where it is no such event."""
    told = event.payload.get(INVOCATION) if event.resource_id.startswith(RESOURCE_PREFIX) else None
    return told if isinstance(told, str) else None


def _shown(event: Event) -> dict[str, Any]:
    """Return the event, without a payload that would make this event too large as well; the feed has it by its id."""
    document = event.as_document()
    if len(pack(document)) > MAX_SHOWN_BYTES:
        document["payload"] = {}
    return document


def _automation(firing: Firing) -> Labels:
    labels = {RESOURCE_ID: RESOURCE_PREFIX + firing.automation_id, RESOURCE_NAME: firing.automation_name}
    return labels | {"prefect.posture": firing.posture} if firing.posture else labels


def _event_labels(event_id: str, role: str) -> Labels:
    return {RESOURCE_ID: f"prefect.event.{event_id}", RESOURCE_ROLE: role}


def _causes(firing: Firing, ids: EventIds) -> tuple[Labels, ...]:
    return (_event_labels(_triggered_id(firing, ids), AUTOMATION_TRIGGERED_EVENT), *_triggering(firing))


def _triggering(firing: Firing) -> tuple[Labels, ...]:
    return (_event_labels(firing.event.id, TRIGGERING_EVENT),) if firing.event else ()


def _is_near(event: Event, moment: datetime) -> bool:
    return abs(moment - event.occurred) < CAUSAL_REACH


def _payload(firing: Firing, index: int) -> dict[str, Any]:
    return {"action_index": index, "action_type": firing.actions[index]["type"], INVOCATION: firing.id}


def _triggered_id(firing: Firing, ids: EventIds) -> str:
    return ids.event_id_for(firing.triggered, RESOURCE_PREFIX + firing.automation_id, "triggered", firing.id)


def _action_triggered_id(firing: Firing, index: int, ids: EventIds) -> str:
    resource_id = RESOURCE_PREFIX + firing.automation_id
    return ids.event_id_for(firing.triggered, resource_id, "action-triggered", firing.id, str(index))
