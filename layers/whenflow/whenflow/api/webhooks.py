"""Webhooks over HTTP (SPEC 2.5)."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, limit_of, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.revisions import if_match, tagged
from whenflow.api.services import Services
from whenflow.automations.engine import Engine
from whenflow.automations.model import Unreadable, automation_from_stored
from whenflow.automations.state import State
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import Event
from whenflow.webhooks.model import KIND, Webhook, webhook_from_stored
from whenflow.webhooks.registry import WebhookRegistry
from whenflow.webhooks.request import HttpRequest
from whenflow.webhooks.sample import request_from_document
from whenflow.webhooks.trial import try_out

FILTERS = frozenset({"name"})
TRIAL = frozenset({"request", "request_id", "template"})
LOGGED = 100


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/webhooks`."""
    registry = WebhookRegistry(services.config, services.secrets, services.clock, services.ids)
    _add_lists(app, services, registry)
    _add_changes(app, registry)
    _add_secrets(app, registry)


def _add_lists(app: APIGatewayHttpResolver, services: Services, registry: WebhookRegistry) -> None:
    @app.post("/webhooks/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        found = registry.find(_names_in(document))[offset : offset + limit]
        return answer(200, [webhook.as_document() for webhook in found])

    @app.get("/webhooks/<webhook_id>")
    def one(webhook_id: str) -> Response[Any]:
        found = registry.read(known_id(webhook_id, KIND))
        return answer(200, webhook_from_stored(found.document).as_document(), tagged(found))

    @app.get("/webhooks/<webhook_id>/requests")
    def requests(webhook_id: str) -> Response[Any]:
        webhook = registry.get(known_id(webhook_id, KIND))
        newest = services.requests.newest(webhook.id, min(limit_of(app, LOGGED), LOGGED))
        return answer(200, [request.as_document() for request in newest])

    @app.post("/webhooks/<webhook_id>/test")
    def test(webhook_id: str) -> Response[Any]:
        webhook = registry.get(known_id(webhook_id, KIND))
        document = object_of(app)
        request = _request_in(document, webhook, services)
        trial = try_out(webhook, request, services.ids, services.clock, _draft_in(document))
        fired = _would_fire(services, trial.events)
        return answer(200, trial.as_document() | {"would_fire": fired})


def _add_changes(app: APIGatewayHttpResolver, registry: WebhookRegistry) -> None:
    @app.post("/webhooks")
    def create() -> Response[Any]:
        told = registry.create(object_of(app))
        address = {"slug": told.slug, "url": f"{hooks_url(app)}/{told.slug}"}
        return answer(201, told.webhook.as_document() | address | _secret(told.secret))

    @app.put("/webhooks/<webhook_id>")
    def replace(webhook_id: str) -> Response[Any]:
        told = registry.replace(known_id(webhook_id, KIND), object_of(app), over=if_match(app))
        return answer(200, _secret(told.secret)) if told.secret else answer(204)

    @app.patch("/webhooks/<webhook_id>")
    def change(webhook_id: str) -> Response[Any]:
        registry.change(known_id(webhook_id, KIND), object_of(app), over=if_match(app))
        return answer(204)

    @app.delete("/webhooks/<webhook_id>")
    def delete(webhook_id: str) -> Response[Any]:
        registry.delete(known_id(webhook_id, KIND), over=if_match(app))
        return answer(204)


def _add_secrets(app: APIGatewayHttpResolver, registry: WebhookRegistry) -> None:
    @app.post("/webhooks/<webhook_id>/rotate")
    def rotate(webhook_id: str) -> Response[Any]:
        told = registry.rotate(known_id(webhook_id, KIND))
        return answer(200, told.webhook.as_document() | {"slug": told.slug, "url": f"{hooks_url(app)}/{told.slug}"})

    @app.post("/webhooks/<webhook_id>/rotate-secret")
    def rotate_secret(webhook_id: str) -> Response[Any]:
        told = registry.rotate_secret(known_id(webhook_id, KIND), object_of(app))
        return answer(200, told.webhook.as_document() | _secret(told.secret))


def hooks_url(app: APIGatewayHttpResolver) -> str:
    """Return the public base of webhook URLs, as this very request reached the API."""
    headers = app.current_event.headers
    scheme = headers.get("x-forwarded-proto") or "https"
    host = headers.get("host") or app.current_event.request_context.domain_name
    return f"{scheme}://{host}/hooks"


def _secret(secret: str | None) -> dict[str, str]:
    return {"secret": secret} if secret else {}


def _names_in(document: Mapping[str, Any]) -> list[str] | None:
    """Return the names that a filter asks for, or None where it asks for none in particular."""
    filters = _object(document, "webhooks", ("body",), FILTERS)
    names = _object(filters, "name", ("body", "webhooks"), frozenset({"any_"})).get("any_")
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise _fault(("body", "webhooks", "name", "any_"), "Input should be a list of strings", "list_type")
    return names


def _request_in(document: Mapping[str, Any], webhook: Webhook, services: Services) -> HttpRequest:
    """Return the request that is to be tried: given, or one of those that the log kept."""
    unknown = sorted(document.keys() - TRIAL)
    if unknown:
        raise _fault(("body", unknown[0]), "Extra inputs are not permitted", "extra_forbidden")
    request_id = document.get("request_id")
    if request_id is None:
        return request_from_document(document.get("request") or {})
    if document.get("request") is not None:
        raise _fault(("body", "request"), "Give a request or a request_id, not both")
    if not isinstance(request_id, str):
        raise _fault(("body", "request_id"), "Input should be a valid string", "string_type")
    logged = services.requests.get(webhook.id, request_id)
    if logged is None:
        raise NotFound(f"The log of webhook {webhook.id} has no request {request_id}.")
    return logged.sample()


def _draft_in(document: Mapping[str, Any]) -> str | dict[str, Any] | None:
    draft = document.get("template")
    if draft is not None and not isinstance(draft, str | dict):
        raise _fault(("body", "template"), "Input should be a text or an object", "string_type")
    return draft


def _would_fire(services: Services, events: list[Event]) -> list[dict[str, Any]]:
    """Return the automations that look at events, and whether they would fire at once, with no window open."""
    if not events:
        return []
    engine, state, now = Engine(), State(), services.clock.now()
    for stored in services.config.all("automation"):
        with suppress(Unreadable):
            engine.put(automation_from_stored(stored))
    looking: dict[str, dict[str, Any]] = {}
    for event in events:
        for watch in engine.watching(event):
            automation = watch.automation
            looking.setdefault(automation.id, {"id": automation.id, "name": automation.name, "at_once": False})
        for fired in engine.on_event(state, event, now):
            looking[fired.automation.id]["at_once"] = True
    return list(looking.values())


def _object(document: Mapping[str, Any], name: str, place: tuple[str, ...], known: frozenset[str]) -> Mapping[str, Any]:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _fault((*place, name), "Input should be an object", "dict_type")
    unknown = sorted(value.keys() - known)
    if unknown:
        raise _fault((*place, name, unknown[0]), "Extra inputs are not permitted", "extra_forbidden")
    return value


def _fault(place: tuple[str, ...], message: str, type_: str = "value_error") -> Rejected:
    return Rejected(message, [Fault(place, message, type_)])
