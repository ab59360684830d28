"""`/events/out`: the events that a filter lets through, first those of the last minutes, then each as it comes in."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from whenflow.errors import Rejected
from whenflow.events import iso, parse_iso
from whenflow.events.filters import filter_from_document
from whenflow.local.sockets.api import FORBIDDEN, OK, UNAUTHORIZED, Api, insist
from whenflow.local.sockets.socket import (
    POLICY_VIOLATION,
    PROTOCOL_ERROR,
    TRY_AGAIN,
    Closing,
    Socket,
    read,
    until_gone,
)

FARTHEST_BACK = timedelta(minutes=15)
PAGE = 200
LOOK_SECONDS = 0.5
PREFIX = "/api"
MAX_REMEMBERED = 20_000


class Outbound:
    """Shows one client the events that it asked for, each once."""

    def __init__(self, socket: Socket, api: Api, key: str, now: Callable[[], datetime]) -> None:
        """Read with this key; `now` is the clock of the API."""
        self._socket, self._api, self._key, self._now = socket, api, key, now
        self._shown: dict[str, None] = {}

    async def run(self) -> None:
        """Go on until the client closes.

        Raises:
            Closing: The client asked for nothing that can be shown.
        """
        asked = await read(self._socket, "filter", PROTOCOL_ERROR)
        wanted = _filter_in(asked)
        await until_gone(self._socket, self._show(wanted, asked.get("backfill") is not False))

    async def _show(self, wanted: dict[str, Any], backfill: bool) -> None:
        begun = self._now()
        # The tail begins before the past is read: what comes in between is in one of them, or in both.
        arrived, cursor = await self._arrived(wanted, None)
        if backfill:
            async for event in self._past(wanted, begun):
                await self._send(event)
        while True:
            for event in arrived:
                if backfill or parse_iso(event["received"]) >= begun:
                    await self._send(event)
            if not arrived:
                await asyncio.sleep(LOOK_SECONDS)
            arrived, cursor = await self._arrived(wanted, cursor)

    async def _past(self, wanted: dict[str, Any], now: datetime) -> AsyncIterator[dict[str, Any]]:
        given = wanted.get("occurred") or {}
        bounded = wanted | {"order": "ASC", "occurred": {**given, "since": _since(given, now)}}
        page = await self._call("POST", "/events/filter", {"filter": bounded, "limit": PAGE})
        while True:
            for event in page["events"]:
                yield event
            if not page["next_page"]:
                return
            page = await self._call("GET", page["next_page"].partition(PREFIX)[2], None)

    async def _arrived(self, wanted: dict[str, Any], cursor: str | None) -> tuple[list[dict[str, Any]], str]:
        answer = await self._call("POST", "/events/tail", {"filter": wanted, "cursor": cursor})
        return answer["events"], answer["cursor"]

    async def _call(self, method: str, path: str, document: Any) -> Any:
        status, answer = await insist(self._api, method, path, self._key, document)
        if status in (UNAUTHORIZED, FORBIDDEN):
            raise Closing(POLICY_VIOLATION, "This key may not read events")
        if status != OK:
            raise Closing(TRY_AGAIN, f"The API answered {status}; connect again")
        return answer

    async def _send(self, event: dict[str, Any]) -> None:
        if event["id"] in self._shown:
            return
        self._shown[event["id"]] = None
        while len(self._shown) > MAX_REMEMBERED:
            del self._shown[next(iter(self._shown))]
        await self._socket.send(json.dumps({"type": "event", "event": event}))


def _filter_in(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filter of a request, without what is null.

    Raises:
        Closing: It is not valid.
    """
    given = asked.get("filter")
    try:
        filter_from_document(given)
    except Rejected as error:
        fault = error.faults[0]
        raise Closing(PROTOCOL_ERROR, f"Invalid filter: {'.'.join(map(str, fault.loc))}: {fault.msg}") from None
    return {name: value for name, value in (given or {}).items() if value is not None}


def _since(given: Mapping[str, Any], now: datetime) -> str:
    """Return from when on the past is shown: as asked, but not farther back than a quarter of an hour."""
    farthest = now - FARTHEST_BACK
    asked = filter_from_document({"occurred": dict(given)}).occurred.since
    return iso(max(asked, farthest) if asked else farthest)
