"""From request and template to event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from whenflow.documents import parse_json
from whenflow.errors import Fault, Rejected, TooLarge
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, event_from_document, named_id
from whenflow.ports import Ids
from whenflow.templating import TemplateError, render
from whenflow.webhooks.model import Webhook
from whenflow.webhooks.request import HttpRequest, template_context

DELIVERY_HEADERS = ("webhook-id", "x-github-delivery", "x-shopify-webhook-id", "idempotency-key", "ce-id")


class Misread(Exception):
    """The request gives no event.

    Attributes:
        reason: Why, for the caller and for the feed.
        rendered: What the template made of the request, as far as it came.
    """

    def __init__(self, reason: str, rendered: str | None = None) -> None:
        """Keep the reason and what was rendered."""
        super().__init__(reason)
        self.reason = reason
        self.rendered = rendered


def interpret(webhook: Webhook, request: HttpRequest, ids: Ids, now: datetime) -> Event:
    """Make the event that this webhook's template says.

    Raises:
        Misread: The body, the template or what it renders to is at fault.
        TooLarge: The event is over the size limit.
    """
    try:
        context = template_context(request)
    except Rejected as error:
        raise Misread(error.reason) from None
    document = _render(webhook.template, context)
    if "payload" not in document:
        document["payload"] = {name: context[name] for name in ("method", "headers", "query", "body")}
    _relate(document, webhook)
    document.setdefault("occurred", now.isoformat())
    if "id" not in document:
        document["id"] = _event_id(webhook, request, context, document, ids, now)
    try:
        return event_from_document(document, now)
    except TooLarge:
        raise
    except Rejected as error:
        raise Misread(f"The template's result is not an event: {_sentence(error.faults)}", _text(document)) from None


def _render(template: str, context: Mapping[str, Any]) -> dict[str, Any]:
    try:
        rendered = render(template, context, for_json=True)
    except TemplateError as error:
        raise Misread(f"The template failed: {error}") from None
    try:
        document = parse_json(rendered, "The template's result")
    except Rejected as error:
        raise Misread(error.reason, rendered) from None
    if not isinstance(document, dict):
        raise Misread("The template's result is not a JSON object.", rendered)
    return document


def _relate(document: dict[str, Any], webhook: Webhook) -> None:
    related = document.setdefault("related", [])
    if isinstance(related, list):
        labels = {RESOURCE_ID: webhook.resource_id, RESOURCE_ROLE: "webhook", RESOURCE_NAME: webhook.name}
        document["related"] = [*related, labels]


def _event_id(
    webhook: Webhook,
    request: HttpRequest,
    context: Mapping[str, Any],
    document: Mapping[str, Any],
    ids: Ids,
    now: datetime,
) -> str:
    if delivery := _delivery_id(webhook, request, context):
        return named_id("delivery", webhook.id, delivery)
    resource = document.get("resource")
    resource_id = resource.get(RESOURCE_ID) if isinstance(resource, dict) else None
    return ids.event_id(now, resource_id if isinstance(resource_id, str) else "")


def _delivery_id(webhook: Webhook, request: HttpRequest, context: Mapping[str, Any]) -> str | None:
    if webhook.delivery_id:
        try:
            return render(webhook.delivery_id, context).strip() or None
        except TemplateError as error:
            raise Misread(f"The template of the delivery id failed: {error}") from None
    for name in DELIVERY_HEADERS:
        if value := request.headers.get(name):
            return f"{request.headers.get('ce-source', '')} {value}" if name == "ce-id" else value
    return None


def _sentence(faults: tuple[Fault, ...]) -> str:
    return "; ".join(f"{'.'.join(str(step) for step in fault.loc) or 'the event'}: {fault.msg}" for fault in faults[:5])


def _text(document: Mapping[str, Any]) -> str:
    shown = {name: value for name, value in document.items() if name != "payload"}
    return str(shown)[:2000]
