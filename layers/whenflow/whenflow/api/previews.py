"""What the actions of an automation would do on an event; nothing is done."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_as_sent
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.automations.model import Automation, automation_from_document, with_identity
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import Event, event_from_document

EVENT_KEYS = frozenset({"event", "event_id"})
HOW = "give event_id, or event as a document; null for event where time closes the window"


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes of previews: of an automation that is stored, or of one in the request."""

    @app.post("/automations/preview")
    def of_a_draft() -> Response[Any]:
        document = _checked(object_as_sent(app), EVENT_KEYS | {"automation"})
        now = services.clock.now()
        given = automation_from_document(document.get("automation"))
        return _previewed(with_identity(given, services.ids.new(), now, now), document, services)

    @app.post("/automations/<automation_id>/preview")
    def of_one(automation_id: str) -> Response[Any]:
        document = _checked(object_as_sent(app), EVENT_KEYS)
        automation = services.automations.get(known_id(automation_id, "automation"))
        return _previewed(automation, document, services)


def _previewed(automation: Automation, document: dict[str, Any], services: Services) -> Response[Any]:
    from whenflow.actions.paper import PaperTools
    from whenflow.actions.preview import preview

    event = _event(document, services)
    paper = PaperTools(
        services.events,
        services.config,
        services.runs,
        services.clock,
        services.ids,
        services.automations.get,
        services.scope().knowing(automation),
    )
    return answer(200, preview(automation, event, paper))


def _checked(document: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    if unknown := sorted(document.keys() - known):
        faults = [Fault(("body", name), "Extra inputs are not permitted", "extra_forbidden") for name in unknown]
        raise Rejected("This is not a valid request for a preview.", faults)
    if len(EVENT_KEYS & document.keys()) != 1:
        raise Rejected("Say on which event.", [Fault(("body", "event_id"), HOW, "missing")])
    return document


def _event(document: dict[str, Any], services: Services) -> Event | None:
    if "event" in document:
        given = document["event"]
        return None if given is None else event_from_document(given, services.clock.now())
    event_id = known_id(str(document["event_id"]), "event")
    event = services.events.get(event_id)
    if event is None:
        raise NotFound(f"There is no event {event_id}.")
    return event
