"""Calls that fail: each port is stood for by one that may fail at every call, before or after it did its work."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from whenflow.errors import Transient
from whenflow.testing.simulation.stage import Crash, Stage

KINDS = ("dies before", "dies after", "throttled", "answer lost", "slow")
SLOW_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One call that failed.

    Attributes:
        number: Of the call, in this history.
        call: Process, port and method.
        kind: One of `KINDS`.
    """

    number: int
    at: datetime
    call: str
    kind: str


class Faults:
    """Decides at each call whether it fails, and how.

    Attributes:
        happened: The faults, in order.
        are_on: Whether calls fail now.
        calls: How many calls there were.
    """

    def __init__(self, seed: int, rate: float, stage: Stage, only: Collection[int] | None = None) -> None:
        """Let so large a share of the calls fail; of those, only the ones of these numbers."""
        self._chance = Random(f"faults of {seed}")  # noqa: S311 - no secret
        self._rate = rate
        self._stage = stage
        self._only = only
        self.happened: list[Fault] = []
        self.are_on = True
        self.calls = 0

    def call(self, name: str, work: Callable[[], Any]) -> Any:
        """Do the work of a call, unless it fails.

        Raises:
            Crash: The process died.
            Transient: The call failed, or worked and its answer was lost.
        """
        self._stage.turn()
        self.calls += 1
        kind = self._drawn(name)
        if kind == "dies before":
            raise Crash(name)
        if kind == "throttled":
            raise Transient(f"{name} is throttled")
        if kind == "slow":
            self._stage.clock.advance(SLOW_SECONDS)
            self._stage.turn()
        result = work()
        if isinstance(result, Iterator):
            result = iter(list(result))
        if kind == "dies after":
            raise Crash(name)
        if kind == "answer lost":
            raise Transient(f"the answer of {name} is lost")
        return result

    def _drawn(self, name: str) -> str | None:
        drawn = self._chance.random()
        if drawn >= self._rate or not self.are_on or (self._only is not None and self.calls not in self._only):
            return None
        kind = KINDS[int(drawn / self._rate * len(KINDS))]
        self.happened.append(Fault(self.calls, self._stage.clock.now(), name, kind))
        return kind


class Failing:
    """Stands for a port, and fails as `Faults` says. What is no method is the port's own."""

    def __init__(self, real: object, name: str, faults: Faults) -> None:
        """Stand for this; `name` says whose port it is."""
        self._real, self._name, self._faults = real, name, faults

    def __getattr__(self, method: str) -> Any:
        """Return the method of the port, which may fail."""
        work = getattr(self._real, method)
        if not callable(work):
            return work

        def call(*given: Any, **named: Any) -> Any:
            return self._faults.call(f"{self._name}.{method}", lambda: work(*given, **named))

        self.__dict__[method] = call
        return call
