"""`/logs/out`: the log lines of flow runs that a filter lets through, each as it comes in."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from whenflow.local.sockets.api import FORBIDDEN, OK, UNAUTHORIZED, UNPROCESSABLE, Api, insist
from whenflow.local.sockets.socket import (
    POLICY_VIOLATION,
    PROTOCOL_ERROR,
    TRY_AGAIN,
    Closing,
    Socket,
    read,
    until_gone,
)

PAGE = 200
LOOK_SECONDS = 0.5
MOST_RUNS = 20
NOT_GIVEN = f"Name flow runs, {MOST_RUNS} at most: filter.flow_run_id.any_"


class LogLines:
    """Shows one client the lines that it asked for, each once: first those that are there."""

    def __init__(self, socket: Socket, api: Api, key: str) -> None:
        """Read with this key."""
        self._socket, self._api, self._key = socket, api, key

    async def run(self) -> None:
        """Go on until the client closes.

        Raises:
            Closing: The client asked for nothing that can be shown.
        """
        wanted = (await read(self._socket, "filter", PROTOCOL_ERROR)).get("filter")
        wanted = wanted if isinstance(wanted, dict) else {}
        seen = dict.fromkeys(_runs(wanted), 0)
        await until_gone(self._socket, self._show(wanted, seen))

    async def _show(self, wanted: Mapping[str, Any], seen: dict[str, int]) -> None:
        while True:
            found = False
            for run_id, count in seen.items():
                lines = await self._lines({**wanted, "flow_run_id": {"any_": [run_id]}}, count)
                for line in lines:
                    await self._socket.send(json.dumps({"type": "log", "log": line}))
                seen[run_id] += len(lines)
                found = found or bool(lines)
            if not found:
                await asyncio.sleep(LOOK_SECONDS)

    async def _lines(self, wanted: Mapping[str, Any], offset: int) -> list[dict[str, Any]]:
        """Return lines that were not shown yet: a run's lines are listed in the order in which they were kept."""
        body = {"logs": wanted, "sort": "TIMESTAMP_ASC", "limit": PAGE, "offset": offset}
        status, answer = await insist(self._api, "POST", "/logs/filter", self._key, body)
        if status in (UNAUTHORIZED, FORBIDDEN):
            raise Closing(POLICY_VIOLATION, "This key may not read logs")
        if status == UNPROCESSABLE:
            fault = answer["exception_detail"][0]
            raise Closing(PROTOCOL_ERROR, f"Invalid filter: {'.'.join(map(str, fault['loc'][2:]))}: {fault['msg']}")
        if status != OK:
            raise Closing(TRY_AGAIN, f"The API answered {status}; connect again")
        found: list[dict[str, Any]] = answer
        return found


def _runs(wanted: Mapping[str, Any]) -> list[str]:
    """Return the flow runs that are asked for.

    Raises:
        Closing: There are none, or too many.
    """
    named = wanted.get("flow_run_id")
    runs = named.get("any_") if isinstance(named, dict) else None
    if not isinstance(runs, list) or not 0 < len(runs) <= MOST_RUNS:
        raise Closing(PROTOCOL_ERROR, NOT_GIVEN)
    return list(dict.fromkeys(map(str, runs)))
