"""What Prefect's own clients ask before they ask for anything else (SPEC 7.1)."""

import re
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from whenflow.api.answers import answer

PREFECT_VERSION = "3.9.1"
"""The server that clients take this one for: they refuse another major version, and warn about an older minor one."""
VERSION_HEADER = "x-prefect-api-version"
OLDEST = (0, 8, 0)
VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})\Z", re.ASCII)

Middleware = Callable[[APIGatewayHttpResolver, NextMiddleware], Response[Any]]


def add_routes(app: APIGatewayHttpResolver) -> None:
    """Add the routes that a client asks of any server."""

    @app.get("/health")
    def health() -> Response[Any]:
        return answer(200, True)

    @app.get("/ready")
    def ready() -> Response[Any]:
        return answer(200, {"message": "OK"})

    @app.get("/hello")
    def hello() -> Response[Any]:
        return answer(200, "👋")

    @app.get("/admin/version")
    def version() -> Response[Any]:
        return answer(200, PREFECT_VERSION)

    @app.get("/admin/storage")
    def storage() -> Response[Any]:
        return answer(200, {"default_result_storage_block_id": None})

    @app.get("/csrf-token")
    def csrf_token() -> Response[Any]:
        # Keys travel in a header, which no other site can make a browser send: there is nothing to protect.
        return answer(422, {"detail": "CSRF protection is disabled."})


def check_version(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
    """Refuse a client that speaks an older API than this one, before it misunderstands an answer."""
    told = app.current_event.headers.get(VERSION_HEADER)
    if told is None:
        return next_middleware(app)
    oldest = ".".join(map(str, OLDEST))
    match = VERSION.match(told.strip())
    if match is None:
        return answer(400, {"detail": f"{VERSION_HEADER.upper()} is no version: write it as {oldest}."})
    if tuple(map(int, match.groups())) < OLDEST:
        return answer(
            400, {"detail": f"The client speaks version {told.strip()} of the API; {oldest} is the oldest that works."}
        )
    return next_middleware(app)
