"""The HTTP request, and what a template sees of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.templating import CaseInsensitive

MAX_BODY_BYTES = 1024 * 1024
BODILESS = frozenset({"GET", "HEAD", "DELETE"})
SECRET_HEADERS = frozenset(
    {"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-amz-security-token"}
)
INFRASTRUCTURE_HEADERS = frozenset({"traceparent", "tracestate", "via", "forwarded", "x-amzn-trace-id"})
INFRASTRUCTURE_PREFIXES = ("x-forwarded-", "x-b3-", "x-cloud-trace-", "x-envoy-", "x-prefect-", "x-amz-cf-")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, as it came.

    Attributes:
        headers: By name in lower case.
        body: The raw bytes.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


def visible_headers(headers: Mapping[str, str]) -> CaseInsensitive:
    """Return the headers that templates, events and logs may see: no secrets, nothing of the way here."""
    return CaseInsensitive({name: value for name, value in headers.items() if _is_visible(name.lower())})


def _is_visible(name: str) -> bool:
    if name in SECRET_HEADERS or name in INFRASTRUCTURE_HEADERS or name.startswith(INFRASTRUCTURE_PREFIXES):
        return False
    return not (name.endswith("-signature") or "-signature-" in name or "token" in name or "secret" in name)


def read_body(request: HttpRequest) -> Any:
    """Return the body as its content type says: JSON, form fields, or text.

    Raises:
        Rejected: It is said to be JSON and is not.
    """
    if request.method in BODILESS or not request.body:
        return ""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json" or content_type.endswith("+json"):
        return parse_json(request.body)
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        return parse_json(request.body)
    except Rejected:
        return request.body.decode("utf-8", "replace")


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Return the names a webhook's template may use.

    Raises:
        Rejected: The body is said to be JSON and is not.
    """
    return {
        "method": request.method,
        "headers": visible_headers(request.headers),
        "query": dict(request.query),
        "body": read_body(request),
    }
