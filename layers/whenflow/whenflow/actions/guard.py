"""The loop guard at run time: an automation that sets itself off over and over is paused, and the chain is told.

How deep a firing stands is read back from what is stored anyway. The event that closed it names a firing (events that
tell of automations) or a flow run (events of runs, and those that their code emits) that a firing started, or that such
a run asked for. Firings whose event names neither, which is most, cost no read.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whenflow.actions.inference import FLOW_RUN, first_of, id_in
from whenflow.actions.lifecycle import INVOCATION, firing_behind
from whenflow.actions.notifications.formats import Message
from whenflow.actions.notifications.targets import default_target
from whenflow.actions.outcome import ActionFailed
from whenflow.actions.targets import labels_of
from whenflow.actions.tools import Tools
from whenflow.automations.firing import Firing
from whenflow.errors import NotFound, Transient
from whenflow.events import RESOURCE_ID, Event, Labels, named_id
from whenflow.ports import FiringStore, RateBudget, RunStore

MAX_DEPTH = 16
MAX_FIRINGS_A_MINUTE = 20_000
STOPPED = "whenflow.automation.loop-stopped"
"""Not `prefect.`: that prefix is for events that Prefect knows, and it knows no such thing."""
logger = logging.getLogger("whenflow.actions")


@dataclass(frozen=True, slots=True)
class Stopped:
    """A firing that is not to be acted on.

    Attributes:
        reason: For people.
        chain: The firings that led to it, oldest first; it is the last.
        told_by: The id of the event that tells of it.
    """

    reason: str
    chain: Sequence[Firing]
    told_by: str


class LoopGuard:
    """Knows the firings that are not to be acted on. Every call may be repeated."""

    def __init__(
        self, tools: Tools, firings: FiringStore, runs: RunStore, budget: RateBudget, max_depth: int = MAX_DEPTH
    ) -> None:
        """Read these firings and runs; a chain may have so many firings."""
        self._tools = tools
        self._firings = firings
        self._runs = runs
        self._budget = budget
        self._max_depth = max_depth

    def check(self, firing: Firing) -> str | None:
        """Return why a firing is not to be acted on, or None. If so, its automation is paused, and that is told."""
        stopped = self._too_deep(firing) or self._too_often(firing)
        if stopped is None:
            return None
        if self._tools.events.get(stopped.told_by) is None:
            self._pause(firing)
            self._tools.events.put(self._told(firing, stopped, self._notify(firing, stopped)))
        return stopped.reason

    def _too_deep(self, firing: Firing) -> Stopped | None:
        chain = [firing]
        while len(chain) <= self._max_depth and (cause := self._cause(chain[-1])):
            chain.append(cause)
        if len(chain) <= self._max_depth:
            return None
        reason = (
            f"The automation was paused: this firing is the last of more than {self._max_depth}, "
            "each of which was set off by what the one before it did."
        )
        return Stopped(reason, chain[::-1], named_id("loop-stopped", firing.id))

    def _too_often(self, firing: Firing) -> Stopped | None:
        if self._budget.take(firing.automation_id, firing.triggered):
            return None
        minute = firing.triggered.replace(second=0, microsecond=0)
        reason = "The automation was paused: it fired more often within a minute than automations may."
        return Stopped(reason, [firing], named_id("loop-stopped", firing.automation_id, minute.isoformat()))

    def _cause(self, firing: Firing) -> Firing | None:
        """Return the firing that brought about the event which closed this one."""
        if firing.event is None:
            return None
        firing_id = firing_behind(firing.event) or self._started_by(firing.event)
        return self._firings.get(firing_id) if firing_id else None

    def _started_by(self, event: Event) -> str | None:
        """Return the firing that the event's flow run comes from, or else the run that asked for that one."""
        labels = first_of(event, FLOW_RUN)
        run_id = id_in(labels[RESOURCE_ID], FLOW_RUN) if labels else None
        for _ in range(self._max_depth):
            run = self._runs.get(run_id) if run_id else None
            if run is None or run.firing_id:
                return run.firing_id if run else None
            run_id = run.parent_run_id
        return None

    def _pause(self, firing: Firing) -> None:
        try:
            self._tools.automations.switch(firing.automation_id, {"enabled": False})
        except NotFound:
            logger.info("automation %s was to be paused and is gone", firing.automation_id)

    def _notify(self, firing: Firing, stopped: Stopped) -> Mapping[str, Any]:
        """Tell the default target; the event says what came of it."""
        target = default_target(self._tools.config)
        if target is None:
            return {}
        subject = f"The automation '{firing.automation_name}' was paused"
        try:
            told = self._tools.notifier.notify(target, Message(stopped.told_by, subject, stopped.reason))
        except (ActionFailed, Transient) as error:
            return {"notification": {"target": target["name"], "reason": str(error)}}
        return {"notification": {"target": target["name"], **told}}

    def _told(self, firing: Firing, stopped: Stopped, more: Mapping[str, Any]) -> Event:
        now = self._tools.clock.now()
        related: list[Labels] = []
        for one in stopped.chain:
            related.append(labels_of("automation", one.automation_id, "chain", one.automation_name))
            if one.event:
                related.append(labels_of("event", one.event.id, "chain", one.event.event))
        return Event(
            id=stopped.told_by,
            occurred=now,
            event=STOPPED,
            resource={
                "prefect.resource.id": f"prefect.automation.{firing.automation_id}",
                "prefect.resource.name": firing.automation_name,
            },
            related=tuple(related[-100:]),
            payload={
                "reason": stopped.reason,
                INVOCATION: firing.id,
                "firings": [one.id for one in stopped.chain],
                **more,
            },
            received=now,
        )
