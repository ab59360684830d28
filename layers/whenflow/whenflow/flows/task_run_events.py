"""States of task runs, as events (SPEC 1.7: `prefect.task-run.{State}`)."""

from collections.abc import Mapping
from typing import Any

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, iso
from whenflow.flows.context import RunContext, TaskPlace
from whenflow.runs import StateDetails
from whenflow.runs.states import MAX_MESSAGE_CHARS
from whenflow.runs.task_runs import TASK_RUN

NO_DETAILS = StateDetails()


class TaskTeller:
    """Tells of the states of one task run.

    Attributes:
        id: The task run.
        name: As it is shown.
    """

    def __init__(
        self,
        context: RunContext,
        name: str,
        task_key: str,
        *,
        id_: str | None = None,
        dynamic_key: str = "",
        tags: tuple[str, ...] = (),
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin a run of a task within a context.

        Args:
            context: Where it was called.
            name: As it is shown.
            task_key: Which task it is.
            id_: The id of the run, where it has one already.
            dynamic_key: Tells the runs of this task in one flow run apart.
            tags: The task's tags.
            policy: How it is tried again.
        """
        now = context.backend.clock.now()
        self.name = name
        self.id = id_ or context.backend.ids.event_id(now, task_key)
        self._outer = context
        self._resource = {RESOURCE_ID: TASK_RUN + self.id, RESOURCE_NAME: name}
        self._previous: tuple[str, str] | None = None
        self._about: dict[str, Any] = {"name": name, "task_key": task_key, "dynamic_key": dynamic_key}
        if tags:
            self._about["tags"] = list(tags)
        if policy:
            self._about["empirical_policy"] = dict(policy)
        if context.run and context.run.run_count > 1:
            self._about["flow_run_run_count"] = context.run.run_count
        self.place = TaskPlace(self.id, self._resource | {RESOURCE_ROLE: "task-run"})

    @property
    def about(self) -> Mapping[str, Any]:
        """What the task run is, as its events tell."""
        return self._about

    def goes_on_from(self, event_id: str, type_: str) -> None:
        """Take the state that somebody else told for the one before the next."""
        self._previous = (event_id, type_)

    def report(
        self, state_type: str, state_name: str, message: str | None = "", details: StateDetails = NO_DETAILS
    ) -> None:
        """Tell that the task is in this state now."""
        self.tell(self.event(state_type, state_name, message, details))

    def tell(self, event: Event) -> None:
        """Store an event that `event` made."""
        self._outer.recorder.tell(event)

    def event(
        self, state_type: str, state_name: str, message: str | None = "", details: StateDetails = NO_DETAILS
    ) -> Event:
        """Return the event that the task is in this state now."""
        backend = self._outer.backend
        now, message = backend.clock.now(), (message or "")[:MAX_MESSAGE_CHARS]
        state: dict[str, Any] = {"type": state_type, "name": state_name, "message": message}
        if known := details.as_stored():
            state["state_details"] = known
        event = Event(
            id=backend.ids.event_id(now, self._resource[RESOURCE_ID]),
            occurred=now,
            event=f"{TASK_RUN}{state_name.replace(' ', '')}",
            resource=self._resource
            | {
                "prefect.orchestration": "client",
                "prefect.state-name": state_name,
                "prefect.state-type": state_type,
                "prefect.state-message": message,
                "prefect.state-timestamp": iso(now),
            },
            related=tuple(self._outer.related()),
            payload={
                "intended": {"from": self._previous[1] if self._previous else None, "to": state_type},
                "validated_state": state,
                "task_run": self._about,
            },
            follows=self._previous[0] if self._previous else None,
            received=now,
        )
        self._previous = (event.id, state_type)
        return event
