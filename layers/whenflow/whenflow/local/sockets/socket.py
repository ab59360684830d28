"""One WebSocket of ASGI, and how Prefect's clients begin on it (SPEC 7.3)."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from whenflow.api.credentials import password_in
from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.local.sockets.api import OK, Api

SUBPROTOCOL = "prefect"
POLICY_VIOLATION, PROTOCOL_ERROR, TRY_AGAIN = 1008, 1002, 1013
MAX_REASON_BYTES = 120
PATIENCE = 10.0  # seconds until the first message has to be there


class Closing(Exception):
    """The socket has to be closed."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep code and reason of the close frame."""
        super().__init__(reason)
        self.code, self.reason = code, reason


class Gone(Exception):
    """The other side has closed."""


class Socket:
    """An accepted WebSocket."""

    def __init__(self, receive: Any, send: Any) -> None:
        """Use the two halves that ASGI gives."""
        self._receive, self._send = receive, send

    async def text(self) -> str:
        """Return the next message; one of bytes counts as UTF-8.

        Raises:
            Gone: There is none any more.
        """
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise Gone
        text = message.get("text")
        return text if text is not None else bytes(message.get("bytes") or b"").decode("utf-8", "replace")

    async def send(self, text: str) -> None:
        """Send a message."""
        await self._send({"type": "websocket.send", "text": text})

    async def close(self, code: int, reason: str) -> None:
        """Close; a reason may not have more than 123 bytes."""
        short = reason.encode()[:MAX_REASON_BYTES].decode("utf-8", "ignore")
        await self._send({"type": "websocket.close", "code": code, "reason": short})


async def read(socket: Socket, kind: str, code: int) -> dict[str, Any]:
    """Return the next message, which must be of this kind.

    Raises:
        Closing: It is another one, or none came.
    """
    try:
        document = parse_json(await asyncio.wait_for(socket.text(), PATIENCE), "The message")
    except (TimeoutError, Rejected):
        document = None
    if not isinstance(document, dict) or document.get("type") != kind:
        raise Closing(code, f"Expected '{kind}' message")
    return document


async def until_gone(socket: Socket, showing: Coroutine[Any, Any, None]) -> None:
    """Let something be shown until the other side has closed.

    Raises:
        Closing: There is no more to show.
    """
    show, leave = asyncio.create_task(showing), asyncio.create_task(_gone(socket))
    done, pending = await asyncio.wait({show, leave}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    if show in done:
        show.result()


async def _gone(socket: Socket) -> None:
    try:
        while True:
            await socket.text()
    except Gone:
        return


async def authenticate(socket: Socket, api: Api) -> str:
    """Take the client's key and check it.

    Raises:
        Closing: It is missing or wrong.
    """
    token = (await read(socket, "auth", POLICY_VIOLATION)).get("token")
    if not token:
        raise Closing(POLICY_VIOLATION, "Auth required but no token provided")
    key = password_in(token) if isinstance(token, str) else ""
    if not key.isascii() or not key.isprintable() or not key or (await api.call("GET", "/hello", key))[0] != OK:
        raise Closing(POLICY_VIOLATION, "Invalid token")
    return key
