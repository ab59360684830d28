"""The API's description of itself, in OpenAPI 3.1.

The routes stay plain functions: Powertools could derive a description only from annotations that it would then check at
every request, with its own error bodies and at the cost of each cold start. A table says the same, is read only when
somebody asks, and `tests/api/test_openapi.py` holds it against the routes.
"""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer


def add_routes(app: APIGatewayHttpResolver) -> None:
    """Add the route of the description."""

    @app.get("/openapi.json")
    def description() -> Response[Any]:
        from whenflow.api.openapi.document import build

        return answer(200, build())
