"""What stands around the stack in the simulator: AWS's launch targets, and what becomes of the code of flows."""

from collections import defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

from whenflow.errors import Rejected
from whenflow.ports import Ids
from whenflow.runs import FlowRun
from whenflow.runs.attempts import execution_name

Later = Callable[[float, Callable[[], None]], None]
Notify = Callable[[dict[str, Any], float], None]
FATES = ("completes", "completes", "completes", "completes", "fails", "dies")
SECONDS_AT_WORK = 8.0
LOST = 0.02
"""How likely the news of an execution is never told to anybody."""
LONGEST_MINUTES = 8


class Targets:
    """Starts code: an asynchronous invocation each time it is asked, an execution once for each name.

    Attributes:
        invoked: By run, the launches that were accepted.
        executed: By name of the execution, how often it was begun.
        refuses: The deployment whose target refuses.
        lost: The executions of which some news was lost.
    """

    def __init__(self, chance: Random, ids: Ids, refuses: str, later: Later, invoke: Notify, notify: Notify) -> None:
        """Tell `invoke` of invocations, and `notify` of what becomes of executions, with the seconds until then."""
        self._chance, self._ids = chance, ids
        self._later, self._invoke, self._notify = later, invoke, notify
        self._status: dict[str, str] = {}
        self.refuses = refuses
        self.lost: set[str] = set()
        self.invoked: defaultdict[str, list[str]] = defaultdict(list)
        self.executed: defaultdict[str, int] = defaultdict(int)

    def launch(self, run: FlowRun) -> None:
        """Start the code of a run.

        Raises:
            Rejected: The target refuses.
        """
        if run.deployment_id == self.refuses:
            raise Rejected("The target refused to start the flow run: there is no such function.")
        if run.target_type == "lambda":
            launch = self._ids.new()
            self.invoked[run.id].append(launch)
            self._invoke({"flow_run_id": run.id, "launch": launch}, 0.0)
            return
        name = execution_name(run)
        if name in self.executed:
            return
        self.executed[name] += 1
        self._comes_to(name, "RUNNING")
        seconds = self._chance.random() * SECONDS_AT_WORK
        self._later(seconds, lambda: self._ends(name, "FAILED" if fate_of(run.id) != "completes" else "SUCCEEDED"))

    def stop(self, run: FlowRun) -> bool:
        """Stop an execution; an invocation cannot be stopped."""
        name = execution_name(run)
        if run.target_type == "lambda" or name not in self.executed:
            return False
        self._ends(name, "ABORTED")
        return True

    def news(self, run: FlowRun) -> dict[str, str] | None:
        """Say how an execution is, whatever was told of it."""
        name = execution_name(run)
        return {"name": name, "status": self._status[name]} if name in self._status else None

    def _ends(self, name: str, status: str) -> None:
        if self._status[name] == "RUNNING":
            self._comes_to(name, status)

    def _comes_to(self, name: str, status: str) -> None:
        self._status[name] = status
        if self._chance.random() < LOST:
            self.lost.add(name)
        else:
            self._notify(_changed(name, status), 0.0)


def fate_of(run_id: str) -> str:
    """Return what becomes of the code of a run: always the same of the same run."""
    return FATES[int(run_id[:8], 16) % len(FATES)]


def minutes_of(run_id: str) -> int:
    """Return how long the code of a run works where that takes long."""
    return 1 + int(run_id[9:13], 16) % LONGEST_MINUTES


def _changed(name: str, status: str) -> dict[str, Any]:
    return {"detail": {"name": name, "status": status}}
