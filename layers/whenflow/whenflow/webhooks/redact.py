"""What is taken out before anything is shown, stored or handed to a template.

By name: headers and query parameters that carry secrets, and headers of the way here. By value: the secrets of the
webhook and its slug, wherever they stand.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from whenflow.events import Event
from whenflow.templating import CaseInsensitive

T = TypeVar("T")

REMOVED = "[removed]"
MIN_SECRET_CHARS = 8
INFRASTRUCTURE_HEADERS = frozenset({"traceparent", "tracestate", "via", "forwarded", "x-amzn-trace-id"})
INFRASTRUCTURE_PREFIXES = ("x-forwarded-", "x-b3-", "x-cloud-trace-", "x-envoy-", "x-prefect-", "x-amz-cf-")
SECRET_WORDS = frozenset({"auth", "credentials", "jwt", "passwd", "pwd", "session", "sessionid", "sig"})
SECRET_PARTS = re.compile(
    r"api[-_.]?key|access[-_.]?key|private[-_.]?key|authori[sz]ation|cookie|credential|hmac|passphrase|password|secret|"
    r"signature|token"
)
FOR_HTML = {ord(character): f"\\u{ord(character):04x}" for character in "<>&'"}
WORDS = re.compile(r"[^a-z0-9]+")


def is_secret_name(name: str) -> bool:
    """Tell whether a header or query parameter of this name carries a secret."""
    lower = name.lower()
    return bool(SECRET_PARTS.search(lower)) or not SECRET_WORDS.isdisjoint(WORDS.split(lower))


def visible_headers(headers: Mapping[str, str], hidden: Iterable[str] = ()) -> CaseInsensitive:
    """Return the headers that templates, events and logs may see: no secrets, nothing of the way here.

    Args:
        headers: All of them.
        hidden: Names of others that carry a secret here.
    """
    also = {name.lower() for name in hidden}
    return CaseInsensitive(
        {name: value for name, value in headers.items() if _is_visible(name.lower()) and name.lower() not in also}
    )


def visible_query(query: Mapping[str, str]) -> dict[str, str]:
    """Return the query parameters that templates, events and logs may see."""
    return {name: value for name, value in query.items() if not is_secret_name(name)}


def scrubbed(value: T, secrets: Iterable[str]) -> T:
    """Return a JSON value without these texts, in whatever string or key they stand."""
    pattern = _pattern(tuple(secrets))
    return _scrub(value, pattern) if pattern else value


def scrubbed_bytes(data: bytes, secrets: Iterable[str]) -> bytes:
    """Return bytes without these texts."""
    for form in _forms(tuple(secrets)):
        data = data.replace(form.encode("utf-8", "surrogatepass"), REMOVED.encode())
    return data


def scrubbed_event(event: Event, secrets: Iterable[str]) -> Event:
    """Return an event without these texts; its id and times stay."""
    pattern = _pattern(tuple(secrets))
    if pattern is None:
        return event
    return replace(
        event,
        event=_scrub(event.event, pattern),
        resource=_scrub(event.resource, pattern),
        related=tuple(_scrub(labels, pattern) for labels in event.related),
        payload=_scrub(event.payload, pattern),
    )


def _is_visible(name: str) -> bool:
    if name in INFRASTRUCTURE_HEADERS or name.startswith(INFRASTRUCTURE_PREFIXES):
        return False
    return not is_secret_name(name)


@lru_cache(maxsize=256)
def _forms(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Return these texts as they are written in JSON, forms and URLs, longest first.

    A text that is very short is left out: it would be found everywhere, by chance.
    """
    forms: set[str] = set()
    for one in secrets:
        if len(one) >= MIN_SECRET_CHARS:
            in_json = {json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1]}
            forms |= {one, quote(one, ""), quote_plus(one)} | in_json | {text.translate(FOR_HTML) for text in in_json}
    return tuple(sorted(forms, key=lambda one: (-len(one), one)))


@lru_cache(maxsize=256)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str] | None:
    forms = _forms(secrets)
    return re.compile("|".join(map(re.escape, forms))) if forms else None


def _scrub(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(REMOVED, value)
    if isinstance(value, Mapping):
        return {_scrub(key, pattern): _scrub(item, pattern) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrub(item, pattern) for item in value]
    return value
