"""Puts the API together."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow import __version__
from whenflow.api import (
    automations,
    block_documents,
    block_types,
    compat,
    concurrency_limits,
    dead_letters,
    deployments,
    events,
    explain,
    flow_runs,
    flows,
    keys,
    lineage,
    logs,
    new_task_runs,
    notification_targets,
    openapi,
    presets,
    previews,
    replay,
    run_figures,
    run_inputs,
    sources,
    tag_limits,
    task_runs,
    variables,
    webhooks,
    work_pools,
    work_queues,
)
from whenflow.api.access import PREFIX, guard
from whenflow.api.answers import add_error_answers, answer
from whenflow.api.services import Services

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
AREAS = (
    events,
    presets,
    webhooks,
    sources,
    previews,
    automations,
    deployments,
    flows,
    flow_runs,
    run_figures,
    run_inputs,
    logs,
    task_runs,
    new_task_runs,
    variables,
    work_pools,
    work_queues,
    explain,
    keys,
    lineage,
    replay,
    notification_targets,
    block_documents,
    block_types,
    dead_letters,
    concurrency_limits,
    tag_limits,
)


def build_api(services: Services) -> Handler:
    """Return a Lambda handler for the API over these services."""
    app = APIGatewayHttpResolver(strip_prefixes=[PREFIX])
    app.use([guard(services), compat.check_version])
    add_error_answers(app)
    compat.add_routes(app)
    openapi.add_routes(app)
    _add_own_routes(app)
    for area in AREAS:
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
