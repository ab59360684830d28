"""Pages of other sites have no business here: a browser tells where a request comes from, and those are refused.

The emulator asks nobody for a key and lets every site read its answers. Without this, any page that is open in a
browser on this machine could read the tables of the local stack, or empty them.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from whenflow.local.emulator.paths import Application, Scope

HERE = frozenset({"127.0.0.1", "::1", "localhost"})
REFUSAL = {"detail": "The local stack takes no requests from pages of other sites."}


class OwnOrigins:
    """Sits before everything else and refuses what a page of another site sends."""

    def __init__(self, application: Application) -> None:
        """Wrap an application."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] not in ("http", "websocket") or not is_from_elsewhere(scope):
            await self._application(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            body = json.dumps(REFUSAL).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})


def is_from_elsewhere(scope: Scope) -> bool:
    """Tell whether a page of another site sends this; programs do not say where they are."""
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"origin"]
    return any(not _is_here(origin) for origin in origins)


def _is_here(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in HERE
    except ValueError:
        return False
