"""HTTP API events (payload format 2.0) in the words of this room."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

MAX_FORM_CHARS = 10_000
MAX_FIELDS = 20


@dataclass(frozen=True, slots=True)
class Request:
    """What a browser asks for.

    Attributes:
        method: In capitals.
        path: Without a slash at its end, `/` itself excepted.
        query: The first value of each query parameter.
        headers: By name in small letters.
        cookies: By name.
        form: The first value of each field of a form that was sent.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


def request_of(event: Mapping[str, Any]) -> Request:
    """Return the request that an HTTP API event carries."""
    headers = {name.lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    return Request(
        method=event["requestContext"]["http"]["method"].upper(),
        path=event["rawPath"].rstrip("/") or "/",
        query=event.get("queryStringParameters") or {},
        headers=headers,
        cookies=_cookies([*(event.get("cookies") or ()), *headers.get("cookie", "").split(";")]),
        form=_form(event),
    )


def _cookies(given: list[str]) -> dict[str, str]:
    pairs = (cookie.partition("=") for cookie in reversed(given))
    return {name.strip(): value.strip() for name, separator, value in pairs if separator}


def _form(event: Mapping[str, Any]) -> dict[str, str]:
    text = str(event.get("body") or "")[:MAX_FORM_CHARS]
    try:
        if event.get("isBase64Encoded"):
            text = base64.b64decode(text).decode("utf-8", "replace")
        return dict(reversed(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)))
    except (binascii.Error, ValueError):
        return {}
