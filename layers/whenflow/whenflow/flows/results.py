"""How a flow or task ended, for the code that called it (`return_state=True`)."""

from dataclasses import dataclass, field
from typing import Any

from whenflow.errors import WhenflowError
from whenflow.runs import StateType
from whenflow.runs.states import TIMED_OUT


class FailedRun(WhenflowError):
    """It failed, and no exception of its own says why."""


@dataclass(frozen=True, slots=True)
class State:
    """The state in which a flow or task ended.

    Attributes:
        type: COMPLETED, FAILED, CANCELLED or CRASHED.
        name: As the run shows it.
        message: Why.
        data: What it returned.
        error: What it raised.
    """

    type: StateType
    name: str
    message: str | None = None
    data: Any = field(default=None, repr=False)
    error: BaseException | None = field(default=None, repr=False)

    @classmethod
    def completed(cls, data: Any) -> "State":
        """Return the state of what returned a value."""
        return cls(StateType.COMPLETED, "Completed", data=data)

    def result(self, *, raise_on_failure: bool = True) -> Any:
        """Return what it returned, or raise what it raised.

        Args:
            raise_on_failure: False to get the exception instead of raising it.

        Raises:
            FailedRun: It failed without an exception.
        """
        if self.is_completed():
            return self.data
        error = self.error or FailedRun(self.message or f"It ended as {self.name}.")
        if raise_on_failure:
            raise error
        return error

    def is_completed(self) -> bool:
        """Tell whether it went well."""
        return self.type == StateType.COMPLETED

    def is_failed(self) -> bool:
        """Tell whether it failed."""
        return self.type == StateType.FAILED

    def is_cancelled(self) -> bool:
        """Tell whether it was cancelled."""
        return self.type == StateType.CANCELLED

    def is_crashed(self) -> bool:
        """Tell whether its process died."""
        return self.type == StateType.CRASHED

    def is_final(self) -> bool:
        """Tell whether it has ended."""
        return self.type.is_final


def Completed(message: str | None = None, *, name: str = "Completed", data: Any = None) -> State:
    """Return a state for a flow to end in, by returning it."""
    return State(StateType.COMPLETED, name, message, data)


def Failed(message: str | None = None, *, name: str = "Failed", data: Any = None) -> State:
    """Return a state for a flow to end in, by returning it: it has failed, though nothing was raised."""
    return State(StateType.FAILED, name, message, data)


def failed_by(what: str, error: BaseException, *, timed_out: bool) -> State:
    """Return the state of what raised an exception."""
    if timed_out:
        return State(StateType.FAILED, TIMED_OUT, str(error), error=error)
    return State(
        StateType.FAILED, "Failed", f"{what} encountered an exception: {type(error).__name__}: {error}", error=error
    )
