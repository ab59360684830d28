"""Answers WebSockets of the stack's API; everything else goes on."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from whenflow.local.sockets.api import Api
from whenflow.local.sockets.inbound import Inbound
from whenflow.local.sockets.log_lines import LogLines
from whenflow.local.sockets.outbound import Outbound
from whenflow.local.sockets.socket import PROTOCOL_ERROR, SUBPROTOCOL, Closing, Gone, Socket, authenticate

IN, OUT, LOGS = "/api/events/in", "/api/events/out", "/api/logs/out"
INTERNAL_ERROR = 1011
logger = logging.getLogger("whenflow.sockets")


class Sockets:
    """Sits before an ASGI application and takes the WebSockets below `/api/`."""

    def __init__(self, application: Any, api: Api, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Wrap an application; `now` is the clock of the API."""
        self._application, self._api, self._now = application, api, now

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        path = scope["path"].rstrip("/") if scope["type"] == "websocket" else ""  # `lifespan` has no path
        if path not in (IN, OUT, LOGS):
            await self._application(scope, receive, send)
            return
        await receive()  # `websocket.connect`
        named = SUBPROTOCOL in scope.get("subprotocols", [])
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if named else None})
        socket = Socket(receive, send)
        try:
            if not named:
                raise Closing(PROTOCOL_ERROR, f"Use the subprotocol '{SUBPROTOCOL}'")
            await self._serve(socket, path)
        except Closing as closing:
            await socket.close(closing.code, closing.reason)
        except Gone:
            return
        except Exception:
            logger.exception("a WebSocket failed")
            await socket.close(INTERNAL_ERROR, "Internal error")

    async def _serve(self, socket: Socket, path: str) -> None:
        key = await authenticate(socket, self._api)
        await socket.send('{"type": "auth_success"}')
        if path == IN:
            await Inbound(socket, self._api, key).run()
        elif path == LOGS:
            await LogLines(socket, self._api, key).run()
        else:
            await Outbound(socket, self._api, key, self._now).run()
