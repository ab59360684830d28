"""Automations over HTTP."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.automations import automation_from_document
from whenflow.automations.model import with_identity
from whenflow.errors import NotFound

KIND = "automation"


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/automations`."""

    @app.post("/automations")
    def create() -> Response[Any]:
        given = automation_from_document(object_of(app))
        now = services.clock.now()
        automation = with_identity(given, services.ids.new(), now, now)
        services.config.create(KIND, automation.id, automation.as_document())
        return answer(201, automation.as_document())

    @app.post("/automations/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        found = sorted(services.config.all(KIND), key=lambda one: str(one["created"]), reverse=True)
        return answer(200, found[offset : offset + limit])

    @app.get("/automations/<automation_id>")
    def one(automation_id: str) -> Response[Any]:
        stored = services.config.get(KIND, known_id(automation_id, KIND))
        if stored is None:
            raise NotFound(f"There is no automation {automation_id}.")
        return answer(200, stored)

    @app.delete("/automations/<automation_id>")
    def delete(automation_id: str) -> Response[Any]:
        if not services.config.delete(KIND, known_id(automation_id, KIND)):
            raise NotFound(f"There is no automation {automation_id}.")
        return answer(204)
