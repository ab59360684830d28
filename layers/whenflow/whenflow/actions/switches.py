"""Pause and resume: deployments, work pools, work queues, automations.

Whether something is paused is stored with it. Switched to what it is already, nothing changes and nothing is told.
"""

from collections.abc import Mapping
from typing import Any

from whenflow.actions.outcome import ActionFailed, Executed, not_there
from whenflow.actions.targets import labels_of, target_id
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.deployments.pools import POOL, QUEUE, work_pool, work_queue
from whenflow.errors import Conflict, NotFound, Rejected, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event, iso, named_id

DEPLOYMENT = "deployment"


def switch_deployment(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Pause or resume a deployment's schedules."""
    deployment_id = target_id(action, firing, event)
    deployment = tools.config.get(DEPLOYMENT, deployment_id)
    if deployment is None:
        raise not_there(action["type"], f"deployment {deployment_id}")
    return _switch(DEPLOYMENT, deployment, "paused", action, firing, index, tools)


def switch_work_pool(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Pause or resume a work pool."""
    pool_id = target_id(action, firing, event)
    pool = work_pool(tools.config, pool_id)
    if pool is None:
        raise not_there(action["type"], f"work pool {pool_id}")
    return _switch(POOL, pool, "is_paused", action, firing, index, tools)


def switch_work_queue(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Pause or resume a work queue."""
    queue_id = target_id(action, firing, event)
    queue = work_queue(tools.config, queue_id)
    if queue is None:
        raise not_there(action["type"], f"work queue {queue_id}")
    return _switch(QUEUE, queue, "is_paused", action, firing, index, tools)


def switch_automation(
    action: Mapping[str, Any], firing: Firing, _index: int, event: Event | None, tools: Tools
) -> Executed:
    """Switch an automation off or on."""
    automation_id = target_id(action, firing, event)
    try:
        tools.automations.switch(automation_id, {"enabled": not _pauses(action)})
    except NotFound:
        raise not_there(action["type"], f"automation {automation_id}") from None
    except Rejected as error:
        faults = "; ".join(fault.msg for fault in error.faults)
        reason = f"Validation error occurred for '{action['type']}': {faults or error.reason}"
        raise ActionFailed(reason, {"validation_error": faults or error.reason}) from None
    return Executed([labels_of("automation", automation_id, "target")])


def _switch(
    kind: str, document: dict[str, Any], field: str, action: Mapping[str, Any], firing: Firing, index: int, tools: Tools
) -> Executed:
    """Tell, then store: told again it is the same event, so a crash between the two loses neither."""
    paused, was = _pauses(action), bool(document.get(field))
    if paused != was:
        tools.events.put(_told(kind, document, field, firing, index, tools))
        _store(kind, document | {field: paused, "updated": iso(tools.clock.now())}, tools)
    return Executed([labels_of(kind, document["id"], "target", document["name"])])


def _store(kind: str, document: dict[str, Any], tools: Tools) -> None:
    if tools.config.get(kind, document["id"]) is not None:
        tools.config.replace(kind, document["id"], document)
        return
    try:
        tools.config.create(kind, document["id"], {"created": document["updated"], **document})
    except Conflict as error:
        raise Transient(f"The {kind} {document['name']} was stored by somebody else meanwhile.") from error


def _told(kind: str, document: Mapping[str, Any], field: str, firing: Firing, index: int, tools: Tools) -> Event:
    now, was = tools.clock.now(), bool(document.get(field))
    happened = "updated" if kind == DEPLOYMENT else "ready" if was else "paused"
    return Event(
        id=named_id("switched", firing.id, str(index)),
        occurred=now,
        event=f"prefect.{kind}.{happened}",
        resource={RESOURCE_ID: f"prefect.{kind}.{document['id']}", RESOURCE_NAME: document["name"]},
        payload={"updated_fields": [field], "updates": {field: {"from": was, "to": not was}}},
        received=now,
    )


def _pauses(action: Mapping[str, Any]) -> bool:
    return str(action["type"]).startswith("pause-")
