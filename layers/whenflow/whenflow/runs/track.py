"""The use case behind the `tracker` function: what AWS says became of an execution or invocation becomes a state."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from whenflow.errors import NotFound
from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.states import StateType
from whenflow.runs.transitions import Refused

STATUS_CHANGE = "Step Functions Execution Status Change"
STATES: dict[str, tuple[StateType, str | None]] = {
    "RUNNING": (StateType.RUNNING, None),
    "SUCCEEDED": (StateType.COMPLETED, None),
    "FAILED": (StateType.FAILED, None),
    "TIMED_OUT": (StateType.FAILED, "TimedOut"),
    "ABORTED": (StateType.CANCELLED, None),
}


class Tracker:
    """Moves flow runs to where their executions are. News that is late or told twice changes nothing."""

    def __init__(self, ledger: RunLedger) -> None:
        """Work on this ledger."""
        self._ledger = ledger

    def execution_changed(self, notification: Mapping[str, Any]) -> FlowRun | Refused:
        """Take in a status change of a Step Functions execution; executions that are no flow runs are none of ours."""
        detail = notification["detail"]
        run_id = detail["name"]
        state = STATES.get(detail["status"])
        if state is None or not _is_uuid(run_id):
            return Refused("This execution is no flow run.")
        type_, name = state
        return self._move(run_id, type_, name, _message(detail))

    def invocation_failed(self, record: Mapping[str, Any]) -> FlowRun | Refused:
        """Take in an asynchronous invocation that failed for good: the process died, timed out, or never started."""
        given = record.get("requestPayload")
        payload = given if isinstance(given, dict) else {}
        run_id = payload.get("flow_run_id")
        if not isinstance(run_id, str) or not _is_uuid(run_id):
            return Refused("This invocation is no flow run.")
        response = record.get("responsePayload")
        error = response if isinstance(response, dict) else {}
        kind, reason = error.get("errorType"), error.get("errorMessage") or "no reason was given"
        if self._is_worked_on_by_another(run_id, payload.get("launch")):
            return Refused("Another launch works on this flow run.")
        return self._move(run_id, StateType.CRASHED, None, f"{kind}: {reason}" if kind else str(reason))

    def _is_worked_on_by_another(self, run_id: str, launch: object) -> bool:
        try:
            working = self._ledger.get(run_id).launch
        except NotFound:
            return False
        return working is not None and launch is not None and working != launch

    def _move(self, run_id: str, type_: StateType, name: str | None, message: str | None) -> FlowRun | Refused:
        try:
            return self._ledger.move(run_id, type_, name, message)
        except NotFound as error:
            return Refused(str(error))


def _message(detail: Mapping[str, Any]) -> str | None:
    parts = [str(detail["error"])] if detail.get("error") else []
    if detail.get("cause"):
        parts.append(_reason(str(detail["cause"])))
    return ": ".join(parts) or None


def _reason(cause: str) -> str:
    """Return what went wrong, without the stack trace that Lambda puts beside it; the function's log has that."""
    try:
        told = json.loads(cause)
    except ValueError:
        return cause
    return str(told.get("errorMessage", cause)) if isinstance(told, dict) else cause


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
