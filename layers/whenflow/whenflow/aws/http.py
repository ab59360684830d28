"""HTTP API events (payload format 2.0) in the words of the webhooks room, and back."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from whenflow.webhooks import Answer, HttpRequest


def request_of(event: Mapping[str, Any]) -> HttpRequest:
    """Return the request that an HTTP API event carries."""
    return HttpRequest(
        method=event["requestContext"]["http"]["method"].upper(),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query=event.get("queryStringParameters") or {},
        body=_body(event),
    )


def slug_of(event: Mapping[str, Any]) -> str:
    """Return the slug in the path."""
    return unquote((event.get("pathParameters") or {}).get("slug") or "")


def response_of(answer: Answer) -> dict[str, Any]:
    """Return the response that says what an answer says."""
    headers = {"content-type": "application/json", "cache-control": "no-store", **answer.headers}
    body = answer.body or ({"detail": answer.reason} if answer.reason else None)
    if body is None:
        return {"statusCode": answer.status, "headers": headers}
    return {"statusCode": answer.status, "headers": headers, "body": json.dumps(body)}


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""
