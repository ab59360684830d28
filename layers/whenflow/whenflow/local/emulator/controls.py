"""What the local room can ask its emulator for, below `/_whenflow/`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from whenflow.local.emulator.paths import Application, Scope

PREFIX = "/_whenflow/"
METER, WARM = f"{PREFIX}meter", f"{PREFIX}warm"
OK, NOT_FOUND = 200, 404
Request = tuple[str, str]  # method and path


class Controls:
    """Answers these requests, and passes everything else on."""

    def __init__(self, application: Application, answers: Mapping[Request, Callable[[], Any]]) -> None:
        """Wrap an application."""
        self._application, self._answers = application, answers

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._application(scope, receive, send)
            return
        answer = self._answers.get((scope["method"], scope["path"]))
        body = json.dumps(answer() if answer else None).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": OK if answer else NOT_FOUND, "headers": headers})
        await send({"type": "http.response.body", "body": body})
