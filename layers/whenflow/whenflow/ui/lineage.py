"""What an event caused, and what caused a run: event → firing → run, found by their ids alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from whenflow.actions.lifecycle import action_ended
from whenflow.automations.compiled import compile_automation
from whenflow.automations.firing import Firing
from whenflow.automations.matching import any_name_matches
from whenflow.automations.model import automation_from_stored
from whenflow.automations.state import leaf_id
from whenflow.events import Event, named_id
from whenflow.ports import ConfigStore, EventStore, FiringStore, Ids, RunStore
from whenflow.runs import FlowRun

if TYPE_CHECKING:
    from whenflow.api.services import Services

RUN_DEPLOYMENT = "run-deployment"


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
    config: ConfigStore
    ids: Ids

    @classmethod
    def over(cls, services: "Services") -> "Lineage":
        """Look in these stores."""
        return cls(services.events, services.firings, services.runs, services.config, services.ids)

    def firings_of(self, event: Event) -> list[Firing]:
        """Return the firings that an event closed, of the automations that there are now.

        A firing's id follows from automation, trigger, key and event, so it is asked for and not searched.
        """
        ids = (_firing_id(automation, event) for automation in self.config.all("automation"))
        found = (self.firings.get(id_) for id_ in ids if id_)
        return sorted((firing for firing in found if firing), key=lambda firing: (firing.triggered, firing.id))

    def effects_of(self, firing: Firing) -> list[Effect]:
        """Return what became of each action of a firing."""
        return [self._effect(firing, index, action) for index, action in enumerate(firing.actions)]

    def _effect(self, firing: Firing, index: int, action: Mapping[str, Any]) -> Effect:
        type_ = str(action["type"])
        run = self.runs.get(named_id("flow-run", firing.id, str(index))) if type_ == RUN_DEPLOYMENT else None
        for outcome in ("executed", "failed"):
            told = self.events.get(action_ended(firing, index, outcome, firing.triggered, self.ids).id)
            if told:
                return Effect(index, type_, outcome, str(told.payload.get("reason") or ""), told.id, run)
        return Effect(index, type_, run=run)

    def cause_of(self, run: FlowRun) -> Firing | None:
        """Return the firing that made a run."""
        return self.firings.get(run.firing_id) if run.firing_id else None


def _firing_id(document: Mapping[str, Any], event: Event) -> str | None:
    """Return the id of the firing that this event closed, if the automation looks at it."""
    given = document["trigger"].get("expect")
    if given and not any_name_matches(given, event.event):  # rules most out before they are read
        return None
    try:
        automation = automation_from_stored(document)
    except ValidationError:
        return None
    watch = next(iter(compile_automation(automation, 0).watches), None)
    if watch is None or watch.parent is not None or not watch.looks_at(event):
        return None
    return leaf_id(automation.id, watch.id, watch.key_of(event), event.id)
