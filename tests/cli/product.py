"""All of Whenflow in memory, behind its own HTTP routes on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cli.bridge import serving
from tests.world import World

from whenflow.api.app import build_api
from whenflow.aws.http import request_of, response_of
from whenflow.webhooks import WebhookReceiver
from whenflow.webhooks.model import SLUG_KIND, Webhook, slug_hash, webhook_from_stored


class Product(World):
    """The world with the doors of the functions `api` and `webhook`."""

    def __init__(self) -> None:
        super().__init__()
        self._api = build_api(self.services)
        self._receiver = WebhookReceiver(self, self.events, self.clock, self.ids, self.secrets, self.requests)

    def find(self, slug: str) -> Webhook | None:
        """Return the webhook of a slug, for the receiver."""
        reference = self.config.get(SLUG_KIND, slug_hash(slug))
        stored = self.config.get("webhook", reference["id"]) if reference else None
        return webhook_from_stored(stored) if stored else None

    def handle(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer a request."""
        path: str = event["rawPath"]
        if path.startswith("/hooks/"):
            return response_of(self._receiver.receive(path.removeprefix("/hooks/"), request_of(event)))
        return self._api(event, context)


@contextmanager
def running_product() -> Iterator[tuple[Product, str]]:
    """Serve a product for as long as the block runs; gives it and its base URL."""
    product = Product()
    with serving(product.handle) as url:
        yield product, url
