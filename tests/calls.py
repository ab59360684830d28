"""Requests as API Gateway's HTTP API hands them to a function (payload format 2.0), and the answers."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

KEY = "wfk_tests"
HOST = "abc123.execute-api.eu-west-1.amazonaws.com"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def document(self) -> Any:
        """The body as JSON, strictly: no NaN, nothing that cannot be sent as UTF-8."""
        self.text.encode()
        return json.loads(self.text, parse_constant=_refuse)


def call(
    method: str,
    path: str,
    body: Any = None,
    *,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return the event of a request. A body of bytes is sent as it is, in base 64; text as it is; all else as JSON."""
    is_bytes = isinstance(body, bytes)
    text = base64.b64encode(body).decode() if is_bytes else body
    if text is not None and not isinstance(text, str):
        text = json.dumps(text)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {"host": HOST, "content-type": "application/json", "x-forwarded-proto": "https", **(headers or {})},
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": HOST,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
            "time": "20/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1795176000000,
        },
        **({"body": text} if text is not None else {}),
        "isBase64Encoded": is_bytes,
    }


def hook_call(slug: str, body: Any = None, method: str = "POST", **options: Any) -> dict[str, Any]:
    """Return the event of a request to a webhook."""
    event = call(method, f"/hooks/{slug}", body, **options)
    return event | {"routeKey": "ANY /hooks/{slug}", "pathParameters": {"slug": slug}}


def authorized(headers: dict[str, str] | None = None) -> dict[str, str]:
    """Return headers with the tests' API key."""
    return {"authorization": f"Bearer {KEY}", **(headers or {})}


def read(response: dict[str, Any]) -> Answer:
    """Read a function's response."""
    headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
    return Answer(response["statusCode"], headers, response.get("body") or "")


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
