"""Sources over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.revisions import if_match, tagged
from whenflow.api.services import Services
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.ports import Stored, check_seen, over_latest
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
        found = _found(services, source_id)
        return answer(200, source_from_stored(found.document).as_document(), tagged(found))

    @app.put("/sources/<source_id>")
    def replace(source_id: str) -> Response[Any]:
        given = source_from_document({name: value for name, value in object_of(app).items() if name not in READ_ONLY})
        return answer(200, _changed(source_id, lambda _present: given, services, if_match(app)).as_document())

    @app.patch("/sources/<source_id>")
    def change(source_id: str) -> Response[Any]:
        changes = object_of(app)

        def with_changes(present: Source) -> SourceInput:
            as_it_is = {name: value for name, value in present.as_document().items() if name not in READ_ONLY}
            return source_from_document(as_it_is | changes)

        return answer(200, _changed(source_id, with_changes, services, if_match(app)).as_document())

    @app.delete("/sources/<source_id>")
    def delete(source_id: str) -> Response[Any]:
        found = _found(services, source_id)
        over = if_match(app)
        check_seen(found, over, f"{KIND} {source_id}")
        services.config.delete(KIND, found.document["id"], over=over)
        return answer(204)


def _made(given: SourceInput, services: Services) -> Source:
    now = services.clock.now()
    return Source(**given.model_dump(), id=services.ids.new(), created=now, updated=now)


def _changed(source_id: str, change: Callable[[Source], SourceInput], services: Services, over: str | None) -> Source:
    def changed(found: Stored) -> Source:
        present = source_from_stored(found.document)
        given = change(present)
        source = Source(**given.model_dump(), id=present.id, created=present.created, updated=services.clock.now())
        services.config.replace(KIND, source.id, source.as_document(), over=found.revision)
        return source

    return over_latest(services.config, KIND, known_id(source_id, KIND), changed, over=over)


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
    return source_from_stored(_found(services, source_id).document)


def _found(services: Services, source_id: str) -> Stored:
    found = services.config.read(KIND, known_id(source_id, KIND))
    if found is None:
        raise NotFound(f"There is no source {source_id}.")
    return found
