"""Webhooks: an HTTP request, by a template, becomes an event. Pure but for ports."""

from whenflow.webhooks.interpret import Misread, interpret
from whenflow.webhooks.model import Webhook, webhook_from_document
from whenflow.webhooks.receive import Answer, WebhookReceiver
from whenflow.webhooks.request import HttpRequest

__all__ = ["Answer", "HttpRequest", "Misread", "Webhook", "WebhookReceiver", "interpret", "webhook_from_document"]
