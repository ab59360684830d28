"""What an event caused, and what caused a run: event → firing → run, found by their ids alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whenflow.actions.lifecycle import ends_of
from whenflow.automations.firing import Firing
from whenflow.events import Event, named_id
from whenflow.ports import EventStore, FiringStore, Ids, RunStore
from whenflow.runs import FlowRun

if TYPE_CHECKING:
    from whenflow.api.services import Services

RUN_DEPLOYMENT = "run-deployment"
MAX_FIRINGS = 50


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of one action of a firing.

    Attributes:
        index: Its place among the automation's actions.
        type: What kind of action it is.
        outcome: `executed`, `failed`, or nothing where neither is told yet.
        reason: Why it failed.
        event_id: The event that tells of the outcome.
        run: The flow run it made.
    """

    index: int
    type: str
    outcome: str = ""
    reason: str = ""
    event_id: str = ""
    run: FlowRun | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """Finds causes and effects in the stores."""

    events: EventStore
    firings: FiringStore
    runs: RunStore
    ids: Ids

    @classmethod
    def over(cls, services: "Services") -> "Lineage":
        """Look in these stores."""
        return cls(services.events, services.firings, services.runs, services.ids)

    def firings_of(self, event: Event) -> list[Firing]:
        """Return the firings that an event closed, oldest first; at most `MAX_FIRINGS`."""
        found = (self.firings.get(id_) for id_ in self.firings.caused_by(event.id, MAX_FIRINGS))
        return sorted((firing for firing in found if firing), key=lambda firing: (firing.triggered, firing.id))

    def effects_of(self, firing: Firing) -> list[Effect]:
        """Return what became of each action of a firing."""
        return [self._effect(firing, index, action) for index, action in enumerate(firing.actions)]

    def _effect(self, firing: Firing, index: int, action: Mapping[str, Any]) -> Effect:
        type_ = str(action["type"])
        run = self.runs.get(named_id("flow-run", firing.id, str(index))) if type_ == RUN_DEPLOYMENT else None
        for outcome, ended in ends_of(firing, index, self.events, self.ids).items():
            told = self.events.get(ended)
            if told:
                return Effect(index, type_, outcome, str(told.payload.get("reason") or ""), told.id, run)
        return Effect(index, type_, run=run)

    def cause_of(self, run: FlowRun) -> Firing | None:
        """Return the firing that made a run."""
        return self.firings.get(run.firing_id) if run.firing_id else None
