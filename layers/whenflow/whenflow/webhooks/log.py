"""The log of a webhook's requests: what came, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from whenflow.errors import Rejected
from whenflow.events import iso, parse_iso
from whenflow.webhooks.request import HttpRequest
from whenflow.webhooks.sample import request_from_document

ACCEPTED, DUPLICATE, HANDSHAKE = "accepted", "duplicate", "handshake"
UNAUTHORIZED, MISREAD, TOO_LARGE, METHOD = "unauthorized", "misread", "too-large", "method"
KEPT = frozenset({ACCEPTED, DUPLICATE, MISREAD})
"""Outcomes whose requests may be kept whole. Who was not let in shall not fill the table."""
REMEMBERED = timedelta(days=3)
MAX_REASON_CHARS = 300
MAX_EVENTS = 10


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request, as the log has it.

    Attributes:
        id: A UUID; those of later requests are greater.
        received: When it came.
        outcome: `accepted`, `duplicate`, `handshake`, or why not: `unauthorized`, `misread`, `too-large`, `method`.
        size: Bytes of the body.
        milliseconds: From its arrival to its answer.
        events: Ids of its events, the first ten.
        reason: What the caller was told.
        request: Method, headers, query and body without secrets, where the webhook keeps them.
    """

    id: str
    webhook_id: str
    received: datetime
    method: str
    outcome: str
    status: int
    size: int
    milliseconds: float
    events: tuple[str, ...] = ()
    reason: str = ""
    request: Mapping[str, Any] | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the entry as the API shows it."""
        return {
            "id": self.id,
            "received": iso(self.received),
            "method": self.method,
            "outcome": self.outcome,
            "status": self.status,
            "size": self.size,
            "milliseconds": self.milliseconds,
            "events": list(self.events),
            "reason": self.reason,
            "request": dict(self.request) if self.request is not None else None,
        }

    def sample(self) -> HttpRequest:
        """Return the request itself, to be tried again.

        Raises:
            Rejected: The log did not keep it.
        """
        if self.request is None:
            raise Rejected(
                f"The log has no body of request {self.id}: the webhook's keep_bodies was off, or the body too large."
            )
        return request_from_document(self.request)


def logged_from_stored(webhook_id: str, document: Mapping[str, Any]) -> LoggedRequest:
    """Read an entry that was stored."""
    values = dict(document)
    values["received"] = parse_iso(values["received"])
    values["events"] = tuple(values["events"])
    return LoggedRequest(webhook_id=webhook_id, **values)
