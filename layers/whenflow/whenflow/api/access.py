"""Who may come in: a key, or a caller that IAM has let in; how often; and to which routes."""

import math
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware

from whenflow.api.answers import answer, missing
from whenflow.api.audit import acting
from whenflow.api.credentials import key_in
from whenflow.api.scopes import SCOPES, Caller, Scope
from whenflow.api.services import Services

PREFIX = "/api"
OPEN = frozenset({f"{PREFIX}/health", f"{PREFIX}/ready"})
OPEN_WITHOUT_KEY = frozenset({f"{PREFIX}/admin/version"})  # asked for without a key right before a WebSocket
IAM_PREFIX = "aws.iam."
Middleware = Callable[[APIGatewayHttpResolver, NextMiddleware], Response[Any]]


def guard(services: Services) -> Middleware:
    """Return what every request has to pass."""

    def check(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[Any]:
        path, given = app.current_event.raw_event["rawPath"], app.current_event.headers.get("authorization") or ""
        if path in OPEN or (path in OPEN_WITHOUT_KEY and not given):
            return next_middleware(app)
        caller = _caller(services, app, given)
        if caller is None:
            return answer(401, {"exception_message": "Unauthorized"}, {"WWW-Authenticate": "Bearer"})
        if wait := services.throttle(caller.resource_id):
            seconds = str(math.ceil(wait))
            return answer(429, {"exception_message": f"Too many requests: wait {seconds} s."}, {"Retry-After": seconds})
        if refusal := _refusal(app, caller):
            return refusal
        with acting(caller):
            return next_middleware(app)

    return check


def _caller(services: Services, app: APIGatewayHttpResolver, given: str) -> Caller | None:
    if services.trusts_iam:  # then no key opens anything, however a request comes in
        arn = _principal(app.current_event.raw_event)
        return Caller(IAM_PREFIX + arn, arn, [Scope.ADMIN]) if arn else None  # IAM decides on methods and paths
    secret = key_in(given)
    key = services.find_key(secret) if secret else None
    if key is None:
        return None
    services.note_use(key)
    return key.caller


def _principal(event: dict[str, Any]) -> str:
    """Return whom API Gateway has identified by a signature; no caller can write here."""
    iam = (event["requestContext"].get("authorizer") or {}).get("iam") or {}
    return str(iam.get("userArn") or "")


def _refusal(app: APIGatewayHttpResolver, caller: Caller) -> Response[Any] | None:
    route = app.context["_route"]
    needed = caller.lacks(route.method, route.path, app.context.get("_route_args") or {})
    if needed is None:
        return None
    if (route.method, route.path) not in SCOPES:
        return answer(404, {"detail": missing(app.current_event.path)})
    has = ", ".join(caller.scopes)
    return answer(403, {"detail": f"This needs the scope '{needed}'; the key '{caller.name}' has {has}."})
