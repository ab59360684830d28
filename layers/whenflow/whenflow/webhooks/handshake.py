"""Questions that senders ask before they send: they are answered, and make no event."""

import re
from collections.abc import Mapping
from typing import Any

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.webhooks.answer import Answer
from whenflow.webhooks.auth import Scheme, SlackAuth
from whenflow.webhooks.request import HttpRequest

EVENT_GRID = "Microsoft.EventGrid.SubscriptionValidationEvent"
ORIGIN = re.compile(r"[\w.:*-]{1,255}", re.ASCII)
MAX_CODE_CHARS = 2_000
MAX_BODY_BYTES = 16 * 1024
MARKS = (b"SubscriptionValidationEvent", b"url_verification")


def may_i(request: HttpRequest) -> Answer | None:
    """Answer the question of CloudEvents' abuse protection: may this origin send events here?

    It is asked by `OPTIONS`, without credentials; saying yes lets nobody in, each delivery is checked all the same.
    """
    origin = request.headers.get("webhook-request-origin", "").strip()
    if request.method != "OPTIONS" or not ORIGIN.fullmatch(origin):
        return None
    headers = {"webhook-allowed-origin": origin, "webhook-allowed-rate": "*", "allow": "OPTIONS, POST"}
    return Answer(200, headers=headers)


def is_it_you(auth: Scheme, request: HttpRequest) -> Answer | None:
    """Answer the sender's question whether this address wants what it sends: Azure Event Grid's, Slack's."""
    if len(request.body) > MAX_BODY_BYTES or not any(mark in request.body for mark in MARKS):
        return None
    try:
        document = parse_json(request.body)
    except Rejected:
        return None
    if isinstance(auth, SlackAuth) and isinstance(document, dict) and document.get("type") == "url_verification":
        return _echo("challenge", document.get("challenge"))
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    if not isinstance(document, Mapping) or EVENT_GRID not in (document.get("eventType"), document.get("type")):
        return None
    data = document.get("data")
    return _echo("validationResponse", data.get("validationCode") if isinstance(data, Mapping) else None)


def _echo(name: str, value: Any) -> Answer | None:
    if isinstance(value, str) and 0 < len(value) <= MAX_CODE_CHARS:
        return Answer(200, body={name: value})
    return None
