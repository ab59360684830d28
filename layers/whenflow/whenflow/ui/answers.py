"""Answers, with the headers that keep a page to itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HTML = "text/html; charset=utf-8"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# The referrer policy is "same-origin" rather than "no-referrer": other sites learn as little, but under "no-referrer"
# browsers send our own forms with `Origin: null`, which cannot be told from a forged one.
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser gets."""

    status: int
    body: str = ""
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None


def redirect(path: str, cookie: str | None = None) -> Answer:
    """Send the browser to another of our pages, there to GET."""
    return Answer(303, headers={"location": path}, cookie=cookie)


def response_of(answer: Answer, method: str = "GET") -> dict[str, Any]:
    """Return the HTTP API's response that says what an answer says; one to HEAD has no body."""
    response: dict[str, Any] = {
        "statusCode": answer.status,
        "headers": {**HEADERS, "content-type": answer.content_type, **answer.headers},
        "body": "" if method == "HEAD" else answer.body,
        "isBase64Encoded": False,
    }
    return response | {"cookies": [answer.cookie]} if answer.cookie else response
