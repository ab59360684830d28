"""Actions on the flow run that the event is about: cancel, suspend, resume, delete, change its state."""

from collections.abc import Callable, Mapping
from typing import Any

from whenflow.actions.outcome import ActionFailed, Executed, not_there
from whenflow.actions.targets import labels_of, target_id
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.errors import NotFound
from whenflow.events import Event
from whenflow.runs import FlowRun, Refused, StateType

Change = Callable[[str], FlowRun | Refused]


def cancel_flow_run(
    action: Mapping[str, Any], firing: Firing, _index: int, event: Event | None, tools: Tools
) -> Executed:
    """Cancel the run."""
    return _change(action, firing, event, lambda run_id: tools.runs.cancel(run_id, _message("Cancelled", firing)))


def suspend_flow_run(
    action: Mapping[str, Any], firing: Firing, _index: int, event: Event | None, tools: Tools
) -> Executed:
    """Suspend the run."""
    return _change(action, firing, event, lambda run_id: tools.runs.suspend(run_id, _message("Suspended", firing)))


def resume_flow_run(
    action: Mapping[str, Any], firing: Firing, _index: int, event: Event | None, tools: Tools
) -> Executed:
    """Resume the run."""
    return _change(action, firing, event, lambda run_id: tools.runs.resume(run_id, _message("Resumed", firing)))


def delete_flow_run(
    action: Mapping[str, Any], firing: Firing, _index: int, event: Event | None, tools: Tools
) -> Executed:
    """Remove the run."""
    return _change(action, firing, event, tools.runs.delete)


def change_flow_run_state(
    action: Mapping[str, Any], firing: Firing, _index: int, event: Event | None, tools: Tools
) -> Executed:
    """Put the run into the state that the action names."""
    type_ = StateType(action["state"])
    name = action.get("name") or type_.title()
    message = action.get("message") or _message("State changed", firing)
    force = bool(action.get("force"))
    return _change(
        action, firing, event, lambda run_id: tools.runs.change_state(run_id, type_, name, message, force=force)
    )


def _change(action: Mapping[str, Any], firing: Firing, event: Event | None, change: Change) -> Executed:
    run_id = target_id(action, firing, event)
    try:
        outcome = change(run_id)
    except NotFound:
        raise not_there(action["type"], f"flow run {run_id}") from None
    if isinstance(outcome, Refused):
        raise ActionFailed(f"Failed to set state: {outcome.reason}", related=[labels_of("flow-run", run_id, "target")])
    return Executed([labels_of("flow-run", run_id, "target", outcome.name)], {"flow_run_id": run_id})


def _message(what: str, firing: Firing) -> str:
    return f"{what} by Automation {firing.automation_id}"
