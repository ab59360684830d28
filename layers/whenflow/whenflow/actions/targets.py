"""What an action works on, by its id, and as a resource in the events that tell of the action."""

from collections.abc import Mapping
from typing import Any

from whenflow.actions.inference import target_of
from whenflow.actions.outcome import ActionFailed
from whenflow.automations.firing import Firing
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Labels

SELECTING = {
    "deployment_id": ("deployment", "target"),
    "work_pool_id": ("work-pool", "target"),
    "work_queue_id": ("work-queue", "target"),
    "automation_id": ("automation", "target"),
    "block_document_id": ("block-document", "block"),
}
"""The fields by which actions select something: its kind, and its role in the events that tell of the action."""


def labels_of(kind: str, id_: str, role: str, name: str | None = None) -> Labels:
    """Return a thing of Whenflow's own as a related resource."""
    labels = {RESOURCE_ID: f"prefect.{kind}.{id_}", RESOURCE_ROLE: role}
    return labels | {RESOURCE_NAME: name} if name else labels


def selected(action: Mapping[str, Any]) -> tuple[Labels, ...]:
    """Return the resources that an action selects by their ids."""
    return tuple(
        labels_of(kind, str(action[field]), role) for field, (kind, role) in SELECTING.items() if action.get(field)
    )


def target_id(action: Mapping[str, Any], firing: Firing, event: Event | None) -> str:
    """Return the id of what an action is on.

    Raises:
        ActionFailed: None is selected, and neither the firing nor the event is about one.
    """
    target = target_of(action, event, firing.labels)
    if target.id is None:
        raise ActionFailed(target.reason)
    return target.id
