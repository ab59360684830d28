"""What runs at this moment, for whoever is called from it."""

import threading
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from whenflow.errors import WhenflowError
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Labels
from whenflow.flows.backend import Backend
from whenflow.flows.interruptions import RunCancelled, RunSuspended
from whenflow.flows.recorder import Recorder
from whenflow.runs import FlowRun, StateType
from whenflow.runs.events import related_to

MAX_WORKERS = 32
LOOK_EVERY = timedelta(seconds=1)
ABSENT_FOR = timedelta(seconds=30)
CANCELLED = frozenset({StateType.CANCELLING, StateType.CANCELLED})


class Watch:
    """Looks whether a flow run is still wanted, no oftener than once a second."""

    def __init__(self, run_id: str, backend: Backend, outer: "Watch | None" = None) -> None:
        """Watch a run, and the one that it is part of."""
        self._run_id = run_id
        self._backend = backend
        self._outer = outer
        self._looked = backend.clock.now()
        self._lock = threading.Lock()

    @property
    def is_outermost(self) -> bool:
        """Whether its run is part of no other in this process."""
        return self._outer is None

    def check(self) -> None:
        """Go on, if the run is to go on.

        Raises:
            RunCancelled: It was cancelled.
            RunSuspended: It was suspended.
        """
        if self._outer:
            self._outer.check()
        with self._lock:
            now = self._backend.clock.now()
            if now - self._looked < LOOK_EVERY:
                return
            self._looked = now
        try:
            state = self._backend.get_run(self._run_id).state
        except WhenflowError:  # whether it is cancelled is asked again at the next task
            return
        if state.type in CANCELLED:
            raise RunCancelled
        if state.type == StateType.PAUSED and state.details.pause_reschedule:
            raise RunSuspended


class Counters:
    """Counts calls of the same kind within a run: the same in each attempt."""

    def __init__(self) -> None:
        """Start at zero."""
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next(self, kind: str) -> int:
        """Return how many there were before."""
        with self._lock:
            self._counts[kind] += 1
            return self._counts[kind] - 1


class Absent:
    """Names of which it is known for a while that they are no concurrency limits: most tags are none."""

    def __init__(self) -> None:
        """Know none."""
        self._until: dict[str, datetime] = {}

    def without(self, names: Iterable[str], now: datetime) -> list[str]:
        """Return the names of which that is not known."""
        return [name for name in names if name not in self._until or self._until[name] <= now]

    def note(self, names: Iterable[str], now: datetime) -> None:
        """Know it of these, from now on."""
        self._until |= dict.fromkeys(names, now + ABSENT_FOR)


@dataclass(frozen=True, slots=True)
class TaskPlace:
    """The task run that is being worked on."""

    id: str
    labels: Labels


class Pool:
    """Threads for tasks that are submitted, made when the first one is.

    Each flow and each task has its own. Within one, a task can only wait for those that were submitted before it, so
    that they never all wait for each other.
    """

    def __init__(self, size: int = MAX_WORKERS) -> None:
        """Have no threads yet, and never more than this."""
        self.size = size
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()

    def threads(self) -> ThreadPoolExecutor:
        """Return the threads."""
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.size, thread_name_prefix="whenflow-task")
            return self._threads

    def finish(self) -> None:
        """Wait for all that was submitted."""
        if self._threads:
            self._threads.shutdown(wait=True)


@dataclass(frozen=True, slots=True)
class RunContext:
    """A flow run in this process, or a task alone, and what it reports to.

    Attributes:
        run: The flow run; None for a task alone.
        task: The innermost task.
        watch: Knows whether the flow run is still wanted.
        recorder: Keeps the task runs.
        counters: Count what is called.
        log_prints: Whether what is printed is logged.
        pool: Threads for the tasks that are submitted from here.
        absent: Tags that are known to have no limit.
    """

    run: FlowRun | None
    backend: Backend
    recorder: Recorder
    watch: Watch | None = None
    counters: Counters = field(default_factory=Counters)
    task: TaskPlace | None = None
    log_prints: bool = False
    pool: "Pool" = field(default_factory=Pool)
    absent: Absent = field(default_factory=Absent)

    def related(self) -> list[Labels]:
        """Return the resources that whatever happens now relates to."""
        task = [self.task.labels] if self.task else []
        if self.run is None:
            return task
        run = {RESOURCE_ID: self.run.resource_id, RESOURCE_ROLE: "flow-run", RESOURCE_NAME: self.run.name}
        return [run, *task, *related_to(self.run)]

    def within(self, task: TaskPlace) -> "RunContext":
        """Return the context of a task that is called here."""
        return replace(self, task=task, pool=Pool(self.pool.size))

    def check(self) -> None:
        """Go on, if the flow run is to go on."""
        if self.watch:
            self.watch.check()


current: ContextVar[RunContext | None] = ContextVar("whenflow_run", default=None)
