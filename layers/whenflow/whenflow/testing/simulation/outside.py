"""What stands around the stack in the simulator: AWS's launch targets, and the code of flows."""

from collections import defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

from whenflow.errors import Rejected
from whenflow.ports import Ids
from whenflow.runs import FlowRun
from whenflow.runs.attempts import execution_name

Notify = Callable[[dict[str, Any], float], None]
FATES = ("completes", "completes", "completes", "completes", "fails", "dies")
SECONDS_AT_WORK = 8.0


class Targets:
    """Starts code: an asynchronous invocation each time it is asked, an execution once for each name.

    Attributes:
        invoked: By run, the launches that were accepted.
        executed: By name of the execution, how often it was begun.
        refuses: The deployment whose target refuses.
    """

    def __init__(self, chance: Random, ids: Ids, refuses: str, invoke: Notify, notify: Notify) -> None:
        """Tell `invoke` of invocations, and `notify` of what becomes of executions, with the seconds until then."""
        self._chance, self._ids = chance, ids
        self._invoke, self._notify = invoke, notify
        self._stopped: set[str] = set()
        self.refuses = refuses
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
        self._notify(_changed(name, "RUNNING"), 0.0)
        seconds = self._chance.random() * SECONDS_AT_WORK
        self._notify(_changed(name, "FAILED" if fate_of(run.id) != "completes" else "SUCCEEDED"), seconds)

    def stop(self, run: FlowRun) -> bool:
        """Stop an execution; an invocation cannot be stopped."""
        name = execution_name(run)
        if run.target_type == "lambda" or name not in self.executed:
            return False
        if name not in self._stopped:
            self._stopped.add(name)
            self._notify(_changed(name, "ABORTED"), 0.0)
        return True

    def news(self, run: FlowRun) -> dict[str, str] | None:  # noqa: ARG002 - of every launcher
        """Say nothing: here every notification arrives, late or twice at worst."""
        return None


def fate_of(run_id: str) -> str:
    """Return what becomes of the code of a run: always the same of the same run."""
    return FATES[int(run_id[:8], 16) % len(FATES)]


def _changed(name: str, status: str) -> dict[str, Any]:
    return {"detail": {"name": name, "status": status}}
