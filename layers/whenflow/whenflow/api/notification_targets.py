"""Notification targets over HTTP. What is secret in them comes in as it is and goes out as a reference."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services

WHAT = "notification target"


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/notification-targets`."""

    @app.post("/notification-targets")
    def create() -> Response[Any]:
        return answer(201, services.targets.create(object_of(app)))

    @app.post("/notification-targets/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        return answer(200, services.targets.all()[offset : offset + limit])

    @app.get("/notification-targets/<target_id>")
    def one(target_id: str) -> Response[Any]:
        return answer(200, services.targets.get(known_id(target_id, WHAT)))

    @app.patch("/notification-targets/<target_id>")
    def update(target_id: str) -> Response[Any]:
        return answer(200, services.targets.update(known_id(target_id, WHAT), object_of(app)))

    @app.delete("/notification-targets/<target_id>")
    def delete(target_id: str) -> Response[Any]:
        services.targets.delete(known_id(target_id, WHAT))
        return answer(204)

    @app.post("/notification-targets/<target_id>/test")
    def try_out(target_id: str) -> Response[Any]:
        return answer(200, services.targets.try_out(known_id(target_id, WHAT)))
