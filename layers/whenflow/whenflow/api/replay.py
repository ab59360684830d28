"""Replay over HTTP: a plan, and then only what is missing."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of
from whenflow.api.services import Services


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/replay`."""

    @app.post("/replay")
    def plan() -> Response[Any]:
        from whenflow.api.replaying import plan_document

        return answer(200, plan_document(services, object_of(app)))

    @app.post("/replay/fire")
    def fire() -> Response[Any]:
        from whenflow.api.replaying import fire_document

        return answer(200, fire_document(services, object_of(app)))
