"""The page of a firing, and how other pages show firings: as a link of the chain event → firing → run."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from whenflow.automations.firing import Firing
from whenflow.errors import NotFound
from whenflow.runs import FlowRun
from whenflow.ui.lineage import Effect, Lineage
from whenflow.ui.links import run_behind
from whenflow.ui.rendering import Page
from whenflow.ui.states import Badge, badge
from whenflow.ui.text import Moment, between, cut, moment, pretty

if TYPE_CHECKING:
    from whenflow.api.services import Services


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain; `href` is empty where the page is about this very link."""

    kind: str
    name: str
    href: str
    note: str
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Event → firing → run; with the run before it, where the event came from one."""

    links: tuple[Link, ...]
    from_run: str | None


@dataclass(frozen=True, slots=True)
class Deed:
    """What became of an action."""

    type: str
    outcome: str
    tone: str
    reason: str
    event_id: str
    run: Link | None


@dataclass(frozen=True, slots=True)
class Fired:
    """A firing and what became of its actions."""

    id: str
    automation: str
    automation_href: str
    at: Moment
    after: str
    deeds: tuple[Deed, ...]


def one_firing(services: "Services", id_: str) -> Page:
    """Show a firing: the event that closed it, and what its actions did."""
    firing = services.firings.get(id_)
    if firing is None:
        raise NotFound(f"There is no firing {id_}.")
    now = services.clock.now()
    values = {
        "firing": firing,
        "fired": fired(firing, Lineage.over(services), now),
        "chain": chain_of(firing),
        "labels": [(cut(name), cut(value)) for name, value in firing.labels.items()],
        "actions": pretty([dict(action) for action in firing.actions]),
    }
    return Page("firing", f"{cut(firing.automation_name)} fired", "automations", values)


def fired(firing: Firing, lineage: Lineage, now: datetime) -> Fired:
    """Return a firing as pages show it."""
    return Fired(
        id=firing.id,
        automation=cut(firing.automation_name),
        automation_href=f"/ui/automations/{firing.automation_id}",
        at=moment(firing.triggered, now),
        after=between(began(firing), firing.triggered),
        deeds=tuple(_deed(effect, firing) for effect in lineage.effects_of(firing)),
    )


def chain_of(firing: Firing, run: FlowRun | None = None) -> Chain:
    """Return how it came to a firing, or to the run it made: the last link is what the page is about."""
    from_run = run_behind(firing.event) if firing.event else None
    after = between(began(firing), firing.triggered)
    steps = [_cause(firing), Link("Firing", cut(firing.automation_name), f"/ui/firings/{firing.id}", after)]
    if run:
        steps.append(_run_link(run, firing))
    steps[-1] = replace(steps[-1], href="")
    return Chain(tuple(steps), from_run if run is None or from_run != run.id else None)


def began(firing: Firing) -> datetime:
    """Return when what a firing is about happened: its event, or the end of a window in which none did."""
    return firing.event.occurred if firing.event else firing.time


def _cause(firing: Firing) -> Link:
    event = firing.event
    if event is None:
        return Link("Event", "none came in time", "", "the window ended")
    return Link("Event", cut(event.event), f"/ui/events/{event.id}", f"on {cut(event.resource_id)}")


def _run_link(run: FlowRun, firing: Firing) -> Link:
    after = between(began(firing), run.created)
    return Link("Run", cut(run.name), f"/ui/runs/{run.id}", after, badge(run.state))


def _deed(effect: Effect, firing: Firing) -> Deed:
    return Deed(
        type=effect.type,
        outcome=effect.outcome or ("started" if effect.run else "not reported yet"),
        tone={"executed": "completed", "failed": "failed"}.get(effect.outcome, "pending"),
        reason=cut(effect.reason, 2_000),
        event_id=effect.event_id,
        run=_run_link(effect.run, firing) if effect.run else None,
    )
