"""Plain HTTP to the stack that runs here."""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx2

from whenflow.local.errors import LocalError

TIMEOUT_SECONDS = 30.0
OK, NO_CONTENT, UNAUTHORIZED, NOT_FOUND = 200, 204, 401, 404


class ApiError(LocalError):
    """The API refused, or failed."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


class Api:
    """The REST API of the local stack."""

    def __init__(self, api_url: str, api_key: str) -> None:
        """Prepare; nothing is sent yet."""
        self._url = api_url
        # trust_env: a proxy for the world is no way to this machine
        self._http = httpx2.Client(
            headers={"authorization": f"Bearer {api_key}"}, timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Return what is at a path."""
        return self._call("GET", path, params=query)

    def post(self, path: str, body: Any) -> Any:
        """Send a document, and return the answer."""
        return self._call("POST", path, content=json.dumps(body), headers={"content-type": "application/json"})

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self._call("DELETE", path)

    def call_webhook(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post to a webhook as its caller would: without our key."""
        answer = httpx2.post(url, content=body, headers=dict(headers), timeout=TIMEOUT_SECONDS, trust_env=False)
        if answer.status_code != NO_CONTENT:
            raise ApiError(answer.status_code, f"The webhook answered {answer.status_code}: {answer.text[:300]}")

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            answer = self._http.request(method, self._url + path, **arguments)
        except httpx2.HTTPError as error:
            raise ApiError(0, f"{self._url} does not answer: {str(error) or type(error).__name__}") from error
        if not answer.is_success:
            raise ApiError(answer.status_code, f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json() if answer.content else None
