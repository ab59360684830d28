"""What flows and tasks ask of Whenflow: by the tables, inside the stack. Outside it is `whenflow.flows.remote`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from whenflow.errors import NotFound
from whenflow.events import Event
from whenflow.ports import Clock, ConfigStore, EventStore, Ids, LogLine, RunStore, TaskQueue, TaskRunStore
from whenflow.runs import FlowRun, Refused, RunLedger, State, StateDetails, StateType
from whenflow.runs.task_runs import TaskRun
from whenflow.runs.transitions import Verdict

if TYPE_CHECKING:
    from whenflow.deployments import RunMaker, RunRequest
    from whenflow.limits import Holder, LimitBook, Mode, Taken

NO_DETAILS = StateDetails()


class Backend(Protocol):
    """Where flows and tasks report to, and what they ask for. Each call may be repeated.

    Each raises `Transient` to be tried again.
    """

    @property
    def clock(self) -> Clock:
        """Tells the time."""
        ...

    @property
    def ids(self) -> Ids:
        """Makes ids."""
        ...

    def put(self, event: Event) -> Event | None:
        """Store an event, once per id."""
        ...

    def make_run(self, run: FlowRun) -> FlowRun:
        """Store a run that no deployment launches; one of that id that is there is returned as it is."""
        ...

    def start(self, run_id: str, launch: str, beats: float | None = None) -> FlowRun | Refused:
        """Claim a run for one launch of its code; `beats`: how often it shows that it lives, in seconds, if it does."""
        ...

    def move(
        self,
        run_id: str,
        type_: StateType,
        name: str | None = None,
        message: str | None = None,
        details: StateDetails = NO_DETAILS,
        *,
        force: bool = False,
        known: FlowRun | None = None,
    ) -> Verdict:
        """Propose a state for a run.

        Args:
            run_id: Its id.
            type_: Of the state.
            name: That of the type, if left out.
            message: For people.
            details: What else is known of the state.
            force: Whether to skip the rules.
            known: The run as it was a moment ago, which saves a read if it still is.
        """
        ...

    def get_run(self, run_id: str) -> FlowRun:
        """Return a run as it is now.

        Raises:
            NotFound: There is none.
        """
        ...

    def set_policy(self, run_id: str, policy: Mapping[str, Any]) -> None:
        """Put something into a run's `empirical_policy`."""
        ...

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        ...

    def keep_task_runs(self, group: str, pack: str, rows: Sequence[TaskRun]) -> None:
        """Keep the task runs of this process, where nobody else takes them from their events."""
        ...

    def deployment(self, name: str) -> Mapping[str, Any]:
        """Return a deployment by its id or as `flow/deployment`.

        Raises:
            NotFound: There is none.
        """
        ...

    def run_deployment(self, deployment: Mapping[str, Any], request: "RunRequest") -> tuple[FlowRun, bool]:
        """Make a run of a deployment and have it started in time; tell whether it was made now.

        Raises:
            Rejected: Its parameters do not fit.
        """
        ...

    def delay(self, task_run: TaskRun, parameters: Mapping[str, Any]) -> None:
        """Hand a task to a worker.

        Raises:
            Rejected: There is no queue, or it does not fit.
        """
        ...

    def take_slots(
        self, names: Sequence[str], slots: int, mode: "Mode", lease: timedelta | None, holder: "Holder | None"
    ) -> "Taken":
        """Take slots of concurrency limits, as `whenflow.limits.LimitBook.take` does.

        Raises:
            Locked: They are not free now.
            Rejected: They never will be.
        """
        ...

    def renew_slots(self, lease_id: str, lease: timedelta) -> bool:
        """Have a lease run out later; False where it has run out."""
        ...

    def give_back_slots(self, lease_id: str) -> None:
        """Give back the slots of a lease."""
        ...


@dataclass(frozen=True, slots=True)
class StackBackend:
    """The stores of the stack that this process runs in.

    Attributes:
        task_runs: Where task runs are kept.
        maker: Makes runs of deployments; asked for when it is needed.
        queue: Takes background tasks; likewise.
        limits: Takes slots of concurrency limits; likewise.
    """

    ledger: RunLedger
    runs: RunStore
    events: EventStore
    clock: Clock
    ids: Ids
    task_runs: TaskRunStore
    maker: Callable[[], "Maker"]
    queue: Callable[[], TaskQueue]
    limits: Callable[[], "LimitBook"]

    def put(self, event: Event) -> Event | None:
        """Store an event, once per id."""
        return self.events.put(event)

    def make_run(self, run: FlowRun) -> FlowRun:
        """Store a run that no deployment launches."""
        return self.ledger.create(run)

    def start(self, run_id: str, launch: str, beats: float | None = None) -> FlowRun | Refused:
        """Claim a run for one launch of its code."""
        return self.ledger.start(run_id, launch, beats)

    def move(
        self,
        run_id: str,
        type_: StateType,
        name: str | None = None,
        message: str | None = None,
        details: StateDetails = NO_DETAILS,
        *,
        force: bool = False,
        known: FlowRun | None = None,
    ) -> Verdict:
        """Propose a state for a run."""

        def state() -> State:
            return self.ledger.new_state(run_id, type_, name, message, details)

        return self.ledger.set_state(run_id, state, force=force, known=known)

    def get_run(self, run_id: str) -> FlowRun:
        """Return a run as it is now."""
        return self.ledger.get(run_id)

    def set_policy(self, run_id: str, policy: Mapping[str, Any]) -> None:
        """Put something into a run's `empirical_policy`."""

        def changed(run: FlowRun) -> FlowRun:
            wanted = {**run.empirical_policy, **policy}
            return run if wanted == run.empirical_policy else replace(run, empirical_policy=wanted)

        self.ledger.adjust(run_id, changed)

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        self.runs.add_logs(run_id, lines)

    def keep_task_runs(self, group: str, pack: str, rows: Sequence[TaskRun]) -> None:
        """Keep the task runs of this process."""
        self.task_runs.keep(group, pack, rows)

    def deployment(self, name: str) -> Mapping[str, Any]:
        """Return a deployment by its id or as `flow/deployment`."""
        found = self.maker().find(name)
        if found is None:
            raise NotFound(f"There is no deployment {name}. Name it by its id, or as <flow>/<deployment>.")
        return found

    def run_deployment(self, deployment: Mapping[str, Any], request: "RunRequest") -> tuple[FlowRun, bool]:
        """Make a run of a deployment; the timer starts it."""
        return self.maker().create(deployment, request)

    def delay(self, task_run: TaskRun, parameters: Mapping[str, Any]) -> None:
        """Hand a task to a worker. The message is all there is of it until then, so nothing can be lost between two."""
        self.queue().send(
            {
                "task_run_id": task_run.id,
                "task_key": task_run.task_key,
                "parameters": dict(parameters),
                "task_run": task_run.as_stored(),
            }
        )

    def take_slots(
        self, names: Sequence[str], slots: int, mode: "Mode", lease: timedelta | None, holder: "Holder | None"
    ) -> "Taken":
        """Take slots of concurrency limits."""
        return self.limits().take(names, slots, mode, lease, holder)

    def renew_slots(self, lease_id: str, lease: timedelta) -> bool:
        """Have a lease run out later; False where it has run out."""
        return self.limits().renew(lease_id, lease)

    def give_back_slots(self, lease_id: str) -> None:
        """Give back the slots of a lease."""
        self.limits().give_back(lease_id)


class Maker(Protocol):
    """Finds deployments and makes runs of them."""

    def find(self, name: str) -> Mapping[str, Any] | None:
        """Return a deployment by its id or as `flow/deployment`."""
        ...

    def create(self, deployment: Mapping[str, Any], request: "RunRequest") -> tuple[FlowRun, bool]:
        """Make a run, or find it made under its key; tell whether it was made now."""
        ...


@dataclass(frozen=True, slots=True)
class StackDeployments:
    """The deployments of the stack."""

    config: ConfigStore
    runs: "RunMaker"

    def find(self, name: str) -> Mapping[str, Any] | None:
        """Return a deployment by its id or as `flow/deployment`; by the flow's function name too."""
        from whenflow.deployments.model import spellings  # most flows start none

        for known in spellings(name):
            if reference := self.config.get("deployment-name", known):
                return self.config.get("deployment", reference["id"])
        return self.config.get("deployment", name.lower())

    def create(self, deployment: Mapping[str, Any], request: "RunRequest") -> tuple[FlowRun, bool]:
        """Make a run, or find it made under its key; tell whether it was made now."""
        return self.runs.create(deployment, request)
