"""What an action works on: selected by its id, or inferred from the event (SPEC 4.2)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from whenflow.actions.outcome import ActionFailed
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Labels

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
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


def target_id(action: Mapping[str, Any], kind: str, event: Event | None) -> str:
    """Return the id of what an action is on.

    Raises:
        ActionFailed: None is selected, and the event is about none.
    """
    if action["source"] == "selected":
        return str(action[f"{kind.replace('-', '_')}_id"])
    return inferred(kind, event)


def inferred(kind: str, event: Event | None, first: str | None = None) -> str:
    """Return the id in the first resource that is of a kind.

    Args:
        kind: As it stands in resource ids: `flow-run`.
        event: Whose resources are looked at: the primary one, then the related in order.
        first: A resource id that is looked at before those.

    Raises:
        ActionFailed: There is none.
    """
    involved = [labels[RESOURCE_ID] for labels in event.involved()] if event else []
    for resource_id in ([first] if first else []) + involved:
        if found := _pattern(kind).fullmatch(resource_id):
            return found[1].lower()
    raise ActionFailed(f"No {kind.replace('-', ' ')} could be inferred")


@lru_cache(maxsize=16)
def _pattern(kind: str) -> re.Pattern[str]:
    return re.compile(rf"prefect\.{re.escape(kind)}\.({UUID})", re.IGNORECASE)
