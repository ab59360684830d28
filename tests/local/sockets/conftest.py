"""WebSockets over the API of the world in memory, without a network."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from tests.calls import KEY, call, read
from tests.world import World

from whenflow.api.app import build_api
from whenflow.local.sockets import Sockets

PATIENCE = 5.0
Document = dict[str, Any]


class MemoryApi:
    """The API over the world's stores; `refuse` answers in its place as long as there is something in it."""

    def __init__(self, world: World) -> None:
        self._handler = build_api(world.services)
        self.refuse: list[int] = []
        self.calls: list[tuple[str, str]] = []

    async def call(self, method: str, path: str, key: str, document: Any = None) -> tuple[int, Any]:
        self.calls.append((method, path))
        if self.refuse and path == "/events":
            return self.refuse.pop(0), {"exception_message": "not now"}
        path, _, query = path.partition("?")
        named = dict(part.split("=", 1) for part in query.split("&")) if query else None
        headers = {"authorization": f"Bearer {key}"}
        answer = read(self._handler(call(method, f"/api{path}", document, query=named, headers=headers), None))
        return answer.status, answer.document if answer.text else None


class Client:
    """The other side of a socket, as ASGI sees it."""

    def __init__(self, sockets: Any, path: str, subprotocols: list[str]) -> None:
        self._to_server: asyncio.Queue[Document] = asyncio.Queue()
        self._from_server: asyncio.Queue[Document] = asyncio.Queue()
        scope = {"type": "websocket", "path": path, "subprotocols": subprotocols}
        self._to_server.put_nowait({"type": "websocket.connect"})
        self.server = asyncio.create_task(sockets(scope, self._to_server.get, self._from_server.put))

    async def next(self) -> Document:
        return await asyncio.wait_for(self._from_server.get(), PATIENCE)

    async def says(self, message: Any) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self._to_server.put({"type": "websocket.receive", "text": text})

    async def hears(self) -> Document:
        message = await self.next()
        assert message["type"] == "websocket.send", message
        document: Document = json.loads(message["text"])
        return document

    async def hears_close(self) -> tuple[int, str]:
        message = await self.next()
        assert message["type"] == "websocket.close", message
        await asyncio.wait_for(self.server, PATIENCE)
        return message["code"], message["reason"]

    async def hears_nothing(self, seconds: float = 0.15) -> None:
        await asyncio.sleep(seconds)
        assert self._from_server.empty(), self._from_server.get_nowait()

    async def leaves(self) -> None:
        await self._to_server.put({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.server, PATIENCE)


@pytest.fixture
def memory(world: World) -> MemoryApi:
    """The API that the sockets call."""
    return MemoryApi(world)


@pytest.fixture
def sockets(world: World, memory: MemoryApi, monkeypatch: pytest.MonkeyPatch) -> Sockets:
    """The WebSockets, which look for news often."""
    monkeypatch.setattr("whenflow.local.sockets.outbound.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("whenflow.local.sockets.log_lines.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("whenflow.local.sockets.api.FIRST_PAUSE", 0.001)

    async def nobody(*_: Any) -> None:
        raise AssertionError("this was for the sockets")

    return Sockets(nobody, memory, world.clock.now)


Connect = Callable[..., Awaitable[Client]]


@pytest.fixture
def connect(sockets: Sockets) -> Connect:
    """A function that connects, and is let in unless told otherwise."""

    async def connected(path: str, token: Any = KEY) -> Client:
        client = Client(sockets, path, ["prefect"])
        assert await client.next() == {"type": "websocket.accept", "subprotocol": "prefect"}
        await client.says({"type": "auth", "token": token})
        return client

    return connected


@pytest.fixture
def let_in(connect: Connect) -> Connect:
    """A function that connects with the right key."""

    async def connected(path: str) -> Client:
        client = await connect(path)
        assert await client.hears() == {"type": "auth_success"}
        return client

    return connected


def play(story: Coroutine[Any, Any, None]) -> None:
    """Run the story of a test."""
    asyncio.run(story)
