"""Automations over HTTP (SPEC 7.4)."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from whenflow.api.answers import answer, body_of, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.automations.registry import SORTS, Wanted, described
from whenflow.errors import Fault, Rejected
from whenflow.templating import TemplateError, check

FILTERS = frozenset({"operator", "id", "name", "created", "tags"})


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/automations`, and the check of templates."""
    registry = services.automations

    @app.post("/automations")
    def create() -> Response[Any]:
        return answer(201, described(registry.create(object_of(app))))

    @app.post("/automations/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        found = registry.find(wanted_in(document))[offset : offset + limit]
        return answer(200, [one.as_document() for one in found])

    @app.post("/automations/count")
    def count() -> Response[Any]:
        return answer(200, len(registry.find(wanted_in(object_of(app)))))

    @app.get("/automations/related-to/<resource_id>")
    def related_to(resource_id: str) -> Response[Any]:
        return answer(200, [one.as_document() for one in registry.related_to(resource_id)])

    @app.delete("/automations/owned-by/<resource_id>")
    def delete_owned_by(resource_id: str) -> Response[Any]:
        registry.delete_owned_by(resource_id)
        return answer(202, None)

    @app.post("/automations/templates/validate")
    @app.post("/templates/validate")
    def validate() -> Response[Any]:
        return _validated(body_of(app))

    @app.get("/automations/<automation_id>")
    def one(automation_id: str) -> Response[Any]:
        return answer(200, registry.get(known_id(automation_id, "automation")).as_document())

    @app.put("/automations/<automation_id>")
    def replace(automation_id: str) -> Response[Any]:
        registry.replace(known_id(automation_id, "automation"), object_of(app))
        return answer(204)

    @app.patch("/automations/<automation_id>")
    def switch(automation_id: str) -> Response[Any]:
        registry.switch(known_id(automation_id, "automation"), object_of(app))
        return answer(204)

    @app.delete("/automations/<automation_id>")
    def delete(automation_id: str) -> Response[Any]:
        registry.delete(known_id(automation_id, "automation"))
        return answer(204)


def wanted_in(document: dict[str, Any]) -> Wanted:
    """Return what a filter request asks for; null is the same as absent.

    Raises:
        Rejected: It asks in a way that is not known.
    """
    filters = _object(document, "automations", ("body",))
    unknown = sorted(filters.keys() - FILTERS)
    if unknown:
        faults = [
            Fault(("body", "automations", name), "Extra inputs are not permitted", "extra_forbidden")
            for name in unknown
        ]
        raise Rejected("There are no such filters.", faults)
    sort = document.get("sort") or "NAME_ASC"
    if not isinstance(sort, str) or sort not in SORTS:
        raise Rejected("Unknown sort.", [Fault(("body", "sort"), f"must be one of {', '.join(SORTS)}", "enum")])
    place = ("body", "automations")
    tags = _object(filters, "tags", place)
    return Wanted(
        names=_texts(_object(filters, "name", place), "any_", (*place, "name")),
        ids=_texts(_object(filters, "id", place), "any_", (*place, "id")),
        all_tags=_texts(tags, "all_", (*place, "tags")) or (),
        any_tags=_texts(tags, "any_", (*place, "tags")),
        untagged=tags.get("is_null_") if isinstance(tags.get("is_null_"), bool) else None,
        sort=sort,
    )


def _validated(template: Any) -> Response[Any]:
    if not isinstance(template, str):
        raise Rejected("The body is not a JSON string.", [Fault(("body",), "Input should be a string", "string_type")])
    try:
        check(template)
    except TemplateError as error:
        return answer(422, {"error": {"line": error.line or 1, "message": error.message, "source": template}})
    return answer(204)


def _object(document: dict[str, Any], name: str, place: tuple[str | int, ...]) -> dict[str, Any]:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Rejected("Not an object.", [Fault((*place, name), "Input should be an object", "dict_type")])
    return value


def _texts(document: dict[str, Any], name: str, place: tuple[str | int, ...]) -> list[str] | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Rejected(
            "Not a list of texts.", [Fault((*place, name), "Input should be a list of strings", "list_type")]
        )
    return value
