"""Calls of the stack's API, made in the same process."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Protocol

OK, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, UNPROCESSABLE, BUSY = 200, 401, 403, 413, 422, 429
SERVER_ERROR = 500
TRIES = 8
FIRST_PAUSE = 0.2


class Api(Protocol):
    """What the sockets need of the API."""

    async def call(self, method: str, path: str, key: str, document: Any = None) -> tuple[int, Any]:
        """Send a request below `/api` with a key; return the status and the answer's document."""
        ...


@dataclass
class AsgiApi:
    """The API behind an ASGI application.

    Attributes:
        application: What answers HTTP in this process.
        port: Where the same is reached from outside; names the host.
    """

    application: Any
    port: int

    def __post_init__(self) -> None:
        """Keep a line for every call out of the emulator's log."""
        logging.getLogger("httpx2").setLevel(logging.WARNING)

    async def call(self, method: str, path: str, key: str, document: Any = None) -> tuple[int, Any]:
        """Send a request; see `Api`."""
        import httpx2

        transport = httpx2.ASGITransport(app=self.application)
        headers = {"authorization": f"Bearer {key}"}
        url = f"http://127.0.0.1:{self.port}/api{path}"
        async with httpx2.AsyncClient(transport=transport, timeout=60) as client:
            answer = await client.request(method, url, headers=headers, json=document)
        return answer.status_code, answer.json() if answer.content else None


async def insist(api: Api, method: str, path: str, key: str, document: Any) -> tuple[int, Any]:
    """Call, and call again while the API is too busy; the last answer counts."""
    pause = FIRST_PAUSE
    for _ in range(TRIES - 1):
        status, answer = await api.call(method, path, key, document)
        if status != BUSY and status < SERVER_ERROR:
            return status, answer
        await asyncio.sleep(pause)
        pause *= 2
    return await api.call(method, path, key, document)
