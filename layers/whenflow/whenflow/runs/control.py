"""What people and automations do with flow runs: cancel, suspend, resume, delete, change the state."""

from datetime import timedelta

from whenflow.ports import Clock
from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.states import RESUMING, SUSPENDED, StateDetails, StateType
from whenflow.runs.transitions import Refused, Status, Verdict

SUSPENDED_FOR = timedelta(hours=1)


class RunControl:
    """Changes flow runs. Each call may be repeated; a run that is where it is wanted stays there.

    Each raises `NotFound` where there is no such run, and `Transient` to be tried again.
    """

    def __init__(self, ledger: RunLedger, clock: Clock) -> None:
        """Work on this ledger."""
        self._ledger = ledger
        self._clock = clock

    def cancel(self, run_id: str, message: str) -> FlowRun | Refused:
        """Cancel a run: at once where nothing works on it, else by way of Cancelling."""
        run = self._ledger.get(run_id)
        if run.state.type in {StateType.CANCELLING, StateType.CANCELLED}:
            return run
        return self._ledger.move(run_id, StateType.CANCELLING, message=message)

    def suspend(self, run_id: str, message: str, timeout: timedelta = SUSPENDED_FOR) -> FlowRun | Refused:
        """Suspend a run: its process ends, and resuming starts it anew. After the timeout it has failed."""
        run = self._ledger.get(run_id)
        if run.state.type == StateType.PAUSED and run.state.details.pause_reschedule:
            return run
        details = StateDetails(pause_timeout=self._clock.now() + timeout, pause_reschedule=True)
        return self._ledger.move(run_id, StateType.PAUSED, SUSPENDED, message, details)

    def resume(self, run_id: str, message: str | None = None) -> FlowRun | Refused:
        """Resume a run: one that is suspended is started anew, one that is paused goes on in its process."""
        run = self._ledger.get(run_id)
        if run.state.type != StateType.PAUSED:
            return Refused(f"The flow run is {run.state.name}, and only one that is paused can be resumed.")
        if run.state.details.pause_reschedule:
            at_once = StateDetails(scheduled_time=self._clock.now())
            resumed = self._ledger.move(run_id, StateType.SCHEDULED, RESUMING, message, at_once)
        else:
            resumed = self._ledger.move(run_id, StateType.RUNNING, message=message)
        if isinstance(resumed, FlowRun) and resumed.state.type == StateType.FAILED:
            return Refused(resumed.state.message or "The flow run was not resumed in time.")
        return resumed

    def delete(self, run_id: str) -> FlowRun | Refused:
        """Remove a run with all that is kept of it; return it as it was."""
        return self._ledger.delete(run_id)

    def change_state(
        self, run_id: str, type_: StateType, name: str, message: str, *, force: bool = False
    ) -> FlowRun | Refused:
        """Put a run into a state; `force` skips the rules of which state may follow which."""
        run = self._ledger.get(run_id)
        if (run.state.type, run.state.name) == (type_, name):
            return run
        at = StateDetails(scheduled_time=self._clock.now()) if type_ == StateType.SCHEDULED else StateDetails()
        verdict = self._ledger.set_state(
            run_id, lambda: self._ledger.new_state(run_id, type_, name, message, at), force=force
        )
        return verdict.run if _took(verdict) else Refused(verdict.reason or "")


def _took(verdict: Verdict) -> bool:
    """Whether the run moved: to the state that was asked for, or to the one that stands for it."""
    return verdict.status == Status.ACCEPT or (
        verdict.status == Status.REJECT and verdict.run.state.type == StateType.CANCELLED
    )
