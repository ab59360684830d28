"""From request and template to events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from whenflow.documents import parse_json
from whenflow.errors import Fault, Rejected, TooLarge
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, event_from_outside, named_id
from whenflow.ports import Ids
from whenflow.webhooks.auth import GithubAuth, ShopifyAuth, SlackAuth, StandardWebhooksAuth, StripeAuth
from whenflow.webhooks.model import Webhook
from whenflow.webhooks.rendering import Misread, rendered_document, rendered_text
from whenflow.webhooks.request import HttpRequest, template_context

DELIVERY_HEADERS = ("webhook-id", "x-github-delivery", "x-shopify-webhook-id", "idempotency-key", "ce-id")
BATCH = "application/cloudevents-batch+json"
CLOUD_EVENT = "application/cloudevents+json"
MAX_BATCH = 100
UNNAMED = "00000000-0000-0000-0000-000000000000"


def interpret(webhook: Webhook, request: HttpRequest, ids: Ids, now: datetime, part: str | None = None) -> Event:
    """Make the one event that this webhook's template says.

    Args:
        webhook: The webhook.
        request: The request.
        ids: Where ids come from.
        now: This moment.
        part: Of a delivery of several events: what tells this one from all others.

    Raises:
        Misread: The body, the template or what it renders to is at fault.
        TooLarge: The event is over the size limit.
    """
    try:
        context = template_context(request, webhook.hidden_headers)
    except Rejected as error:
        raise Misread(error.reason) from None
    document = rendered_document(webhook.template, context)
    if "payload" not in document:
        document["payload"] = {name: context[name] for name in ("method", "headers", "query", "body")}
    _relate(document, webhook)
    document.setdefault("occurred", now.isoformat())
    named = document.setdefault("id", _delivery_event(webhook, request, context, part) or UNNAMED)
    try:
        event = event_from_outside(document, now)
    except TooLarge:
        raise
    except Rejected as error:
        raise Misread(f"The template's result is not an event: {_sentence(error.faults)}", _text(document)) from None
    return replace(event, id=ids.event_id(event.occurred, event.resource_id)) if named == UNNAMED else event


def interpret_all(webhook: Webhook, request: HttpRequest, ids: Ids, now: datetime) -> list[Event]:
    """Make the events of a request: one, or one for each element of a batch of CloudEvents. All of them or none.

    Raises:
        Misread: As `interpret`; of a batch, with the index of the element.
        TooLarge: Likewise.
    """
    if request.content_type != BATCH:
        return [interpret(webhook, request, ids, now)]
    events = []
    for index, (name, element) in enumerate(_elements(request)):
        try:
            events.append(interpret(webhook, element, ids, now, name))
        except Misread as error:
            raise Misread(f"Element {index} of the batch: {error.reason}", error.rendered) from None
        except TooLarge as error:
            raise TooLarge(f"Element {index} of the batch: {error.reason}") from None
    return events


def _elements(request: HttpRequest) -> Iterator[tuple[str, HttpRequest]]:
    """Yield a request for each element of a batch, and what names it: its source and id."""
    try:
        batch = parse_json(request.body)
    except Rejected as error:
        raise Misread(error.reason) from None
    if not isinstance(batch, list):
        raise Misread("A batch of CloudEvents is a JSON array.")
    if len(batch) > MAX_BATCH:
        raise Misread(f"The batch has {len(batch):,} events; at most {MAX_BATCH} are taken at a time.")
    for index, element in enumerate(batch):
        if not isinstance(element, dict):
            raise Misread(f"Element {index} of the batch is not a JSON object.")
        for name in ("id", "source", "type"):
            if not isinstance(element.get(name), str) or not element[name]:
                raise Misread(f"Element {index} of the batch: a CloudEvent has a text as its {name}.")
        headers = {**request.headers, "content-type": CLOUD_EVENT}
        body = json.dumps(element, ensure_ascii=False).encode("utf-8", "surrogatepass")
        yield f"{element['source']} {element['id']}", replace(request, headers=headers, body=body)


def _relate(document: dict[str, Any], webhook: Webhook) -> None:
    related = document.setdefault("related", [])
    if isinstance(related, list):
        labels = {RESOURCE_ID: webhook.resource_id, RESOURCE_ROLE: "webhook", RESOURCE_NAME: webhook.name}
        document["related"] = [*related, labels]


def _delivery_event(webhook: Webhook, request: HttpRequest, context: Mapping[str, Any], part: str | None) -> str | None:
    """Return the id of the event that a delivery always makes, or None where the delivery does not name itself."""
    if webhook.delivery_id:
        delivery = rendered_text(webhook.delivery_id, context, "the delivery id").strip() or None
        delivery = delivery if part is None else f"{delivery or ''} {part}"
    elif part is not None:
        delivery = part
    else:
        delivery = _usual_delivery_id(webhook, request, context["body"])
    return named_id("delivery", webhook.id, delivery) if delivery else None


def _usual_delivery_id(webhook: Webhook, request: HttpRequest, body: Any) -> str | None:
    """Return the delivery id from where the scheme has it; what others could have added is not looked at."""
    headers = request.headers
    match webhook.auth:
        case StandardWebhooksAuth():
            return headers.get("webhook-id") or headers.get("svix-id")
        case GithubAuth():
            return headers.get("x-github-delivery")
        case ShopifyAuth():
            return headers.get("x-shopify-webhook-id")
        case StripeAuth():
            return _text_in(body, "id")
        case SlackAuth():
            return _text_in(body, "event_id")
    if request.content_type == CLOUD_EVENT and (id_ := _text_in(body, "id")):
        return f"{_text_in(body, 'source') or ''} {id_}"
    for name in DELIVERY_HEADERS:
        if value := headers.get(name):
            return f"{headers.get('ce-source', '')} {value}" if name == "ce-id" else value
    return None


def _text_in(body: Any, name: str) -> str | None:
    value = body.get(name) if isinstance(body, Mapping) else None
    return value if isinstance(value, str) and value else None


def _sentence(faults: tuple[Fault, ...]) -> str:
    return "; ".join(f"{'.'.join(str(step) for step in fault.loc) or 'the event'}: {fault.msg}" for fault in faults[:5])


def _text(document: Mapping[str, Any]) -> str:
    shown = {name: value for name, value in document.items() if name != "payload"}
    if shown.get("id") == UNNAMED:
        del shown["id"]
    return str(shown)[:2000]
