"""States of task runs, as events (SPEC 1.7: `prefect.task-run.{State}`)."""

from dataclasses import replace

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, iso
from whenflow.flows.context import RunContext


class TaskRun:
    """One run of a task within a flow run."""

    def __init__(self, context: RunContext, name: str) -> None:
        """Begin a run of the task of this name."""
        self.id = context.ids.new()
        self.name = name
        self._outer = context
        self._resource = {RESOURCE_ID: f"prefect.task-run.{self.id}", RESOURCE_NAME: name}
        self._previous: str | None = None
        self.context = replace(context, task=self._resource | {RESOURCE_ROLE: "task-run"})

    def report(self, state_type: str, state_name: str, message: str = "") -> None:
        """Store the event that the task is in this state now."""
        now = self._outer.clock.now()
        state = {"type": state_type, "name": state_name, "message": message}
        event = Event(
            id=self._outer.ids.event_id(now, self._resource[RESOURCE_ID]),
            occurred=now,
            event=f"prefect.task-run.{state_name}",
            resource=self._resource
            | {
                "prefect.orchestration": "client",
                "prefect.state-name": state_name,
                "prefect.state-type": state_type,
                "prefect.state-message": message,
                "prefect.state-timestamp": iso(now),
            },
            related=tuple(self._outer.related()),
            payload={"validated_state": state, "task_run": {"name": self.name}},
            follows=self._previous,
            received=now,
        )
        self._outer.events.put(event)
        self._previous = event.id
