"""Senders that sign: written from their documentation, with the standard library alone."""

import base64
import hmac
from datetime import datetime
from typing import Any

from tests.stories import NOON

from whenflow.webhooks import HttpRequest

SECRET = "correct horse battery staple"
KEY = b"signing key of thirty-two bytes!"
WHSEC = "whsec_" + base64.b64encode(KEY).decode()


def seconds(at: datetime = NOON, off: float = 0) -> str:
    """Return a moment as senders write it."""
    return str(int(at.timestamp() + off))


def mac(content: bytes, secret: str = SECRET, algorithm: str = "sha256") -> bytes:
    """Return the HMAC of some bytes."""
    return hmac.new(secret.encode(), content, algorithm).digest()


def github(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return GitHub's headers."""
    return {"x-hub-signature-256": f"sha256={mac(body, secret).hex()}", "x-github-delivery": "72d3162e"}


def stripe(body: bytes, secret: str = SECRET, off: float = 0) -> dict[str, str]:
    """Return Stripe's header."""
    sent = seconds(off=off)
    return {"stripe-signature": f"t={sent},v1={mac(sent.encode() + b'.' + body, secret).hex()},v0=00ff"}


def slack(body: bytes, secret: str = SECRET, off: float = 0) -> dict[str, str]:
    """Return Slack's headers."""
    sent = seconds(off=off)
    signature = mac(b"v0:" + sent.encode() + b":" + body, secret).hex()
    return {"x-slack-request-timestamp": sent, "x-slack-signature": f"v0={signature}"}


def shopify(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return Shopify's header."""
    signature = base64.b64encode(mac(body, secret)).decode()
    return {"x-shopify-hmac-sha256": signature, "x-shopify-webhook-id": "b54557e4"}


def standard(body: bytes, secret: str = WHSEC, off: float = 0, id_: str = "msg_1") -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    sent, key = seconds(off=off), base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"{id_}.{sent}.".encode() + body, "sha256").digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": sent,
        "webhook-signature": "v1," + base64.b64encode(signature).decode(),
    }


def generic(body: bytes, secret: str = SECRET, off: float = 0) -> dict[str, str]:
    """Return the headers that `GENERIC` asks for."""
    sent = seconds(off=off)
    signature = base64.urlsafe_b64encode(mac(f"{sent}|POST|berlin|".encode() + body, secret, "sha512")).decode()
    return {"x-time": sent, "x-shop": "berlin", "x-proof": f"v2={signature}"}


GENERIC: dict[str, Any] = {
    "type": "hmac",
    "header": "X-Proof",
    "encoding": "base64url",
    "algorithm": "sha512",
    "prefix": "v2=",
    "content": "{timestamp}|{method}|{header:X-Shop}|{body}",
    "timestamp_header": "X-Time",
}


def a_request(headers: dict[str, str], body: bytes = b"{}") -> HttpRequest:
    """Return a request with these headers."""
    return HttpRequest("POST", headers, {}, body)
