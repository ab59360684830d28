"""Automations over HTTP (SPEC 7.4)."""

from typing import Annotated, Any, Literal
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictBool, StrictStr, ValidationError

from whenflow.api.answers import answer, body_of, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.revisions import if_match, tagged
from whenflow.api.services import Services
from whenflow.automations.model import automation_from_stored
from whenflow.automations.registry import AutomationRegistry, Wanted, described
from whenflow.errors import Fault, Rejected
from whenflow.events.validation import Instant, faults_of
from whenflow.templating import TemplateError, check

OR = "or_"
RELATED_TO = "/automations/related-to/"
OWNED_BY = "/automations/owned-by/"
REST = "(?s:.+)"  # a resource's id may hold anything, slashes too, which `<name>` does not match


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/automations`, and the check of templates."""
    _add_lists(app, services.automations)
    _add_those_of_a_resource(app, services.automations)

    @app.post("/automations/templates/validate")
    @app.post("/templates/validate")
    def validate() -> Response[Any]:
        return _validated(body_of(app))

    _add_single_ones(app, services.automations)


def _add_lists(app: APIGatewayHttpResolver, registry: AutomationRegistry) -> None:
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


def _add_those_of_a_resource(app: APIGatewayHttpResolver, registry: AutomationRegistry) -> None:
    @app.get(f"{RELATED_TO}{REST}")
    def related_to() -> Response[Any]:
        resource_id = _rest_of_path(app, RELATED_TO)
        return answer(200, [one.as_document() for one in registry.related_to(resource_id)])

    @app.put(f"{OWNED_BY}{REST}")
    def own() -> Response[Any]:
        documents = body_of(app)
        if not isinstance(documents, list):
            fault = Fault(("body",), "Input should be a list", "list_type")
            raise Rejected("The body is not a list of automations.", [fault])
        return answer(200, [described(one) for one in registry.own(_rest_of_path(app, OWNED_BY), documents)])

    @app.delete(f"{OWNED_BY}{REST}")
    def delete_owned_by() -> Response[Any]:
        registry.delete_owned_by(_rest_of_path(app, OWNED_BY))
        return answer(202, None)


def _add_single_ones(app: APIGatewayHttpResolver, registry: AutomationRegistry) -> None:
    @app.get("/automations/<automation_id>")
    def one(automation_id: str) -> Response[Any]:
        found = registry.read(known_id(automation_id, "automation"))
        return answer(200, automation_from_stored(found.document).as_document(), tagged(found))

    @app.put("/automations/<automation_id>")
    def replace(automation_id: str) -> Response[Any]:
        registry.replace(known_id(automation_id, "automation"), object_of(app), over=if_match(app))
        return answer(204)

    @app.patch("/automations/<automation_id>")
    def switch(automation_id: str) -> Response[Any]:
        registry.switch(known_id(automation_id, "automation"), object_of(app), over=if_match(app))
        return answer(204)

    @app.delete("/automations/<automation_id>")
    def delete(automation_id: str) -> Response[Any]:
        registry.delete(known_id(automation_id, "automation"), over=if_match(app))
        return answer(204)


def _rest_of_path(app: APIGatewayHttpResolver, start: str) -> str:
    """Return a resource's id from the path: API Gateway leaves `%25` in it as it is, others leave every escape."""
    return unquote(app.current_event.path.partition(start)[2])


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("give a date and time as text, such as 2026-11-20T12:00:00Z")
    return value


class _Filter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OneOf(_Filter):
    any_: list[StrictStr] | None = None


class _Created(_Filter):
    before_: Annotated[Instant, BeforeValidator(_text)] | None = None


class _Tags(_Filter):
    operator: Literal["and_", "or_"] | None = None
    all_: list[StrictStr] | None = None
    any_: list[StrictStr] | None = None
    is_null_: StrictBool | None = None


class _Filters(_Filter):
    operator: Literal["and_", "or_"] | None = None
    id: _OneOf | None = None
    name: _OneOf | None = None
    created: _Created | None = None
    tags: _Tags | None = None


class _Request(BaseModel):
    automations: _Filters | None = None
    sort: Literal["CREATED_DESC", "UPDATED_DESC", "NAME_ASC", "NAME_DESC"] | None = None


def wanted_in(document: dict[str, Any]) -> Wanted:
    """Return what a filter request asks for; null is the same as absent.

    Raises:
        Rejected: It asks in a way that is not known; with every fault and its place.
    """
    try:
        request = _Request.model_validate(document)
    except ValidationError as error:
        raise Rejected("This is not a valid filter.", faults_of(error, ("body",))) from None
    filters = request.automations or _Filters()
    tags = filters.tags or _Tags()
    return Wanted(
        names=filters.name.any_ if filters.name else None,
        ids=filters.id.any_ if filters.id else None,
        created_before=filters.created.before_ if filters.created else None,
        all_tags=tags.all_ or (),
        any_tags=tags.any_,
        untagged=tags.is_null_,
        one_of_the_tag_filters=tags.operator == OR,
        one_of_the_filters=filters.operator == OR,
        sort=request.sort or "NAME_ASC",
    )


def _validated(template: Any) -> Response[Any]:
    if not isinstance(template, str):
        raise Rejected("The body is not a JSON string.", [Fault(("body",), "Input should be a string", "string_type")])
    try:
        check(template)
    except TemplateError as error:
        return answer(422, {"error": {"line": error.line or 1, "message": error.message, "source": template}})
    return answer(204)
