"""The presets of webhooks over HTTP."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer
from whenflow.api.services import Services
from whenflow.webhooks.presets import PRESETS


def add_routes(app: APIGatewayHttpResolver, _services: Services) -> None:
    """Add the route `/webhooks/presets`."""

    @app.get("/webhooks/presets")
    def presets() -> Response[Any]:
        return answer(200, [preset.as_document() for preset in PRESETS.values()])
