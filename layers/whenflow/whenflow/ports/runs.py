"""Ports: flow runs, task runs, and what starts them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from whenflow.events.model import Event
    from whenflow.runs.model import FlowRun
    from whenflow.runs.slots import SlotChange
    from whenflow.runs.summaries import Look, Looked
    from whenflow.runs.task_runs import TaskRun


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a flow logged; `level` as in the standard library's logging.

    Attributes:
        task_run_id: Of the task that logged it; None for the flow itself.
    """

    timestamp: datetime
    level: int
    name: str
    message: str
    task_run_id: str | None = None


@dataclass(frozen=True, slots=True)
class RunInput:
    """A value that somebody gave to a flow run under a key; `sender` says who, if they did."""

    key: str
    value: str
    created: datetime
    sender: str | None = None


class RunInputs(Protocol):
    """What is given to flow runs while they run. It is removed with the run."""

    def add(self, run_id: str, given: RunInput) -> None:
        """Keep an input.

        Raises:
            Conflict: There is one of this key.
            TooLarge: It does not fit.
        """
        ...

    def get(self, run_id: str, key: str) -> RunInput | None:
        """Return the input of a key."""
        ...

    def of_run(self, run_id: str, prefix: str) -> Sequence[RunInput]:
        """Return the inputs of a run whose keys begin like this, in the order in which they were given."""
        ...

    def remove(self, run_id: str, key: str) -> bool:
        """Remove an input; False where there is none."""
        ...


class RunStore(Protocol):
    """Flow runs. A change and its event are stored together or not at all."""

    def create(self, run: "FlowRun", *events: "Event") -> bool:
        """Store a new run with the events of its states so far, oldest first; False where a run of that id exists."""
        ...

    def save(self, run: "FlowRun", event: "Event | None", slots: "Sequence[SlotChange]" = ()) -> None:
        """Store a changed run over the version it carries, with the event that tells of it, if it is to be told.

        Args:
            run: The run.
            event: The event; None where its state is the same.
            slots: What that does to the slots of its deployment and work pool, all or none with the rest.

        Raises:
            Conflict: Somebody else changed the run meanwhile.
            NoSlot: A slot is to be taken, and all are, or a queue to be joined, and it is full; it names whose.
        """
        ...

    def delete(self, run: "FlowRun", slots: "Sequence[SlotChange]" = (), by: str | None = None) -> None:
        """Remove a run as it was read, with its log, and with what that does to slots.

        Args:
            run: The run.
            slots: What that does to slots.
            by: Who removes it; `deleted_by` then knows.

        Raises:
            Conflict: Somebody has changed or removed it meanwhile.
        """
        ...

    def deleted_by(self, run_id: str, by: str) -> str | None:
        """Return the name of a run that this one removed; None where he did not."""
        ...

    def waiting(self, owner: str, limit: int) -> Sequence[str]:
        """Return runs that wait for a slot of a deployment or work pool, in the order in which they were made."""
        ...

    def slots_taken(self, owner: str) -> int:
        """Return how many slots of a deployment or work pool are taken."""
        ...

    def get(self, run_id: str) -> "FlowRun | None":
        """Return the run of this id."""
        ...

    def newest(self, limit: int) -> Sequence["FlowRun"]:
        """Return runs, newest `created` first."""
        ...

    def get_all(self, run_ids: Iterable[str]) -> "Sequence[FlowRun]":
        """Return the runs of these ids that are there, in that order; not always as they are this very moment."""
        ...

    def newest_first(self, before: datetime | None = None) -> "Iterator[FlowRun]":
        """Yield runs, newest `created` first, as far as they are asked for; those created before then."""
        ...

    def listed(self, look: "Look") -> "Iterator[Looked]":
        """Go through summaries of runs, newest `created` first, as they were a moment ago.

        Runs of which an overview says enough come as that overview. A look that meets its bound says so at the end.
        """
        ...

    def created_between(self, start: datetime, end: datetime) -> "Iterator[str]":
        """Yield the ids of the runs that were created in [start, end)."""
        ...

    def due(self, until: datetime) -> "Iterator[DueRun]":
        """Yield the runs that the timer is to look after before `until`, however long ago; they may have moved on."""
        ...

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        ...

    def logs(self, run_id: str) -> Sequence[LogLine]:
        """Return the log lines of a run, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class DueRun:
    """A run that the timer is to look after, and when: it starts then, or is to have moved on."""

    run_id: str
    at: datetime


class Launcher(Protocol):
    """Starts the code of a flow run."""

    def launch(self, run: "FlowRun") -> None:
        """Start it; called again for the same run, start nothing new where the target can promise that.

        Raises:
            Rejected: The target is not there or may not be used; trying again will not help.
            Transient: Try again.
        """
        ...

    def stop(self, run: "FlowRun") -> bool:
        """Stop its code; False where the target cannot, or has none of it.

        Raises:
            Transient: Try again.
        """
        ...

    def news(self, run: "FlowRun") -> Mapping[str, str] | None:
        """Say how its execution is: `name`, `status`, and `error` and `cause` where it failed; None if there is none.

        Raises:
            Rejected: Nobody may ask about it.
            Transient: Try again.
        """
        ...


class TaskRunStore(Protocol):
    """Task runs. The SDK keeps those of its process in packs, many in one row; one told from outside has its own."""

    def keep(self, group: str, pack: str, rows: "Sequence[TaskRun]") -> None:
        """Store a pack over the one of that name. Only the process that made a pack ever writes it.

        Args:
            group: Of which flow run these are, or of which day (`runs.task_runs.alone_on`).
            pack: Tells the packs of a group apart.
            rows: The task runs.

        Raises:
            TooLarge: They do not fit.
            Transient: Try again.
        """
        ...

    def of_group(self, group: str) -> "Sequence[TaskRun]":
        """Return the task runs of a flow run, or those of a day that are alone, in the order in which they began."""
        ...

    def single(self, id_: str) -> "tuple[TaskRun | None, int]":
        """Return the task run that has a row of its own, if it has one, and the version of that row."""
        ...

    def put_single(self, row: "TaskRun", version: int) -> None:
        """Store a task run in a row of its own, over the version that was read; 0 where there was none.

        Raises:
            Conflict: Somebody else changed it meanwhile.
        """
        ...

    def claim(self, id_: str, until: datetime, now: datetime) -> "Claim":
        """Claim a deferred task run for this process until then, unless another has it or it is done."""
        ...

    def done(self, id_: str) -> None:
        """Note that a deferred task run is done: nobody can claim it any more."""
        ...


class Claim(StrEnum):
    """What became of a claim."""

    MINE = "mine"
    BUSY = "busy"
    DONE = "done"


class TaskQueue(Protocol):
    """Background tasks on their way to a worker."""

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over a task: `task_run_id`, `task_key`, `parameters`. Delivered at least once, in no order.

        Raises:
            Rejected: There is no queue.
            TooLarge: It does not fit a message.
            Transient: Try again.
        """
        ...
