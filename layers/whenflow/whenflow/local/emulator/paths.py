"""Short URLs: `/hooks/...`, `/api/...`, `/ui` and `/` reach the HTTP API of the stack, as under its own domain.

Everything that looks like a call of AWS (signed for one of its services, or with a target or an action) goes on to
ministack untouched. What is signed for `execute-api` is for the stack, whose API may be guarded by IAM.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from whenflow.local.emulator.engine import engine

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]
ROOMS = ("/hooks", "/api", "/ui")
ALONE = ("/", "/favicon.ico")
STAGE = "$default"
SIGNATURE = re.compile(rb"AWS4-HMAC-SHA256 Credential=[^,/\s]+/[^,/\s]+/[^,/\s]+/(?P<service>[^,/\s]+)/aws4_request")
INVOKE = b"execute-api"


class ShortPaths:
    """Sits before ministack and gives requests for the stack's HTTP API the long path that ministack expects."""

    def __init__(self, application: Application, find_api: Callable[[], str | None]) -> None:
        """Wrap an application; `find_api` returns the id of the HTTP API, if there is one."""
        self._application, self._find_api = application, find_api

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "http" and is_for_the_stack(scope) and (api := self._find_api()):
            scope = lengthened(scope, api)
        await self._application(scope, receive, send)


def is_for_the_stack(scope: Scope) -> bool:
    """Say whether a request is meant for the HTTP API, and not for AWS."""
    path: str = scope["path"]
    ours = path in ALONE or any(path == room or path.startswith(f"{room}/") for room in ROOMS)
    return ours and not _is_call_of_aws(scope)


def lengthened(scope: Scope, api: str) -> Scope:
    """Return the request as ministack expects it, with the forwarding headers that the real HTTP API adds.

    A signed one keeps its raw path: that is what was signed.
    """
    prefix = f"/_aws/execute-api/{api}/{STAGE}"
    raw_path = scope.get("raw_path") or scope["path"].encode()
    if _signed_for(scope) != INVOKE:
        raw_path = prefix.encode() + raw_path
    headers = [*scope["headers"], *_forwarded(scope)]
    return {**scope, "path": prefix + scope["path"], "raw_path": raw_path, "headers": headers}


def find_http_api() -> str | None:
    """Return the id of the newest HTTP API in the emulator; it holds one stack."""
    apis = [api for _, api in engine("services.apigateway")._apis._data.items() if api.get("protocolType") == "HTTP"]
    newest = max(apis, key=lambda api: str(api.get("createdDate", "")), default=None)
    return str(newest["apiId"]) if newest else None


def _forwarded(scope: Scope) -> Iterable[tuple[bytes, bytes]]:
    client, server = scope.get("client") or ("127.0.0.1", 0), scope.get("server") or ("127.0.0.1", 80)
    added = {
        b"x-forwarded-proto": str(scope.get("scheme", "http")).encode(),
        b"x-forwarded-for": str(client[0]).encode(),
        b"x-forwarded-port": str(server[1]).encode(),
    }
    present = {name.lower() for name, _ in scope["headers"]}
    return [(name, value) for name, value in added.items() if name not in present]


def _is_call_of_aws(scope: Scope) -> bool:
    headers = {name.lower(): value for name, value in scope["headers"]}
    query = parse_qs(scope.get("query_string", b""), keep_blank_values=True)
    signed = _signed_for(scope) not in (None, INVOKE) or b"X-Amz-Signature" in query
    return signed or b"x-amz-target" in headers or b"Action" in query


def _signed_for(scope: Scope) -> bytes | None:
    """Return the service that a request is signed for; nothing in particular where the signature is odd."""
    given = next((value for name, value in scope["headers"] if name.lower() == b"authorization"), b"")
    if not given.startswith(b"AWS4-HMAC"):
        return None
    match = SIGNATURE.match(given)
    return match["service"] if match else b""
