"""The use case behind `/hooks/{slug}`."""

from dataclasses import dataclass
from typing import Any, Protocol

from whenflow.errors import TooLarge
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event
from whenflow.ports import Clock, EventStore, Ids
from whenflow.webhooks.interpret import Misread, interpret
from whenflow.webhooks.model import Webhook
from whenflow.webhooks.request import BODILESS, MAX_BODY_BYTES, HttpRequest, visible_headers

METHODS = BODILESS | {"POST", "PUT", "PATCH"}
SHOWN_CHARS = 10_000
NOT_THERE = "There is no webhook at this address."


class WebhookDirectory(Protocol):
    """Finds webhooks by slug."""

    def find(self, slug: str) -> Webhook | None:
        """Return the webhook of this slug, enabled or not."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller is told: a status and, unless it is 204, a reason."""

    status: int
    reason: str = ""


class WebhookReceiver:
    """Turns requests into stored events."""

    def __init__(self, webhooks: WebhookDirectory, events: EventStore, clock: Clock, ids: Ids) -> None:
        """Work on these stores, with this clock and these ids."""
        self._webhooks = webhooks
        self._events = events
        self._clock = clock
        self._ids = ids

    def receive(self, slug: str, request: HttpRequest) -> Answer:
        """Store the event of a request, or say why there is none.

        An unknown and a disabled webhook get the same answer: a slug is a secret, and a guess must learn nothing.
        """
        webhook = self._webhooks.find(slug)
        if webhook is None or not webhook.enabled:
            return Answer(404, NOT_THERE)
        if request.method not in METHODS:
            return Answer(405, f"Use one of {', '.join(sorted(METHODS))}.")
        if len(request.body) > MAX_BODY_BYTES:
            return Answer(413, f"The body has {len(request.body):,} bytes; the limit is {MAX_BODY_BYTES:,}.")
        try:
            self._events.put(interpret(webhook, request, self._ids, self._clock.now()))
        except Misread as error:
            self._events.put(self._failed(webhook, request, error))
            return Answer(400, error.reason)
        except TooLarge as error:
            return Answer(413, error.reason)
        return Answer(204)

    def _failed(self, webhook: Webhook, request: HttpRequest, error: Misread) -> Event:
        now = self._clock.now()
        payload: dict[str, Any] = {
            "reason": error.reason,
            "rendered": _cut(error.rendered),
            "method": request.method,
            "headers": visible_headers(request.headers),
            "body": _cut(request.body.decode("utf-8", "replace")),
        }
        return Event(
            id=self._ids.event_id(now, webhook.resource_id),
            occurred=now,
            event="prefect-cloud.webhook.failed",
            resource={RESOURCE_ID: webhook.resource_id, RESOURCE_NAME: webhook.name},
            payload=payload,
            received=now,
        )


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= SHOWN_CHARS:
        return text
    return f"{text[:SHOWN_CHARS]}… ({len(text):,} characters)"
