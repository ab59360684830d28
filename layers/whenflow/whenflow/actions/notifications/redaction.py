"""What the feed may show of an answer: no header that opens doors, none of the secrets that were sent."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

MAX_SHOWN_CHARS = 1_000
REDACTED = "********"
MIN_SECRET_CHARS = 4
MIN_PART_CHARS = 8
HIDDEN = re.compile(
    r"authorization|traceparent|via|x-forwarded.*|x-b3.*|x-cloud-trace.*|x-envoy.*|cookie|set-cookie"
    r"|proxy-.*|www-authenticate|x-api-key|x-amz-security-token|.*signature|.*token.*|.*secret.*"
)


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which each secret is blotted out: servers that echo requests would tell them to the feed."""
    for hidden in sorted({part for secret in secrets for part in _parts(secret)}, key=len, reverse=True):
        text = text.replace(hidden, REDACTED)
    return text


def _parts(secret: str) -> Iterable[str]:
    """Return a secret, and what a server may tell of it alone: the token behind `Bearer`, the path of a URL."""
    yield from [secret] if len(secret) >= MIN_SECRET_CHARS else []
    found = [*secret.split(), urlsplit(secret).path if secret.startswith("https://") else ""]
    yield from (part for part in found if len(part) >= MIN_PART_CHARS)


def shown_body(body: bytes, secrets: Iterable[str]) -> str:
    """Return the beginning of an answer's body as text."""
    return without_secrets(body.decode("utf-8", "replace"), secrets)[:MAX_SHOWN_CHARS]


def shown_headers(headers: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return an answer's headers, those that may hold secrets without their values."""
    kept = list(secrets)
    return {
        name: REDACTED if HIDDEN.fullmatch(name.lower()) else without_secrets(value, kept)[:MAX_SHOWN_CHARS]
        for name, value in headers.items()
    }
