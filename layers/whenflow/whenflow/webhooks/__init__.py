"""Webhooks: an HTTP request, by a template, becomes an event. Pure but for ports."""

from whenflow.webhooks.answer import Answer
from whenflow.webhooks.interpret import interpret, interpret_all
from whenflow.webhooks.model import Webhook, webhook_from_document
from whenflow.webhooks.receive import WebhookReceiver
from whenflow.webhooks.registry import WebhookRegistry
from whenflow.webhooks.rendering import Misread
from whenflow.webhooks.request import HttpRequest

__all__ = [
    "Answer",
    "HttpRequest",
    "Misread",
    "Webhook",
    "WebhookReceiver",
    "WebhookRegistry",
    "interpret",
    "interpret_all",
    "webhook_from_document",
]
