"""What people and automations do with flow runs: cancel, suspend, resume, delete, change the state."""

from collections.abc import Callable
from datetime import timedelta

from whenflow.errors import NotFound
from whenflow.ports import Clock
from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.states import RESUMING, SUSPENDED, State, StateDetails, StateType
from whenflow.runs.transitions import Refused, Status, Verdict

SUSPENDED_FOR = timedelta(hours=1)


class RunControl:
    """Changes flow runs. Each call may be repeated; a run that is where it is wanted stays there.

    With `by`, which names who asks, a call does its work once: called again, it finds the state that it made, or the
    run that it removed, whatever has become of the run since, and answers as it did.

    Each raises `NotFound` where there is no such run, and `Transient` to be tried again.
    """

    def __init__(self, ledger: RunLedger, clock: Clock) -> None:
        """Work on this ledger."""
        self._ledger = ledger
        self._clock = clock

    def cancel(self, run_id: str, message: str, by: str | None = None) -> FlowRun | Refused:
        """Cancel a run: at once where nothing works on it, else by way of Cancelling."""

        def cancelled(run: FlowRun) -> FlowRun | Refused:
            if run.state.type in {StateType.CANCELLING, StateType.CANCELLED}:
                return run
            details = StateDetails(transition_id=by)
            return self._ledger.move(run_id, StateType.CANCELLING, message=message, details=details)

        return self._once(run_id, by, cancelled)

    def suspend(
        self, run_id: str, message: str, by: str | None = None, timeout: timedelta = SUSPENDED_FOR
    ) -> FlowRun | Refused:
        """Suspend a run: its process ends, and resuming starts it anew. After the timeout it has failed."""

        def suspended(run: FlowRun) -> FlowRun | Refused:
            if run.state.type == StateType.PAUSED and run.state.details.pause_reschedule:
                return run
            until = self._clock.now() + timeout
            details = StateDetails(transition_id=by, pause_timeout=until, pause_reschedule=True)
            return self._ledger.move(run_id, StateType.PAUSED, SUSPENDED, message, details)

        return self._once(run_id, by, suspended)

    def resume(self, run_id: str, message: str | None = None, by: str | None = None) -> FlowRun | Refused:
        """Resume a run: one that is suspended is started anew, one that is paused goes on in its process."""

        def resumed(run: FlowRun) -> FlowRun | Refused:
            if run.state.type != StateType.PAUSED:
                return Refused(f"The flow run is {run.state.name}, and only one that is paused can be resumed.")
            if run.state.details.pause_reschedule:
                details = StateDetails(scheduled_time=self._clock.now(), transition_id=by)
                outcome = self._ledger.move(run_id, StateType.SCHEDULED, RESUMING, message, details)
            else:
                details = StateDetails(transition_id=by)
                outcome = self._ledger.move(run_id, StateType.RUNNING, message=message, details=details)
            return outcome if isinstance(outcome, Refused) else _not_too_late(outcome, outcome.state)

        return self._once(run_id, by, resumed, _not_too_late)

    def delete(self, run_id: str, by: str | None = None) -> str:
        """Remove a run with all that is kept of it; return its name."""
        try:
            return self._ledger.delete(run_id, by).name
        except NotFound:
            name = self._ledger.deleted_by(run_id, by) if by else None
            if name is None:
                raise
            return name

    def change_state(
        self, run_id: str, type_: StateType, name: str, message: str, *, force: bool = False, by: str | None = None
    ) -> FlowRun | Refused:
        """Put a run into a state; `force` skips the rules of which state may follow which."""

        def changed(run: FlowRun) -> FlowRun | Refused:
            if (run.state.type, run.state.name) == (type_, name):
                return run
            due = self._clock.now() if type_ == StateType.SCHEDULED else None
            details = StateDetails(scheduled_time=due, transition_id=by)
            verdict = self._ledger.set_state(
                run_id, lambda: self._ledger.new_state(run_id, type_, name, message, details), force=force
            )
            return verdict.run if _took(verdict) else Refused(verdict.reason or "")

        def as_asked(run: FlowRun, made: State) -> FlowRun | Refused:
            return run if made.type in {type_, StateType.CANCELLED} else Refused(f"The flow run became {made.name}.")

        return self._once(run_id, by, changed, as_asked)

    def _once(
        self,
        run_id: str,
        by: str | None,
        act: Callable[[FlowRun], FlowRun | Refused],
        judged: Callable[[FlowRun, State], FlowRun | Refused] = lambda run, _made: run,
    ) -> FlowRun | Refused:
        """Act on a run, unless that was done already; `judged` says what came of the state that was made then."""
        run = self._ledger.get(run_id)
        if made := _made_by(run, by):
            return judged(run, made)
        outcome = act(run)
        if by and isinstance(outcome, Refused):  # perhaps another delivery of the same was faster
            run = self._ledger.get(run_id)
            if made := _made_by(run, by):
                return judged(run, made)
        return outcome


def _made_by(run: FlowRun, by: str | None) -> State | None:
    """Return the state that a run was put into by this one, wherever it is now."""
    return next((one for one in reversed(run.states) if by and one.details.transition_id == by), None)


def _not_too_late(run: FlowRun, made: State) -> FlowRun | Refused:
    if made.type == StateType.FAILED:
        return Refused(made.message or "The flow run was not resumed in time.")
    return run


def _took(verdict: Verdict) -> bool:
    """Whether the run moved: to the state that was asked for, or to the one that stands for it."""
    return verdict.status == Status.ACCEPT or (
        verdict.status == Status.REJECT and verdict.run.state.type == StateType.CANCELLED
    )
