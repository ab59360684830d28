"""What actions do with flow runs."""

from typing import Protocol

from whenflow.runs import FlowRun, Refused, RunLedger, StateType


class RunControl(Protocol):
    """Changes flow runs. Each call may be repeated; a run that is where it is wanted stays there.

    Each raises `NotFound` where there is no such run, and `Transient` to be tried again.
    """

    def cancel(self, run_id: str, message: str) -> FlowRun | Refused:
        """Cancel a run: at once where nothing works on it, else by way of Cancelling."""
        ...

    def suspend(self, run_id: str, message: str) -> FlowRun | Refused:
        """Suspend a run: its process ends, and resuming starts it anew."""
        ...

    def resume(self, run_id: str, message: str) -> FlowRun | Refused:
        """Resume a run that is paused or suspended."""
        ...

    def delete(self, run_id: str) -> FlowRun | Refused:
        """Remove a run with all that is kept of it; return it as it was."""
        ...

    def change_state(
        self, run_id: str, type_: StateType, name: str, message: str, *, force: bool = False
    ) -> FlowRun | Refused:
        """Put a run into a state; `force` skips the rules of which state may follow which."""
        ...


class LedgerRunControl:
    """Changes flow runs as far as the ledger's transitions go; what they do not allow is refused with their reason."""

    def __init__(self, ledger: RunLedger) -> None:
        """Work on this ledger."""
        self._ledger = ledger

    def cancel(self, run_id: str, message: str) -> FlowRun | Refused:
        """Cancel a run; what its code tells afterwards is refused."""
        return self._move(run_id, StateType.CANCELLED, "Cancelled", message)

    def suspend(self, run_id: str, message: str) -> FlowRun | Refused:
        """Suspend a run."""
        return self._move(run_id, StateType.PAUSED, "Suspended", message)

    def resume(self, run_id: str, message: str) -> FlowRun | Refused:
        """Resume a run that is paused or suspended."""
        run = self._ledger.get(run_id)
        if run.state.type != StateType.PAUSED:
            return Refused(f"The flow run is {run.state.name}, and only one that is paused can be resumed.")
        return self._ledger.move(run_id, StateType.SCHEDULED, "Resuming", message)

    def delete(self, run_id: str) -> FlowRun | Refused:
        """Refuse: the ledger keeps each run until it expires."""
        run = self._ledger.get(run_id)
        return Refused(f"The ledger keeps flow run {run.id} until it expires.")

    def change_state(
        self, run_id: str, type_: StateType, name: str, message: str, *, force: bool = False
    ) -> FlowRun | Refused:
        """Put a run into a state that may follow; without rules to skip, `force` changes nothing."""
        del force
        return self._move(run_id, type_, name, message)

    def _move(self, run_id: str, type_: StateType, name: str, message: str) -> FlowRun | Refused:
        run = self._ledger.get(run_id)
        if (run.state.type, run.state.name) == (type_, name):
            return run
        return self._ledger.move(run_id, type_, name, message)
