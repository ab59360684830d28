"""What runs at this moment, for whoever is called from it."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Labels
from whenflow.ports import Clock, Ids
from whenflow.runs import FlowRun
from whenflow.runs.events import related_to


class EventSink(Protocol):
    """Where events of a flow go."""

    def put(self, event: Event) -> Event | None:
        """Store an event, once per id."""
        ...


@dataclass(frozen=True, slots=True)
class RunContext:
    """A flow run in this process, and what it reports to."""

    run: FlowRun
    events: EventSink
    clock: Clock
    ids: Ids
    task: Labels | None = None

    def related(self) -> list[Labels]:
        """Return the resources that whatever happens now relates to."""
        run = {RESOURCE_ID: self.run.resource_id, RESOURCE_ROLE: "flow-run", RESOURCE_NAME: self.run.name}
        task = [self.task] if self.task else []
        return [run, *task, *related_to(self.run)]


current: ContextVar[RunContext | None] = ContextVar("whenflow_run", default=None)
