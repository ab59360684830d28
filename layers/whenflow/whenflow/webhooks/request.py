"""The HTTP request, and what a template sees of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.webhooks.redact import visible_headers, visible_query

MAX_BODY_BYTES = 1024 * 1024
BODILESS = frozenset({"GET", "HEAD", "DELETE"})
CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
# Encodings that people send. Python knows more, and some of those take minutes over a megabyte.
KNOWN_CHARSETS = re.compile(
    r"(utf[-_]?(8|16|32)([-_]?[lb]e)?|(us-)?ascii|iso[-_]?8859[-_]?\d{1,2}|latin[-_]?1|windows-125\d|cp125\d|koi8-[ru]"
    r"|shift[-_]jis|euc-(jp|kr)|gb2312|gbk|gb18030|big5)",
    re.IGNORECASE,
)


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

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def text_of(request: HttpRequest) -> str:
    """Return the body as text, in the encoding that it says; bytes that are none of it are shown as `�`."""
    found = CHARSET.search(request.headers.get("content-type", ""))
    if found and KNOWN_CHARSETS.fullmatch(found[1]):
        try:
            return request.body.decode(found[1], "replace")
        except LookupError:  # looks like an encoding, and is none: iso-8859-99
            pass
    return request.body.decode("utf-8", "replace")


def read_body(request: HttpRequest) -> Any:
    """Return the body as its content type says: JSON, form fields, or text.

    Raises:
        Rejected: It is said to be JSON and is not.
    """
    if request.method in BODILESS or not request.body:
        return ""
    if is_json(request.content_type):
        return _json_of(request)
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(text_of(request), keep_blank_values=True))
    try:
        return parse_json(request.body)
    except Rejected:
        return text_of(request)


def is_json(content_type: str) -> bool:
    """Tell whether a media type says that the body is JSON."""
    return content_type == "application/json" or content_type.endswith("+json")


def template_context(request: HttpRequest, hidden: Iterable[str] = ()) -> dict[str, Any]:
    """Return the names a webhook's template may use.

    Args:
        request: The request.
        hidden: Names of headers that carry a secret here.

    Raises:
        Rejected: The body is said to be JSON and is not.
    """
    return {
        "method": request.method,
        "headers": visible_headers(request.headers, hidden),
        "query": visible_query(request.query),
        "body": read_body(request),
    }


def _json_of(request: HttpRequest) -> Any:
    """Read JSON, which is UTF-8 by its standard; a sender that says and uses another encoding is understood as well."""
    try:
        return parse_json(request.body)
    except Rejected:
        text = text_of(request)
        if "�" in text or text.encode() == request.body:
            raise
        return parse_json(text)
