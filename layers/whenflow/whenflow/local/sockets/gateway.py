"""Answers WebSockets of the stack's API; everything else goes on."""

import logging
from typing import Any

from whenflow.local.sockets.api import Api
from whenflow.local.sockets.inbound import Inbound
from whenflow.local.sockets.outbound import Outbound
from whenflow.local.sockets.socket import PROTOCOL_ERROR, SUBPROTOCOL, Closing, Gone, Socket, authenticate

ROOMS: dict[str, type[Inbound | Outbound]] = {"/api/events/in": Inbound, "/api/events/out": Outbound}
INTERNAL_ERROR = 1011
logger = logging.getLogger("whenflow.sockets")


class Sockets:
    """Sits before an ASGI application and takes the WebSockets below `/api/`."""

    def __init__(self, application: Any, api: Api) -> None:
        """Wrap an application."""
        self._application, self._api = application, api

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        room = ROOMS.get(scope["path"].rstrip("/")) if scope["type"] == "websocket" else None
        if room is None:
            await self._application(scope, receive, send)
            return
        await receive()  # `websocket.connect`
        named = SUBPROTOCOL in scope.get("subprotocols", [])
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if named else None})
        socket = Socket(receive, send)
        try:
            if not named:
                raise Closing(PROTOCOL_ERROR, f"Use the subprotocol '{SUBPROTOCOL}'")
            key = await authenticate(socket, self._api)
            await socket.send('{"type": "auth_success"}')
            await room(socket, self._api, key).run()
        except Closing as closing:
            await socket.close(closing.code, closing.reason)
        except Gone:
            return
        except Exception:
            logger.exception("a WebSocket failed")
            await socket.close(INTERNAL_ERROR, "Internal error")
