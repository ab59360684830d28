"""Pause and resume: deployments, work pools, work queues, automations.

Whether something is paused is stored with it, in one transaction with the event that tells of it. The id of that event
comes of the firing: it is there if this very action did its work, whoever has switched back since.
"""

from collections.abc import Callable, Mapping
from typing import Any

from whenflow.actions.outcome import ActionFailed, Executed, not_there
from whenflow.actions.targets import labels_of, target_id
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.automations.registry import SwitchedBy
from whenflow.deployments.pools import POOL, QUEUE, read_work_pool, read_work_queue, store
from whenflow.errors import NotFound, Rejected, Stale, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event, iso
from whenflow.ports import Stored

DEPLOYMENT = "deployment"
TRIES = 8


def switch_deployment(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Pause or resume a deployment's schedules."""
    id_ = target_id(action, firing, event)
    return _switch(DEPLOYMENT, id_, lambda: tools.config.read(DEPLOYMENT, id_), "paused", action, firing, index, tools)


def switch_work_pool(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Pause or resume a work pool."""
    id_ = target_id(action, firing, event)
    return _switch(POOL, id_, lambda: read_work_pool(tools.config, id_), "is_paused", action, firing, index, tools)


def switch_work_queue(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Pause or resume a work queue."""
    id_ = target_id(action, firing, event)
    return _switch(QUEUE, id_, lambda: read_work_queue(tools.config, id_), "is_paused", action, firing, index, tools)


def switch_automation(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Switch an automation off or on."""
    automation_id = target_id(action, firing, event)
    cause = _cause(firing, index)
    try:
        tools.automations.switch(automation_id, {"enabled": not _pauses(action)}, cause=cause)
    except NotFound:
        if not tools.events.get(cause.event_id(tools.ids, f"prefect.automation.{automation_id}")):
            raise not_there(action["type"], f"automation {automation_id}") from None
    except Rejected as error:
        faults = "; ".join(fault.msg for fault in error.faults)
        reason = f"Validation error occurred for '{action['type']}': {faults or error.reason}"
        raise ActionFailed(reason, {"validation_error": faults or error.reason}) from None
    return Executed([labels_of("automation", automation_id, "target")])


def _switch(
    kind: str,
    id_: str,
    read: Callable[[], Stored | None],
    field: str,
    action: Mapping[str, Any],
    firing: Firing,
    index: int,
    tools: Tools,
) -> Executed:
    """Store and tell together, once for this action; what somebody else changes meanwhile stays changed."""
    paused, event_id = _pauses(action), _cause(firing, index).event_id(tools.ids, f"prefect.{kind}.{id_}")
    for _ in range(TRIES):
        found = read()
        if found is None:
            if tools.events.get(event_id):
                return Executed([labels_of(kind, id_, "target")])
            raise not_there(action["type"], f"{kind.replace('-', ' ')} {id_}")
        document = found.document
        if paused != bool(document.get(field)) and not tools.events.get(event_id):
            told = _told(kind, document, field, firing, event_id, tools)
            try:
                store(tools.config, kind, found, document | {field: paused, "updated": iso(tools.clock.now())}, told)
            except (Stale, NotFound):
                continue
        return Executed([labels_of(kind, id_, "target", document["name"])])
    raise Transient(f"The {kind} {id_} changed under every one of {TRIES} tries.")


def _cause(firing: Firing, index: int) -> SwitchedBy:
    return SwitchedBy(firing.triggered, (firing.id, str(index)))


def _told(kind: str, document: Mapping[str, Any], field: str, firing: Firing, event_id: str, tools: Tools) -> Event:
    was, resource_id = bool(document.get(field)), f"prefect.{kind}.{document['id']}"
    happened = "updated" if kind == DEPLOYMENT else "ready" if was else "paused"
    return Event(
        id=event_id,
        occurred=firing.triggered,
        event=f"prefect.{kind}.{happened}",
        resource={RESOURCE_ID: resource_id, RESOURCE_NAME: document["name"]},
        payload={"updated_fields": [field], "updates": {field: {"from": was, "to": not was}}},
        received=tools.clock.now(),
    )


def _pauses(action: Mapping[str, Any]) -> bool:
    return str(action["type"]).startswith("pause-")
