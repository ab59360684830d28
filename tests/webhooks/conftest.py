"""Webhooks, and somebody who calls them."""

import json
from typing import Any

import pytest
from tests.stories import ANN, NOON, signup_webhook
from tests.world import World

from whenflow.events import Event
from whenflow.webhooks import Answer, HttpRequest, Webhook, WebhookReceiver
from whenflow.webhooks.model import SecretRefs

SLUG = "open-sesame"


class Hooks:
    """Webhooks by slug, and what is stored when somebody calls them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._by_slug: dict[str, Webhook] = {}
        self.receiver = WebhookReceiver(self, world.events, world.clock, world.ids, world.secrets, world.requests)

    def find(self, slug: str) -> Webhook | None:
        """Return the webhook of a slug."""
        return self._by_slug.get(slug)

    def add(self, slug: str = SLUG, **changes: Any) -> Webhook:
        """Set up the signup webhook, or one that differs from it."""
        id_ = self.world.ids.new()
        webhook = Webhook(**signup_webhook(**changes), id=id_, created=NOON, updated=NOON, slug_hash="x")
        self._by_slug[slug] = webhook
        return webhook

    def guard(self, auth: dict[str, Any], secret: str, slug: str = SLUG, **changes: Any) -> Webhook:
        """Set up the signup webhook so that its callers need a secret."""
        webhook = self.add(slug, auth=auth, **changes)
        refs = SecretRefs(current=self.world.secrets.put(f"webhooks/{webhook.id}/1", secret))
        return self.change(slug, secrets=refs)

    def change(self, slug: str = SLUG, **changes: Any) -> Webhook:
        """Change a webhook."""
        self._by_slug[slug] = self._by_slug[slug].model_copy(update=changes)
        return self._by_slug[slug]

    def call(
        self,
        body: Any = ANN,
        method: str = "POST",
        slug: str = SLUG,
        query: dict[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        """Call a webhook; a body that is no bytes is sent as JSON. `x_event="a"` is the header `x-event: a`."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = HttpRequest(method, {"content-type": "application/json"} | named, query or {}, data)
        return self.receiver.receive(slug, request)

    def event(self) -> Event:
        """Return the one event that there is."""
        (event,) = self.world.events.stored.values()
        return event

    def events(self) -> list[Event]:
        """Return all events."""
        return list(self.world.events.stored.values())


@pytest.fixture
def hooks(world: World) -> Hooks:
    """Webhooks, none of them set up yet."""
    return Hooks(world)
