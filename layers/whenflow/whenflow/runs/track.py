"""The use case behind the `tracker` function: what AWS says became of an execution or invocation becomes a state."""

import json
from collections.abc import Mapping
from typing import Any

from whenflow.errors import NotFound
from whenflow.runs.attempts import named_run
from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.states import StateType
from whenflow.runs.transitions import Refused

STARTED = frozenset({StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING})
STATES: dict[str, tuple[StateType, str | None]] = {
    "RUNNING": (StateType.RUNNING, None),
    "SUCCEEDED": (StateType.COMPLETED, None),
    "FAILED": (StateType.FAILED, None),
    "TIMED_OUT": (StateType.FAILED, "TimedOut"),
    "ABORTED": (StateType.CANCELLED, None),
}

ENDED = STATES.keys() - {"RUNNING"}


class Tracker:
    """Moves flow runs to where their executions are. News that is late or told twice changes nothing."""

    def __init__(self, ledger: RunLedger) -> None:
        """Work on this ledger."""
        self._ledger = ledger

    def execution_changed(self, notification: Mapping[str, Any]) -> FlowRun | Refused:
        """Take in a status change of a Step Functions execution; executions that are no flow runs are none of ours.

        An Express execution has none: its first and last states put such an event themselves, with `flow_run_id` for
        `name`.
        """
        detail = notification["detail"]
        named = named_run(str(detail.get("name") or detail.get("flow_run_id")))
        state = STATES.get(detail.get("status", ""))
        if state is None or named is None:
            return Refused("This execution is no flow run.")
        run_id, attempt = named
        if (refused := self._not_its_own(run_id, attempt)) is not None:
            return refused
        type_, name = state
        return self._move(run_id, type_, name, _message(detail))

    def invocation_failed(self, record: Mapping[str, Any]) -> FlowRun | Refused:
        """Take in an asynchronous invocation that failed for good: the process died, timed out, or never started."""
        given = record.get("requestPayload")
        payload = given if isinstance(given, dict) else {}
        named = named_run(str(payload.get("flow_run_id")))
        if named is None:
            return Refused("This invocation is no flow run.")
        run_id, attempt = named[0], payload.get("attempt") or 0
        response = record.get("responsePayload")
        error = response if isinstance(response, dict) else {}
        kind, reason = error.get("errorType"), error.get("errorMessage") or "no reason was given"
        if (refused := self._not_its_own(run_id, attempt, payload.get("launch"))) is not None:
            return refused
        return self._move(run_id, StateType.CRASHED, None, f"{kind}: {reason}" if kind else str(reason))

    def _not_its_own(self, run_id: str, attempt: object, launch: object = None) -> Refused | None:
        """Refuse news of another start of the run than the one that it is in."""
        try:
            run = self._ledger.get(run_id)
        except NotFound as error:
            return Refused(str(error))
        if run.attempt != attempt or run.state.type not in STARTED | {StateType.SCHEDULED}:
            return Refused(f"This is news of another start of the flow run than the present one: {run.state.name}.")
        if run.launch is not None and launch is not None and run.launch != launch:
            return Refused("Another launch works on this flow run.")
        return None

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
