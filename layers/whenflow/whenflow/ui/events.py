"""The feed, and the page of one event."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from whenflow.errors import NotFound
from whenflow.events import RESOURCE_NAME, Event
from whenflow.runs import FlowRun
from whenflow.ui import links
from whenflow.ui.firings import fired
from whenflow.ui.lineage import Lineage
from whenflow.ui.rendering import Page
from whenflow.ui.requests import Request
from whenflow.ui.states import tone_of
from whenflow.ui.text import between, cut, moment, pretty

if TYPE_CHECKING:
    from whenflow.api.services import Services

PAGE = 50
OWN = ("prefect.", "prefect-cloud.")


def feed(services: "Services", request: Request) -> Page:
    """Show events, newest first."""
    cursor = request.query.get("cursor")
    page = services.events.newest(PAGE, cursor)
    now = services.clock.now()
    values = {"events": [_row(event, now) for event in page.events], "older": page.cursor, "first": not cursor}
    return Page("events", "Events", "events", values)


def one_event(services: "Services", id_: str) -> Page:
    """Show an event, where it came from and what it caused."""
    event = services.events.get(id_)
    if event is None:
        raise NotFound(f"There is no event {id_}. Events are kept for a number of days, then forgotten.")
    now = services.clock.now()
    lineage = Lineage.over(services)
    primary, *related = links.resources_of(event)
    values = {
        "event": event,
        "name": _name(event),
        "tone": _tone(event),
        "occurred": moment(event.occurred, now),
        "received": moment(event.received, now),
        "delay": between(event.occurred, event.received),
        "resource": primary,
        "related": related,
        "payload": pretty(dict(event.payload)),
        "run": _origin(services, event),
        "firing_id": _firing_told_of(event),
        "caused": [fired(firing, lineage, now) for firing in lineage.firings_of(event)],
    }
    return Page("event", _name(event), "events", values)


def _row(event: Event, now: datetime) -> dict[str, Any]:
    return {
        "id": event.id,
        "name": _name(event),
        "own": event.event.startswith(OWN),
        "tone": _tone(event),
        "occurred": moment(event.occurred, now),
        "resource": cut(event.resource_id),
        "resource_name": cut(event.resource.get(RESOURCE_NAME, "")),
        "kind": links.kind_of(event.resource_id),
        "href": links.page_of(event.resource_id),
        "run": links.run_around(event),
    }


def _name(event: Event) -> str:
    return cut(event.event) or "(no name)"


def _tone(event: Event) -> str:
    """Return the state that the event tells of, for its colour; the words say it too."""
    if event.event.startswith(OWN) and event.event.endswith(".failed"):
        return "failed"
    return tone_of(event.resource.get("prefect.state-type", ""))


def _origin(services: "Services", event: Event) -> FlowRun | None:
    run_id = links.run_of(event)
    return services.runs.get(run_id) if run_id else None


def _firing_told_of(event: Event) -> str:
    """Return the id of the firing that an event about an action tells of."""
    given = event.payload.get("invocation")
    if not event.event.startswith("prefect.automation.action.") or not isinstance(given, str):
        return ""
    try:
        return str(UUID(given))
    except ValueError:
        return ""
