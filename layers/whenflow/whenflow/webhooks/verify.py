"""Checks who calls: on the raw bytes, in constant time, and without ever raising, whatever the headers say."""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from whenflow.webhooks.auth import (
    PLACEHOLDER,
    PUBLIC,
    BasicAuth,
    BearerAuth,
    GithubAuth,
    HmacAuth,
    NoAuth,
    Scheme,
    ShopifyAuth,
    SlackAuth,
    StandardWebhooksAuth,
    StripeAuth,
    key_bytes,
)
from whenflow.webhooks.request import HttpRequest

MAX_SIGNATURES = 10
SECONDS = re.compile(r"[0-9]{1,10}")
MILLISECONDS = re.compile(r"[0-9]{13}")
SEPARATORS = re.compile(r"[,\s]+")
WRONG = "The signature does not match."
CREDENTIALS = "The credentials are missing or wrong."


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a caller is not believed.

    Attributes:
        reason: For the caller; says what is missing or wrong, and nothing of what would be right.
        headers: To be sent with the answer.
    """

    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)


class _Refusal(Exception):
    """Raised inside this module only."""


def verify(auth: Scheme, request: HttpRequest, secrets: Sequence[str], now: datetime) -> Refused | None:
    """Check a request; None means that it is believed.

    Args:
        auth: The scheme.
        request: The request, its body as it came.
        secrets: Those that are good at present; any of them will do.
        now: This moment.
    """
    known = [secret for secret in secrets if secret]
    try:
        match auth:
            case NoAuth():
                pass
            case BearerAuth():
                return None if _bears(request, known) else Refused(CREDENTIALS, _challenge("Bearer"))
            case BasicAuth():
                return None if _is_signed_in(auth, request, known) else Refused(CREDENTIALS, _challenge("Basic"))
            case StandardWebhooksAuth():
                _standard_webhooks(auth, request, known, now)
            case StripeAuth():
                _stripe(auth, request, known, now)
            case SlackAuth():
                _slack(auth, request, known, now)
            case GithubAuth():
                _signed(_hex(_needed(request, "x-hub-signature-256"), "sha256="), known, request.body)
            case ShopifyAuth():
                _signed(_base64([_needed(request, "x-shopify-hmac-sha256")]), known, request.body)
            case HmacAuth():
                _generic(auth, request, known, now)
    except _Refusal as refusal:
        return Refused(str(refusal))
    return None


def _bears(request: HttpRequest, secrets: Sequence[str]) -> bool:
    scheme, _, given = request.headers.get("authorization", "").strip().partition(" ")
    return _equals_any(given.strip(), secrets) and scheme.lower() == "bearer"


def _is_signed_in(auth: BasicAuth, request: HttpRequest, secrets: Sequence[str]) -> bool:
    scheme, _, given = request.headers.get("authorization", "").strip().partition(" ")
    [decoded] = _base64([given.strip()]) or [b""]
    return _equals_any(decoded, [f"{auth.username}:{secret}" for secret in secrets]) and scheme.lower() == "basic"


def _challenge(scheme: str) -> dict[str, str]:
    return {"www-authenticate": f'{scheme} realm="whenflow", charset="UTF-8"'}


def _standard_webhooks(auth: StandardWebhooksAuth, request: HttpRequest, secrets: Sequence[str], now: datetime) -> None:
    # Svix's own names mean the same; senders that are older than the standard use them.
    family = "webhook" if "webhook-signature" in request.headers else "svix"
    if f"{family}-signature" not in request.headers:
        raise _Refusal("The header webhook-signature is missing.")
    id_, sent = _needed(request, f"{family}-id"), _needed(request, f"{family}-timestamp")
    _check_time(sent, auth.tolerance_seconds, now)
    content = _bytes(id_) + b"." + _bytes(sent) + b"." + request.body
    pairs = [one.partition(",") for one in _needed(request, f"{family}-signature").split()[:MAX_SIGNATURES]]
    by_version = {version: _base64(text for name, _, text in pairs if name == version) for version in ("v1", "v1a")}
    for secret in secrets:
        key = key_bytes(secret)
        if not key:
            continue
        if secret.startswith(PUBLIC):
            if any(_is_signed_by(key, content, signature) for signature in by_version["v1a"]):
                return
        elif _is_among(hmac.digest(key, content, "sha256"), by_version["v1"]):
            return
    raise _Refusal(WRONG)


def _stripe(auth: StripeAuth, request: HttpRequest, secrets: Sequence[str], now: datetime) -> None:
    pairs = [part.strip().partition("=") for part in _needed(request, "stripe-signature").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        raise _Refusal("The signature has no timestamp.")
    _check_time(times[0], auth.tolerance_seconds, now)
    signatures = [value for name, _, value in pairs if name == "v1"]
    _signed(_hex(",".join(signatures)), secrets, _bytes(times[0]) + b"." + request.body)


def _slack(auth: SlackAuth, request: HttpRequest, secrets: Sequence[str], now: datetime) -> None:
    sent = _needed(request, "x-slack-request-timestamp")
    signatures = _hex(_needed(request, "x-slack-signature"), "v0=")
    _check_time(sent, auth.tolerance_seconds, now)
    _signed(signatures, secrets, b"v0:" + _bytes(sent) + b":" + request.body)


def _generic(auth: HmacAuth, request: HttpRequest, secrets: Sequence[str], now: datetime) -> None:
    given = _needed(request, auth.header.lower())
    sent = _needed(request, auth.timestamp_header.lower()) if auth.timestamp_header else ""
    if auth.timestamp_header:
        _check_time(sent, auth.tolerance_seconds, now)
    if auth.encoding == "hex":
        signatures = _hex(given, auth.prefix)
    else:
        texts = _without(auth.prefix, SEPARATORS.split(given))
        signatures = _base64(texts, url_safe=auth.encoding == "base64url")
    _signed(signatures, secrets, _content(auth.content, request, sent), auth.algorithm)


def _content(pattern: str, request: HttpRequest, sent: str) -> bytes:
    parts = []
    for index, part in enumerate(PLACEHOLDER.split(pattern)):
        if index % 2 == 0:
            parts.append(_bytes(part))
        elif part == "body":
            parts.append(request.body)
        elif part.startswith("header:"):
            parts.append(_bytes(_needed(request, part.removeprefix("header:").lower())))
        else:
            parts.append(_bytes(sent if part == "timestamp" else request.method))
    return b"".join(parts)


def _signed(given: Sequence[bytes], secrets: Sequence[str], content: bytes, algorithm: str = "sha256") -> None:
    matches = [_is_among(hmac.digest(_bytes(secret), content, algorithm), given) for secret in secrets]
    if not any(matches):
        raise _Refusal(WRONG)


def _is_among(expected: bytes, given: Sequence[bytes]) -> bool:
    matches = [hmac.compare_digest(expected, one) for one in given]  # all of them, whichever fits
    return any(matches)


def _is_signed_by(key: bytes, content: bytes, signature: bytes) -> bool:
    from nacl.exceptions import CryptoError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key).verify(content, signature)
    except (CryptoError, ValueError):
        return False
    return True


def _equals_any(given: str | bytes, expected: Sequence[str]) -> bool:
    data = _bytes(given) if isinstance(given, str) else given
    return _is_among(data, [_bytes(one) for one in expected])


def _check_time(sent: str, tolerance_seconds: int, now: datetime) -> None:
    if SECONDS.fullmatch(sent):
        seconds = float(sent)
    elif MILLISECONDS.fullmatch(sent):
        seconds = int(sent) / 1000
    else:
        raise _Refusal("The timestamp of the signature is no number of seconds.")
    if abs(now.timestamp() - seconds) > tolerance_seconds:
        raise _Refusal(f"The timestamp of the signature is more than {tolerance_seconds} seconds off.")


def _needed(request: HttpRequest, name: str) -> str:
    value = request.headers.get(name, "").strip()
    if not value:
        raise _Refusal(f"The header {name} is missing.")
    return value


def _hex(text: str, prefix: str = "") -> list[bytes]:
    found = []
    for one in _without(prefix, SEPARATORS.split(text)):
        try:
            found.append(bytes.fromhex(one))
        except ValueError:
            continue
    return found


def _without(prefix: str, texts: Iterable[str]) -> list[str]:
    texts = [text for text in texts if text][:MAX_SIGNATURES]
    return [text[len(prefix) :] for text in texts if text.startswith(prefix) and len(text) > len(prefix)]


def _base64(texts: Iterable[str], *, url_safe: bool = False) -> list[bytes]:
    found = []
    for text in texts:
        padded = text + "=" * (-len(text) % 4)
        try:
            found.append(base64.b64decode(padded, altchars=b"-_" if url_safe else None, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
