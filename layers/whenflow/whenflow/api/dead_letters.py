"""Dead letters over HTTP: what there is, what it was, and putting it back."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, limit_of, object_of, page_of
from whenflow.api.services import Services

SHOWN = 10
AT_ONCE = 50


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/dead-letters`."""

    @app.get("/dead-letters")
    def queues() -> Response[Any]:
        return answer(200, services.dead_letters.queues())

    @app.get("/dead-letters/<queue>")
    def some(queue: str) -> Response[Any]:
        return answer(200, services.dead_letters.peek(queue, limit_of(app, SHOWN)))

    @app.post("/dead-letters/<queue>/redrive")
    def redrive(queue: str) -> Response[Any]:
        limit, _ = page_of(object_of(app))
        return answer(200, services.dead_letters.redrive(queue, min(limit, AT_ONCE)))
