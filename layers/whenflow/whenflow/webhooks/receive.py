"""The use case behind `/hooks/{slug}`."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from whenflow.errors import NotFound, TooLarge, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event
from whenflow.ports import Clock, EventStore, Ids, RequestLog, Secrets
from whenflow.webhooks import log
from whenflow.webhooks.absent import NoRequestLog, NoSecrets
from whenflow.webhooks.answer import Answer
from whenflow.webhooks.handshake import is_it_you, may_i
from whenflow.webhooks.interpret import interpret_all
from whenflow.webhooks.model import Webhook
from whenflow.webhooks.redact import scrubbed, scrubbed_bytes, scrubbed_event, visible_headers, visible_query
from whenflow.webhooks.rendering import Misread
from whenflow.webhooks.request import BODILESS, HttpRequest, text_of
from whenflow.webhooks.sample import kept_request
from whenflow.webhooks.verify import Refused, verify

METHODS = BODILESS | {"POST", "PUT", "PATCH"}
SHOWN_CHARS = 10_000
NOT_THERE = "There is no webhook at this address."
logger = logging.getLogger("whenflow.webhooks")


class WebhookDirectory(Protocol):
    """Finds webhooks by slug."""

    def find(self, slug: str) -> Webhook | None:
        """Return the webhook of this slug, enabled or not."""
        ...


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a request.

    Attributes:
        said: A word for the log.
        secrets: Texts that must not be shown.
    """

    answer: Answer
    said: str
    events: Sequence[Event] = ()
    secrets: tuple[str, ...] = ()


class WebhookReceiver:
    """Turns requests into stored events."""

    def __init__(
        self,
        webhooks: WebhookDirectory,
        events: EventStore,
        clock: Clock,
        ids: Ids,
        secrets: Secrets | None = None,
        requests: RequestLog | None = None,
    ) -> None:
        """Work on these stores, with this clock and these ids; without `secrets`, no caller who needs one gets in."""
        self._webhooks = webhooks
        self._events = events
        self._clock = clock
        self._ids = ids
        self._secrets = secrets or NoSecrets()
        self._requests = requests or NoRequestLog()

    def receive(self, slug: str, request: HttpRequest) -> Answer:
        """Store the events of a request, or say why there are none.

        An unknown and a disabled webhook get the same answer: a slug is a secret, and a guess must learn nothing.

        Raises:
            Transient: The sender should try again.
        """
        webhook = self._webhooks.find(slug)
        if webhook is None or not webhook.enabled:
            return Answer(404, NOT_THERE)
        started = self._clock.now()
        outcome = self._outcome(webhook, slug, request)
        self._note(webhook, request, outcome, (self._clock.now() - started) / timedelta(milliseconds=1))
        return outcome.answer

    def _outcome(self, webhook: Webhook, slug: str, request: HttpRequest) -> _Outcome:
        hidden: tuple[str, ...] = (slug,)
        if answer := may_i(request):
            return _Outcome(answer, log.HANDSHAKE, secrets=hidden)
        if request.method not in METHODS:
            allowed = ", ".join(sorted(METHODS))
            return _Outcome(Answer(405, f"Use one of {allowed}.", {"allow": allowed}), log.METHOD, secrets=hidden)
        if len(request.body) > webhook.max_body_bytes:
            reason = f"The body has {len(request.body):,} bytes; the limit is {webhook.max_body_bytes:,}."
            return _Outcome(Answer(413, reason), log.TOO_LARGE, secrets=hidden)
        secrets, refused = self._admit(webhook, request)
        hidden = (slug, *secrets)
        if refused:
            return _Outcome(Answer(401, refused.reason, refused.headers), log.UNAUTHORIZED, secrets=hidden)
        if answer := is_it_you(webhook.auth, request):
            return _Outcome(answer, log.HANDSHAKE, secrets=hidden)
        return self._interpreted(webhook, request, hidden)

    def _admit(self, webhook: Webhook, request: HttpRequest) -> tuple[list[str], Refused | None]:
        """Check who calls; where the secrets at hand do not fit, look once whether they have changed."""
        now = self._clock.now()
        if not webhook.auth.has_secret:
            return [], None
        if webhook.secrets is None:
            raise Transient(f"Webhook {webhook.id} has no secret; nobody can be let in.")
        references = webhook.secrets.good_at(now)
        secrets = self._read(webhook, references)
        refused = verify(webhook.auth, request, secrets, now)
        if refused and (newer := self._read(webhook, references, fresh=True)) != secrets:
            secrets = [*dict.fromkeys((*newer, *secrets))]
            refused = verify(webhook.auth, request, newer, now)
        return secrets, refused

    def _read(self, webhook: Webhook, references: Sequence[str], *, fresh: bool = False) -> list[str]:
        found = []
        for reference in references:
            try:
                found.append(self._secrets.get(reference, fresh=fresh))
            except NotFound as error:
                logger.error("webhook %s lacks a secret: %s", webhook.id, error)
        if not found:
            raise Transient(f"None of the secrets of webhook {webhook.id} can be read.")
        return found

    def _interpreted(self, webhook: Webhook, request: HttpRequest, hidden: tuple[str, ...]) -> _Outcome:
        try:
            events = interpret_all(webhook, request, self._ids, self._clock.now())
        except Misread as error:
            reason = scrubbed(error.reason, hidden)
            self._events.put(self._failed(webhook, request, reason, error.rendered, hidden))
            return _Outcome(Answer(400, reason), log.MISREAD, secrets=hidden)
        except TooLarge as error:
            return _Outcome(Answer(413, error.reason), log.TOO_LARGE, secrets=hidden)
        stored = [self._events.put(scrubbed_event(event, hidden)) for event in events]
        return _Outcome(Answer(204), log.ACCEPTED if any(stored) or not stored else log.DUPLICATE, events, hidden)

    def _failed(
        self, webhook: Webhook, request: HttpRequest, reason: str, rendered: str | None, hidden: Iterable[str]
    ) -> Event:
        now = self._clock.now()
        payload: dict[str, Any] = {
            "reason": reason,
            "rendered": _cut(scrubbed(rendered, hidden)),
            "method": request.method,
            "headers": visible_headers(request.headers, webhook.hidden_headers),
            "query": visible_query(request.query),
            "body": _cut(scrubbed(text_of(request), hidden)),
        }
        event = Event(
            id=self._ids.event_id(now, webhook.resource_id),
            occurred=now,
            event="prefect-cloud.webhook.failed",
            resource={RESOURCE_ID: webhook.resource_id, RESOURCE_NAME: webhook.name},
            payload=payload,
            received=now,
        )
        return scrubbed_event(event, hidden)

    def _note(self, webhook: Webhook, request: HttpRequest, outcome: _Outcome, milliseconds: float) -> None:
        """Log a request: what was refused always, what went well where the webhook wants it."""
        went_well = outcome.said in (log.ACCEPTED, log.DUPLICATE, log.HANDSHAKE)
        if went_well and not webhook.log_requests:
            return
        try:
            self._requests.add(self._entry(webhook, request, outcome, milliseconds))
        except Exception:  # the log is a help; the event is stored, and the sender must not send it again for that
            logger.exception("the log of webhook %s misses a request", webhook.id)

    def _entry(
        self, webhook: Webhook, request: HttpRequest, outcome: _Outcome, milliseconds: float
    ) -> log.LoggedRequest:
        now = self._clock.now()
        kept = None
        if webhook.keep_bodies and outcome.said in log.KEPT:
            clean = HttpRequest(
                request.method, request.headers, request.query, scrubbed_bytes(request.body, outcome.secrets)
            )
            kept = scrubbed(kept_request(clean, webhook.hidden_headers), outcome.secrets)
        return log.LoggedRequest(
            id=self._ids.event_id(now, webhook.resource_id),
            webhook_id=webhook.id,
            received=now,
            method=request.method,
            outcome=outcome.said,
            status=outcome.answer.status,
            size=len(request.body),
            milliseconds=round(milliseconds, 1),
            events=tuple(event.id for event in outcome.events[: log.MAX_EVENTS]),
            reason=outcome.answer.reason[: log.MAX_REASON_CHARS],
            request=kept,
        )


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= SHOWN_CHARS:
        return text
    return f"{text[:SHOWN_CHARS]}… ({len(text):,} characters)"
