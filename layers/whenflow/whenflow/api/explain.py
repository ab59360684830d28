"""Why an automation fired on an event, or why not."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.errors import Fault, NotFound, Rejected

FARTHEST = timedelta(days=1)
MARGIN = timedelta(minutes=15)


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the route of explanations."""

    @app.get("/explain")
    def explain() -> Response[Any]:
        from whenflow.automations.explaining import explain_document, reach, windows_now, with_windows

        automation = services.automations.get(known_id(_given(app, "automation"), "automation"))
        event_id = known_id(_given(app, "event"), "event")
        event = services.events.get(event_id)
        if event is None:
            raise NotFound(f"There is no event {event_id}.")
        far = reach(automation.trigger)
        back = FARTHEST if far is None else min(far, FARTHEST)
        stored = services.events.between(event.occurred - back, event.occurred + MARGIN)
        explained = explain_document(
            automation,
            event,
            sorted(stored, key=lambda one: one.received),
            waits_for=event.follows if services.is_held(event.id) else None,
            was_stored=lambda firing_id: services.firings.get(firing_id) is not None,
        )
        return answer(200, with_windows(explained, windows_now(automation, event, services.load_windows)))


def _given(app: APIGatewayHttpResolver, name: str) -> str:
    value = app.current_event.get_query_string_value(name)
    if not value:
        raise Rejected(f"No {name} given.", [Fault(("query", name), "Field required", "missing")])
    return value
