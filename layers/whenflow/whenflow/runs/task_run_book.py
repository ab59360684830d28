"""The use cases of task runs: taken in from events, found by id and by flow run, and handed to a worker once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from whenflow.errors import Conflict, Transient
from whenflow.events import Event, address_of
from whenflow.ports import EventStore, RunStore, TaskRunStore
from whenflow.runs.task_runs import FLOW_RUN, TASK_RUN, TaskRun, alone_on, applied, is_task_run_event

TRIES = 8
FIRST_SIGN = timedelta(seconds=5)
"""How soon after its id was made a task run is told of."""
DAYS_BACK = 7


@dataclass(frozen=True, slots=True)
class TaskRunBook:
    """Task runs. Those told from outside come in by `record`; those that the SDK runs in the stack it keeps itself."""

    store: TaskRunStore
    events: EventStore
    runs: RunStore

    def record(self, event: Event) -> None:
        """Take in an event that tells of a task run; any other, and the same again, changes nothing.

        Raises:
            Transient: Try again.
        """
        if not is_task_run_event(event):
            return
        id_ = event.resource_id.removeprefix(TASK_RUN)
        if not _is_uuid(id_):
            return
        for _ in range(TRIES):
            present, version = self.store.single(id_)
            changed = applied(present, event)
            if changed is present:
                return
            try:
                self.store.put_single(changed, version)
            except Conflict:
                continue
            return
        raise Transient(f"Task run {id_} changed under every one of {TRIES} tries.")

    def get(self, id_: str) -> TaskRun | None:
        """Return the task run of this id.

        One that was told from outside has a row of its own. One that the SDK kept says in its id when it began: the
        event of then says of which flow run it is.
        """
        found = self._found(id_)
        return self._with_child(found) if found else None

    def _found(self, id_: str) -> TaskRun | None:
        row, _ = self.store.single(id_)
        if row is not None:  # a worker in the stack may have told more of it
            return next((one for one in self.store.of_group(row.group) if one.id == id_), row)
        address = address_of(id_)
        if address is None:
            return None
        first = next(iter(self._events_of(id_, address.occurred)), None)
        flow_run = first.in_role("flow-run") if first else None
        group = flow_run["prefect.resource.id"].removeprefix(FLOW_RUN) if flow_run else alone_on(address.occurred)
        return next((one for one in self.store.of_group(group) if one.id == id_), None)

    def of_flow_run(self, flow_run_id: str) -> list[TaskRun]:
        """Return the task runs of a flow run, in the order in which they began."""
        return [self._with_child(one) for one in self.store.of_group(flow_run_id)]

    def alone(self, now: datetime) -> Iterator[TaskRun]:
        """Yield the task runs of the last days that belong to no flow run, newest day first."""
        for day in range(DAYS_BACK):
            yield from self.store.of_group(alone_on(now - timedelta(days=day)))

    def _with_child(self, row: TaskRun) -> TaskRun:
        """Return a task run that stands for a flow run with the states which that has come into since."""
        child_id = row.state.details.others.get("child_flow_run_id")
        child = self.runs.get(child_id) if child_id and not row.state.type.is_final else None
        if child is None:
            return row
        known = {(state.type, state.name, state.timestamp) for state in row.states}
        later = [
            state
            for state in child.states
            if state.timestamp >= row.state.timestamp and (state.type, state.name, state.timestamp) not in known
        ]
        return replace(row, states=(*row.states, *later)) if later else row

    def _events_of(self, id_: str, since: datetime) -> Iterable[Event]:
        return self.events.between(since, since + FIRST_SIGN, TASK_RUN + id_)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
