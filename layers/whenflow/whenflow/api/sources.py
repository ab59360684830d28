"""Sources over HTTP."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.sources.model import KIND, Source, SourceInput, source_from_document, source_from_stored
from whenflow.sources.trial import try_out

READ_ONLY = frozenset({"id", "created", "updated"})
DRAFT = "draft"


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/sources`."""

    @app.post("/sources")
    def create() -> Response[Any]:
        source = _made(source_from_document(object_of(app)), services)
        services.config.create(KIND, source.id, source.as_document())
        return answer(201, source.as_document())

    @app.post("/sources/filter")
    def some() -> Response[Any]:
        limit, offset = page_of(object_of(app))
        return answer(200, [source.as_document() for source in _all(services)][offset : offset + limit])

    @app.post("/sources/test")
    def test() -> Response[Any]:
        return answer(200, {"results": _tried(object_of(app), services)})

    @app.get("/sources/<source_id>")
    def one(source_id: str) -> Response[Any]:
        return answer(200, _stored(services, source_id).as_document())

    @app.put("/sources/<source_id>")
    def replace(source_id: str) -> Response[Any]:
        present = _stored(services, source_id)
        given = {name: value for name, value in object_of(app).items() if name not in READ_ONLY}
        return answer(200, _changed(present, source_from_document(given), services).as_document())

    @app.patch("/sources/<source_id>")
    def change(source_id: str) -> Response[Any]:
        present = _stored(services, source_id)
        as_it_is = {name: value for name, value in present.as_document().items() if name not in READ_ONLY}
        return answer(200, _changed(present, source_from_document(as_it_is | object_of(app)), services).as_document())

    @app.delete("/sources/<source_id>")
    def delete(source_id: str) -> Response[Any]:
        services.config.delete(KIND, _stored(services, source_id).id)
        return answer(204)


def _made(given: SourceInput, services: Services) -> Source:
    now = services.clock.now()
    return Source(**given.model_dump(), id=services.ids.new(), created=now, updated=now)


def _changed(present: Source, given: SourceInput, services: Services) -> Source:
    changed = Source(**given.model_dump(), id=present.id, created=present.created, updated=services.clock.now())
    services.config.replace(KIND, changed.id, changed.as_document())
    return changed


def _tried(request: Mapping[str, Any], services: Services) -> list[dict[str, Any]]:
    """Try a notification on the source that the request names or holds, be it off; or on all as they are."""
    notification = request.get("notification")
    if not isinstance(notification, dict):
        raise _wrong("notification", "Give the notification to try, as AWS sends it: a JSON object")
    if request.keys() >= {"source", "source_id"}:
        raise _wrong("source_id", "Give a draft in `source`, or name a stored one with `source_id`; not both")
    if "source" in request:
        sources = [_draft(request["source"], services)]
    elif "source_id" in request:
        sources = [_stored(services, str(request["source_id"]))]
    else:
        return try_out(notification, _all(services), services.clock.now())
    return try_out(notification, [one.model_copy(update={"enabled": True}) for one in sources], services.clock.now())


def _draft(document: Any, services: Services) -> Source:
    named = {"name": DRAFT, **document} if isinstance(document, dict) else document
    now = services.clock.now()
    return Source(**source_from_document(named).model_dump(), id=DRAFT, created=now, updated=now)


def _wrong(name: str, message: str) -> Rejected:
    return Rejected(message, [Fault(("body", name), message)])


def _all(services: Services) -> list[Source]:
    return sorted(map(source_from_stored, services.config.all(KIND)), key=lambda source: source.rank)


def _stored(services: Services, source_id: str) -> Source:
    stored = services.config.get(KIND, known_id(source_id, KIND))
    if stored is None:
        raise NotFound(f"There is no source {source_id}.")
    return source_from_stored(stored)
