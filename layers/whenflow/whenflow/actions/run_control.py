"""What actions do with flow runs; `whenflow.runs.RunControl` does it."""

from typing import Protocol

from whenflow.runs import FlowRun, Refused, StateType


class RunControl(Protocol):
    """Changes flow runs. Each call may be repeated; a run that is where it is wanted stays there.

    `by` names who asks: called again by the same, it finds what it has done, whatever has become of the run since.

    Each raises `NotFound` where there is no such run, and `Transient` to be tried again.
    """

    def cancel(self, run_id: str, message: str, by: str) -> FlowRun | Refused:
        """Cancel a run: at once where nothing works on it, else by way of Cancelling."""
        ...

    def suspend(self, run_id: str, message: str, by: str) -> FlowRun | Refused:
        """Suspend a run: its process ends, and resuming starts it anew."""
        ...

    def resume(self, run_id: str, message: str, by: str) -> FlowRun | Refused:
        """Resume a run that is paused or suspended."""
        ...

    def delete(self, run_id: str, by: str) -> str:
        """Remove a run with all that is kept of it; return its name."""
        ...

    def change_state(
        self, run_id: str, type_: StateType, name: str, message: str, *, force: bool = False, by: str
    ) -> FlowRun | Refused:
        """Put a run into a state; `force` skips the rules of which state may follow which."""
        ...
