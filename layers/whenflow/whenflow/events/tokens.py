"""Page tokens: what a listing needs to go on, signed, so that nobody can write one or change one."""

import base64
import binascii
import hmac
import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from whenflow.errors import Forbidden, Rejected

KEPT = timedelta(days=1)
MAX_CHARS = 7_000  # an address of API Gateway has at most 10,240 bytes
_SIGNATURE_BYTES = 16
_REFUSED = "The page token is not one of this API's, or it has expired: start again at the first page."


def make_token(
    key: bytes, document: Mapping[str, Any], now: datetime, kept: timedelta = KEPT, max_chars: int = MAX_CHARS
) -> str:
    """Return a token that holds a JSON object.

    Args:
        key: The secret.
        document: What to remember.
        now: This moment.
        kept: How long the token is good for.
        max_chars: How long it may be.

    Raises:
        Rejected: The token would be too long for an address.
    """
    content = {"expires": int((now + kept).timestamp()), **document}
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), 9)
    token = base64.urlsafe_b64encode(_signature(key, packed) + packed).decode().rstrip("=")
    if len(token) > max_chars:
        raise Rejected("The filter is too long to go on to a next page: ask for less at once.")
    return token


def read_token(key: bytes, token: str, now: datetime) -> dict[str, Any]:
    """Return what a token holds.

    Raises:
        Forbidden: It was not made with this key, was changed, or has expired.
    """
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Forbidden(_REFUSED) from None
    signature, packed = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(key, packed)):
        raise Forbidden(_REFUSED)
    content: dict[str, Any] = json.loads(zlib.decompress(packed))
    if content.pop("expires") <= now.timestamp():
        raise Forbidden(_REFUSED)
    return content


def _signature(key: bytes, packed: bytes) -> bytes:
    return hmac.digest(key, b"page token\x00" + packed, "sha256")[:_SIGNATURE_BYTES]
