"""`/events/in`: each message is an event. One that is not valid is left out, and costs its neighbours nothing."""

import asyncio
import logging
from typing import Any

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.local.sockets.api import FORBIDDEN, SERVER_ERROR, UNAUTHORIZED, UNPROCESSABLE, Api, insist
from whenflow.local.sockets.socket import POLICY_VIOLATION, TRY_AGAIN, Closing, Gone, Socket

MAX_BATCH = 200
MAX_BATCH_CHARS = 2_000_000
MAX_EVENT_CHARS = 4_000_000  # far over the limit of an event; what is larger does not even fit a request
BUFFERED = 400
SHOWN_CHARS = 200
logger = logging.getLogger("whenflow.sockets")


class Inbound:
    """Stores what one client sends, in order, in batches of what has come in meanwhile."""

    def __init__(self, socket: Socket, api: Api, key: str) -> None:
        """Store with this key."""
        self._socket, self._api, self._key = socket, api, key
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(BUFFERED)

    async def run(self) -> None:
        """Go on until the client closes; what it sent before is stored first.

        Raises:
            Closing: The API takes no events now, or none from this key.
        """
        reader = asyncio.create_task(self._read())
        try:
            while batch := await self._next_batch():
                await self._store([document for text in batch for document in _parsed(text)])
        finally:
            reader.cancel()

    async def _read(self) -> None:
        try:
            while True:
                await self._waiting.put(await self._socket.text())
        except Gone:
            await self._waiting.put(None)

    async def _next_batch(self) -> list[str]:
        """Wait for an event, and take all that wait behind it; nothing once the client has gone."""
        batch: list[str] = []
        size = 0
        while not batch or (not self._waiting.empty() and len(batch) < MAX_BATCH and size < MAX_BATCH_CHARS):
            text = await self._waiting.get()
            if text is None:
                if batch:
                    self._waiting.put_nowait(None)
                break
            batch.append(text)
            size += len(text)
        return batch

    async def _store(self, documents: list[Any]) -> None:
        if not documents:
            return
        status, answer = await insist(self._api, "POST", "/events", self._key, documents)
        if status in (UNAUTHORIZED, FORBIDDEN):
            raise Closing(POLICY_VIOLATION, "This key may not emit events")
        if status >= SERVER_ERROR:
            raise Closing(TRY_AGAIN, "The API is too busy; connect again and send again")
        if status == UNPROCESSABLE:
            for fault in answer["exception_detail"]:
                logger.warning("an event was refused: %s", str(fault)[:SHOWN_CHARS])


def _parsed(text: str) -> list[Any]:
    """Return the event of a message, or nothing if it is no JSON object."""
    if len(text) > MAX_EVENT_CHARS:
        logger.warning("an event was refused: %s characters", f"{len(text):,}")
        return []
    try:
        document = parse_json(text, "The message")
    except Rejected as error:
        logger.warning("an event was refused: %s", error.reason)
        return []
    if not isinstance(document, dict):
        logger.warning("an event was refused: it is no JSON object")
        return []
    return [document]
