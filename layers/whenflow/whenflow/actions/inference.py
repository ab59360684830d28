"""What an action works on: the object that it selects, or the one that its event is about (SPEC 4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from whenflow.events import RESOURCE_ID, Event, Labels

NO_EVENT, NONE_FOUND = "no-event", "none-found"
FLOW_RUN = "flow-run"
KINDS = {
    "run-deployment": "deployment",
    "pause-deployment": "deployment",
    "resume-deployment": "deployment",
    "pause-work-pool": "work-pool",
    "resume-work-pool": "work-pool",
    "pause-work-queue": "work-queue",
    "resume-work-queue": "work-queue",
    "pause-automation": "automation",
    "resume-automation": "automation",
    "cancel-flow-run": FLOW_RUN,
    "suspend-flow-run": FLOW_RUN,
    "resume-flow-run": FLOW_RUN,
    "delete-flow-run": FLOW_RUN,
    "change-flow-run-state": FLOW_RUN,
}


@dataclass(frozen=True, slots=True)
class Target:
    """The object that an action works on.

    Attributes:
        kind: As in resource ids: `deployment`, `flow-run`, `work-pool`, `work-queue`, `automation`.
        id: Its id, lower case with dashes; None where there is none.
        error: Why there is none: `no-event` or `none-found`.
    """

    kind: str
    id: str | None
    error: str | None = None

    @property
    def reason(self) -> str:
        """What to tell people where there is none."""
        return f"No {self.kind.replace('-', ' ')} could be inferred"


def target_of(action: Mapping[str, Any], event: Event | None, labels: Mapping[str, str]) -> Target:
    """Return what an action works on.

    Args:
        action: As it is stored; its type is one of `KINDS`.
        event: The event that it is on, if there is one.
        labels: Those of the firing; they name a flow run before the event does, and nothing else.
    """
    kind = KINDS[action["type"]]
    if action.get("source") == "selected":
        return Target(kind, str(UUID(str(action[f"{kind.replace('-', '_')}_id"]))))
    if kind == FLOW_RUN and (named := id_in(labels.get(RESOURCE_ID, ""), kind)):
        return Target(kind, named)
    if event is None and kind != FLOW_RUN:
        return Target(kind, None, NO_EVENT)
    found = event and first_of(event, kind)
    id_ = id_in(found[RESOURCE_ID], kind) if found else None
    return Target(kind, id_, None if id_ else NONE_FOUND)


def first_of(event: Event, kind: str) -> Labels | None:
    """Return the first resource of a kind that an event involves, whatever its role; no other is looked at.

    What stands before the last dot of a resource's id is its kind.
    """
    return next((labels for labels in event.involved() if _kind_in(labels[RESOURCE_ID]) == f"prefect.{kind}"), None)


def id_in(resource_id: str, kind: str) -> str | None:
    """Return the UUID of `prefect.<kind>.<uuid>`, or nothing."""
    if _kind_in(resource_id) != f"prefect.{kind}":
        return None
    try:
        return str(UUID(resource_id.rpartition(".")[2]))
    except ValueError:
        return None


def _kind_in(resource_id: str) -> str:
    return resource_id.rpartition(".")[0]
