"""Actions on the flow run that the event is about: cancel, suspend, resume, delete, change its state."""

from collections.abc import Callable, Mapping
from typing import Any

from whenflow.actions.outcome import ActionFailed, Executed, not_there
from whenflow.actions.targets import labels_of, target_id
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.errors import NotFound
from whenflow.events import Event, named_id
from whenflow.runs import FlowRun, Refused, StateType

Change = Callable[[str, str], FlowRun | Refused]
"""Is given the run's id, and the name under which it does its work once."""


def cancel_flow_run(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Cancel the run."""
    message = _message("Cancelled", firing)
    return _change(action, firing, index, event, lambda run_id, by: tools.runs.cancel(run_id, message, by))


def suspend_flow_run(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Suspend the run."""
    message = _message("Suspended", firing)
    return _change(action, firing, index, event, lambda run_id, by: tools.runs.suspend(run_id, message, by))


def resume_flow_run(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Resume the run."""
    message = _message("Resumed", firing)
    return _change(action, firing, index, event, lambda run_id, by: tools.runs.resume(run_id, message, by))


def delete_flow_run(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Remove the run."""
    run_id = target_id(action, firing, event)
    try:
        name = tools.runs.delete(run_id, _by(firing, index))
    except NotFound:
        raise not_there(action["type"], f"flow run {run_id}") from None
    return _executed(run_id, name)


def change_flow_run_state(
    action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, tools: Tools
) -> Executed:
    """Put the run into the state that the action names."""
    type_ = StateType(action["state"])
    name = action.get("name") or type_.title()
    message = action.get("message") or _message("State changed", firing)
    force = bool(action.get("force"))

    def change(run_id: str, by: str) -> FlowRun | Refused:
        return tools.runs.change_state(run_id, type_, name, message, force=force, by=by)

    return _change(action, firing, index, event, change)


def _change(action: Mapping[str, Any], firing: Firing, index: int, event: Event | None, change: Change) -> Executed:
    run_id = target_id(action, firing, event)
    try:
        outcome = change(run_id, _by(firing, index))
    except NotFound:
        raise not_there(action["type"], f"flow run {run_id}") from None
    if isinstance(outcome, Refused):
        raise ActionFailed(f"Failed to set state: {outcome.reason}", related=[labels_of("flow-run", run_id, "target")])
    return _executed(run_id, outcome.name)


def _executed(run_id: str, name: str) -> Executed:
    return Executed([labels_of("flow-run", run_id, "target", name)], {"flow_run_id": run_id})


def _by(firing: Firing, index: int) -> str:
    return named_id("transition", firing.id, str(index))


def _message(what: str, firing: Firing) -> str:
    return f"{what} by Automation {firing.automation_id}"
