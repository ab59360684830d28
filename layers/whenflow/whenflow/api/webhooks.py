"""Webhooks over HTTP."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.errors import NotFound
from whenflow.ports import Reference
from whenflow.webhooks.model import SLUG_KIND, Webhook, slug_hash, webhook_from_document, webhook_from_stored

KIND = "webhook"


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/webhooks`."""

    @app.post("/webhooks")
    def create() -> Response[Any]:
        given = webhook_from_document(object_of(app))
        slug, now = services.ids.secret(), services.clock.now()
        webhook = Webhook(
            **given.model_dump(), id=services.ids.new(), created=now, updated=now, slug_hash=slug_hash(slug)
        )
        stored = webhook.model_dump(mode="json")
        services.config.create(KIND, webhook.id, stored, [Reference(SLUG_KIND, webhook.slug_hash)])
        return answer(201, webhook.as_document() | {"slug": slug, "url": f"{hooks_url(app)}/{slug}"})

    @app.post("/webhooks/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        found = [webhook_from_stored(stored).as_document() for stored in services.config.all(KIND)]
        return answer(200, sorted(found, key=lambda one: str(one["created"]), reverse=True)[offset : offset + limit])

    @app.get("/webhooks/<webhook_id>")
    def one(webhook_id: str) -> Response[Any]:
        return answer(200, _stored(services, webhook_id).as_document())

    @app.delete("/webhooks/<webhook_id>")
    def delete(webhook_id: str) -> Response[Any]:
        webhook = _stored(services, webhook_id)
        services.config.delete(KIND, webhook.id, [Reference(SLUG_KIND, webhook.slug_hash)])
        return answer(204)


def hooks_url(app: APIGatewayHttpResolver) -> str:
    """Return the public base of webhook URLs, as this very request reached the API."""
    headers = app.current_event.headers
    scheme = headers.get("x-forwarded-proto") or "https"
    host = headers.get("host") or app.current_event.request_context.domain_name
    return f"{scheme}://{host}/hooks"


def _stored(services: Services, webhook_id: str) -> Webhook:
    stored = services.config.get(KIND, known_id(webhook_id, KIND))
    if stored is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return webhook_from_stored(stored)
