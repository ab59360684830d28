"""Puts the API together."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from whenflow import __version__
from whenflow.api import (
    automations,
    compat,
    deployments,
    events,
    explain,
    flow_runs,
    openapi,
    presets,
    sources,
    webhooks,
)
from whenflow.api.answers import add_error_answers, answer
from whenflow.api.credentials import key_in
from whenflow.api.services import Services

PREFIX = "/api"
OPEN = frozenset({f"{PREFIX}/health", f"{PREFIX}/ready"})
OPEN_WITHOUT_KEY = frozenset({f"{PREFIX}/admin/version"})  # asked for without a key right before a WebSocket
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def build_api(services: Services) -> Handler:
    """Return a Lambda handler for the API over these services."""
    app = APIGatewayHttpResolver(strip_prefixes=[PREFIX])
    app.use([_authenticate(services), compat.check_version])
    add_error_answers(app)
    compat.add_routes(app)
    openapi.add_routes(app)
    _add_own_routes(app)
    for area in (events, presets, webhooks, sources, automations, deployments, flow_runs, explain):
        area.add_routes(app, services)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        path = event["rawPath"].rstrip("/") or "/"
        event["requestContext"]["http"]["path"] = path
        return app.resolve(event | {"rawPath": path}, context)

    return handler


def _add_own_routes(app: APIGatewayHttpResolver) -> None:
    @app.get("/version")
    def version() -> Response[Any]:
        return answer(200, {"whenflow": __version__})


def _authenticate(services: Services) -> Callable[[APIGatewayHttpResolver, NextMiddleware], Response[Any]]:
    def authenticate(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
        path, given = app.current_event.raw_event["rawPath"], app.current_event.headers.get("authorization") or ""
        if path in OPEN or (path in OPEN_WITHOUT_KEY and not given):
            return next_middleware(app)
        key = key_in(given)
        if not key or services.find_key(key) is None:
            return answer(401, {"exception_message": "Unauthorized"}, {"WWW-Authenticate": "Bearer"})
        return next_middleware(app)

    return authenticate
