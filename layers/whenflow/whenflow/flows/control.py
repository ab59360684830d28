"""Pausing, suspending and resuming flow runs from code (SPEC 6.8)."""

from datetime import timedelta

from whenflow.errors import Rejected
from whenflow.flows import runtime
from whenflow.flows.context import RunContext, current
from whenflow.flows.interruptions import RunCancelled, RunSuspended
from whenflow.flows.results import FailedRun
from whenflow.flows.task_engine import nap
from whenflow.runs import FlowRun, StateDetails, StateType
from whenflow.runs.states import PAUSED, RESUMING, SUSPENDED
from whenflow.runs.transitions import Status, Verdict

HOUR = 3600.0
NOT_IN_A_FLOW = "only a flow that is running can be {}: call it within a flow"


def pause_flow_run(timeout: float = HOUR, poll_interval: float = 10.0, key: str | None = None) -> None:
    """Wait here until somebody resumes the flow run. The process waits too: on Lambda, for 15 minutes at most.

    Args:
        timeout: Seconds after which the run has failed.
        poll_interval: Seconds between looks.
        key: Names this pause; each pauses the run once. Counted, if left out.

    Raises:
        Rejected: No flow is running, or it cannot be paused.
        FailedRun: Nobody resumed it in time.
    """
    context = _within("paused")
    verdict = _put(context, PAUSED, timeout, key, reschedule=False)
    if verdict is None:
        return
    run = verdict.run
    while run.state.type == StateType.PAUSED:
        nap.get()(max(0.1, poll_interval))
        run = context.backend.get_run(run.id)
        until = run.state.details.pause_timeout
        if run.state.type == StateType.PAUSED and until and until <= context.backend.clock.now():
            run = context.backend.move(run.id, StateType.RUNNING).run
    if run.state.type in {StateType.CANCELLING, StateType.CANCELLED}:
        raise RunCancelled
    if run.state.type != StateType.RUNNING:
        raise FailedRun(run.state.message or f"The flow run is {run.state.name}.")


def suspend_flow_run(timeout: float = HOUR, key: str | None = None) -> None:
    """End this process, and have the flow started anew when somebody resumes the run; it then gets past this call.

    Args:
        timeout: Seconds after which the run has failed.
        key: Names this suspension; each suspends the run once. Counted, if left out.

    Raises:
        Rejected: No flow is running, or it has no deployment that could start it anew.
    """
    context = _within("suspended")
    if _put(context, SUSPENDED, timeout, key, reschedule=True) is not None:
        raise RunSuspended


def resume_flow_run(flow_run_id: str) -> FlowRun:
    """Resume a flow run: one that is paused goes on, one that is suspended is started anew.

    Raises:
        NotFound: There is no such run.
        Rejected: It is neither.
        NotConnected: Nobody said which Whenflow to ask.
    """
    context = current.get()
    backend = context.backend if context else runtime.outside()
    run = backend.get_run(flow_run_id)
    if run.state.type != StateType.PAUSED:
        raise Rejected(f"Flow run {run.name} is {run.state.name}: only one that is paused can be resumed.")
    if run.state.details.pause_reschedule:
        at_once = StateDetails(scheduled_time=backend.clock.now())
        verdict = backend.move(run.id, StateType.SCHEDULED, RESUMING, details=at_once)
    else:
        verdict = backend.move(run.id, StateType.RUNNING)
    if verdict.status != Status.ACCEPT:
        raise Rejected(verdict.reason or f"Flow run {run.name} is {verdict.run.state.name}.")
    return verdict.run


def _within(what: str) -> RunContext:
    context = current.get()
    if context is None or context.run is None:
        raise Rejected(NOT_IN_A_FLOW.format(what))
    context.check()
    return context


def _put(context: RunContext, name: str, timeout: float, key: str | None, *, reschedule: bool) -> Verdict | None:
    """Pause the run; None where this pause is over already."""
    assert context.run is not None  # noqa: S101 - `_within` looked
    key = key or f"{name.lower()} {context.counters.next(f'pause {name}')}"
    until = context.backend.clock.now() + timedelta(seconds=timeout)
    details = StateDetails(pause_timeout=until, pause_reschedule=reschedule, pause_key=key)
    verdict = context.backend.move(context.run.id, StateType.PAUSED, name, details=details)
    if verdict.status == Status.ACCEPT:
        return verdict
    if verdict.run.state.type in {StateType.CANCELLING, StateType.CANCELLED}:
        raise RunCancelled
    if verdict.status == Status.REJECT:
        return None
    raise Rejected(verdict.reason or "The flow run cannot be paused.")
