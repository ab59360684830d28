"""Signatures on what is sent, as Standard Webhooks has them (https://www.standardwebhooks.com)."""

import hmac
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """Return the key in a signing secret.

    Raises:
        ValueError: It is not `whsec_` and base64.
    """
    if not secret.startswith(PREFIX):
        raise ValueError(f"a signing secret begins with {PREFIX}")
    key = b64decode(secret.removeprefix(PREFIX), validate=True)
    if not key:
        raise ValueError("a signing secret holds a key")
    return key


def signature_headers(secret: str, message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers that sign a body.

    Raises:
        ValueError: The secret is none.
    """
    timestamp = str(int(now.timestamp()))
    digest = hmac.new(key_of(secret), b".".join((message_id.encode(), timestamp.encode(), body)), sha256).digest()
    signature = f"v1,{b64encode(digest).decode()}"
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
