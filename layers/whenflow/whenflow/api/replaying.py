"""The use cases behind `/replay`: a plan, and then only what is missing. Loaded when it is first asked for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from whenflow.api.services import Services
from whenflow.automations.model import Automation
from whenflow.automations.registry import Wanted
from whenflow.automations.replay import PlannedFiring, ReplayPlan, Status, plan_replay, to_be_stored
from whenflow.errors import Fault, Rejected
from whenflow.events import Event, iso
from whenflow.events.reading import Span
from whenflow.events.validation import Instant, faults_of

FARTHEST = timedelta(days=90)  # firings are kept for a hundred: beyond that nobody knows what there was
LEEWAY = timedelta(hours=1)  # no two clocks are the same
MAX_FIRED = 100
READ_AHEAD = 1_000
MAX_AUTOMATIONS = 100


class ReplayRequest(BaseModel):
    """Which events, on which automations.

    Attributes:
        since: From when on events are to have occurred.
        until: Until when; the moment itself is not included. None: until now.
        automations: Their ids; None: all that are switched on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Instant
    until: Instant | None = None
    automations: Annotated[list[UUID], Field(min_length=1, max_length=MAX_AUTOMATIONS)] | None = None


class FireRequest(ReplayRequest):
    """What of a plan is to be started.

    Attributes:
        firings: Their ids, as the plan has them.
        unsure: Whether those of status `unsure` may be started, too.
    """

    firings: Annotated[list[UUID], Field(min_length=1, max_length=MAX_FIRED)]
    unsure: StrictBool = False


def plan_document(services: Services, document: dict[str, Any]) -> dict[str, Any]:
    """Return the plan that a request asks for.

    Raises:
        Rejected: The request makes no sense, or asks for too much.
        NotFound: There is no such automation.
    """
    asked = _checked(ReplayRequest, document)
    now = services.clock.now()
    until = asked.until or now
    planned = _planned(services, asked, now)
    return {
        "firings": [one.as_document() for one in planned.firings],
        "counts": {str(one): sum(firing.status is one for firing in planned.firings) for one in Status},
        "events": planned.events,
        "since": iso(asked.since),
        "until": iso(planned.until),
        "next_since": iso(planned.until) if planned.until < until else None,
    }


def fire_document(services: Services, document: dict[str, Any]) -> dict[str, Any]:
    """Start what a request names, as far as it is missing; say what was started, what was there, what was refused.

    Raises:
        Rejected: The request makes no sense, or asks for too much.
        NotFound: There is no such automation.
    """
    asked = _checked(FireRequest, document)
    return _fire(services, asked, _planned(services, asked, services.clock.now()))


def _planned(services: Services, asked: ReplayRequest, now: datetime) -> ReplayPlan:
    until = asked.until or now
    if not now - FARTHEST - LEEWAY <= asked.since < until <= now:
        reason = f"since must lie before until, neither ahead, and since at most {FARTHEST.days} days back"
        raise Rejected("Invalid since or until.", [Fault(("body", "since"), reason)])
    return plan_replay(
        _automations(services, asked),
        lambda start, end: _events(services, start, end),
        asked.since,
        until,
        lambda id_: services.firings.get(id_) is not None,
    )


def _events(services: Services, start: datetime, end: datetime) -> Iterator[Event]:
    """Yield the events that occurred in [start, end), oldest first."""
    found = services.events.scan(Span(start, end, newest_first=False, size=READ_AHEAD))
    return (event for event in found if isinstance(event, Event) and event.occurred < end)


def _automations(services: Services, asked: ReplayRequest) -> list[Automation]:
    if asked.automations is None:
        return [one for one in services.automations.find(Wanted()) if one.enabled]
    found = [services.automations.get(str(id_)) for id_ in dict.fromkeys(asked.automations)]
    if off := [one.name for one in found if not one.enabled]:
        reason = f"switched off, so nothing may be started for it: {', '.join(off)}"
        raise Rejected("An automation is switched off.", [Fault(("body", "automations"), reason)])
    return found


def _fire(services: Services, asked: FireRequest, planned: ReplayPlan) -> dict[str, Any]:
    """Store the firings that are asked for and missing; whoever asks again finds them stored."""
    known: dict[str, PlannedFiring] = {one.firing.id: one for one in planned.firings}
    startable = {one.firing.id for one in planned.startable(unsure=asked.unsure)}
    fired, stored, refused = [], [], []
    for id_ in map(str, dict.fromkeys(asked.firings)):
        one = known.get(id_)
        if one is None:
            refused.append({"id": id_, "reason": "it is in no plan of this time and these automations"})
        elif one.status is Status.STORED:
            stored.append(id_)
        elif id_ not in startable:
            refused.append({"id": id_, "reason": f"its status is {one.status}"})
        elif services.firings.put(to_be_stored(one, services.clock.now())):
            fired.append(id_)
        else:
            stored.append(id_)
    return {"fired": fired, "stored": stored, "refused": refused}


def _checked(model: type[Any], document: dict[str, Any]) -> Any:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid replay.", faults_of(error, ("body",))) from None
