"""Puts the API together."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from whenflow import __version__
from whenflow.api import (
    automations,
    block_documents,
    dead_letters,
    deployments,
    events,
    explain,
    flow_runs,
    flows,
    logs,
    notification_targets,
    presets,
    previews,
    sources,
    task_runs,
    variables,
    webhooks,
    work_pools,
)
from whenflow.api.answers import add_error_answers, answer
from whenflow.api.services import Services

PREFIX = "/api"
OPEN = frozenset({f"{PREFIX}/health", f"{PREFIX}/ready"})
BEARER = "bearer "
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def build_api(services: Services) -> Handler:
    """Return a Lambda handler for the API over these services."""
    app = APIGatewayHttpResolver(strip_prefixes=[PREFIX])
    app.use([_authenticate(services)])
    add_error_answers(app)
    _add_own_routes(app)
    for area in (
        events,
        presets,
        webhooks,
        sources,
        previews,
        automations,
        deployments,
        flows,
        flow_runs,
        logs,
        task_runs,
        variables,
        work_pools,
        explain,
        notification_targets,
        block_documents,
        dead_letters,
    ):
        area.add_routes(app, services)

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        path = event["rawPath"].rstrip("/") or "/"
        event["requestContext"]["http"]["path"] = path
        return app.resolve(event | {"rawPath": path}, context)

    return handler


def _add_own_routes(app: APIGatewayHttpResolver) -> None:
    @app.get("/health")
    def health() -> Response[Any]:
        return answer(200, True)

    @app.get("/ready")
    def ready() -> Response[Any]:
        return answer(200, {"message": "OK"})

    @app.get("/version")
    def version() -> Response[Any]:
        return answer(200, {"whenflow": __version__})


def _authenticate(services: Services) -> Callable[[APIGatewayHttpResolver, NextMiddleware], Response[Any]]:
    def authenticate(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
        if app.current_event.raw_event["rawPath"] in OPEN:
            return next_middleware(app)
        given = app.current_event.headers.get("authorization") or ""
        key = given[len(BEARER) :].strip() if given[: len(BEARER)].lower() == BEARER else ""
        if not key or services.find_key(key) is None:
            return answer(401, {"exception_message": "Unauthorized"}, {"WWW-Authenticate": "Bearer"})
        return next_middleware(app)

    return authenticate
