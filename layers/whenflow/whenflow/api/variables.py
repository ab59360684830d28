"""Variables over HTTP (SPEC 7.5): JSON values by name, for parameters of runs."""

import json
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.events import known_id
from whenflow.api.filters import Atom, NamedFilter
from whenflow.api.revisions import if_match, tagged
from whenflow.api.services import Services
from whenflow.deployments.model import Tags, checked
from whenflow.deployments.values import VARIABLE
from whenflow.errors import NotFound
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event, iso
from whenflow.ports import Reference, Stored, over_latest

ID_KIND = "variable-id"
MAX_VALUE_CHARS = 5_000


def _short(value: Any) -> Any:
    if len(json.dumps(value, ensure_ascii=False)) > MAX_VALUE_CHARS:
        raise ValueError(f"a value has at most {MAX_VALUE_CHARS:,} characters as JSON")
    return value


Name = Annotated[StrictStr, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_-]+$")]
Value = Annotated[Any, AfterValidator(_short)]


class _Variable(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name
    value: Value
    tags: Tags = []


class _Patch(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name | None = None
    value: Value = None
    tags: Tags = []


class _Filter(NamedFilter):
    tags: Atom | None = None


class _Query(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    variables: _Filter | None = None
    sort: Annotated[StrictStr, Field(pattern="^(NAME_ASC|NAME_DESC|CREATED_DESC|UPDATED_DESC)$")] | None = None


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/variables`."""
    _add_reads(app, services)
    _add_changes(app, services)


def _add_reads(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.post("/variables/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        query = checked(_Query, document, "filter")
        field, _, direction = (query.sort or "NAME_ASC").rpartition("_")
        found = sorted(_wanted(services, query), key=lambda one: str(one[field.lower()]), reverse=direction == "DESC")
        return answer(200, found[offset : offset + limit])

    @app.post("/variables/count")
    def count() -> Response[Any]:
        return answer(200, len(_wanted(services, checked(_Query, object_of(app), "filter"))))

    @app.get("/variables/name/<name>")
    def by_name(name: str) -> Response[Any]:
        found = _named(services, name)
        return answer(200, found.document, tagged(found))

    @app.get("/variables/<variable_id>")
    def one(variable_id: str) -> Response[Any]:
        found = _named(services, _name_of(services, variable_id))
        return answer(200, found.document, tagged(found))


def _add_changes(app: APIGatewayHttpResolver, services: Services) -> None:
    @app.post("/variables")
    def create() -> Response[Any]:
        given = checked(_Variable, object_of(app), "variable")
        now = iso(services.clock.now())
        variable = {"id": services.ids.new(), "created": now, "updated": now} | given.model_dump(mode="json")
        _store(services, variable)
        _tell(services, "created", variable)
        return answer(201, variable)

    @app.patch("/variables/name/<name>")
    def patch_named(name: str) -> Response[Any]:
        _patch(services, name, object_of(app), if_match(app))
        return answer(204)

    @app.patch("/variables/<variable_id>")
    def patch(variable_id: str) -> Response[Any]:
        _patch(services, _name_of(services, variable_id), object_of(app), if_match(app))
        return answer(204)

    @app.delete("/variables/name/<name>")
    def delete_named(name: str) -> Response[Any]:
        _delete(services, name, if_match(app))
        return answer(204)

    @app.delete("/variables/<variable_id>")
    def delete(variable_id: str) -> Response[Any]:
        _delete(services, _name_of(services, variable_id), if_match(app))
        return answer(204)


def _patch(services: Services, name: str, document: dict[str, Any], over: str | None) -> None:
    given = checked(_Patch, document, "change of a variable").model_dump(mode="json", exclude_unset=True)
    if given.get("name", "") is None:
        del given["name"]

    def changed(found: Stored) -> None:
        variable = found.document | given | {"updated": iso(services.clock.now())}
        if variable["name"] == name:
            services.config.replace(VARIABLE, name, variable, over=found.revision)
        else:
            known_as = [Reference(ID_KIND, variable["id"])]
            services.config.move(VARIABLE, name, variable["name"], variable, known_as, over=found.revision)
        _tell(services, "updated", variable)

    over_latest(services.config, VARIABLE, name, changed, over=over)


def _delete(services: Services, name: str, over: str | None) -> None:
    def removed(found: Stored) -> None:
        references = [Reference(ID_KIND, found.document["id"])]
        services.config.delete(VARIABLE, name, references, over=found.revision)
        _tell(services, "deleted", found.document)

    over_latest(services.config, VARIABLE, name, removed, over=over)


def _store(services: Services, variable: dict[str, Any]) -> None:
    services.config.create(VARIABLE, variable["name"], variable, [Reference(ID_KIND, variable["id"])])


def _named(services: Services, name: str) -> Stored:
    found = services.config.read(VARIABLE, name)
    if found is None:
        raise NotFound(f"There is no variable {name}.")
    return found


def _name_of(services: Services, variable_id: str) -> str:
    reference = services.config.get(ID_KIND, known_id(variable_id, "variable"))
    if reference is None:
        raise NotFound(f"There is no variable {variable_id}.")
    return str(reference["id"])


def _wanted(services: Services, query: _Query) -> list[dict[str, Any]]:
    return [one for one in services.config.all(VARIABLE) if query.variables is None or query.variables.fits(one)]


def _tell(services: Services, happened: str, variable: dict[str, Any]) -> None:
    """Tell of a change; never of the value, which may be nobody else's business."""
    now, resource_id = services.clock.now(), f"prefect.variable.{variable['id']}"
    services.events.put(
        Event(
            id=services.ids.event_id(now, resource_id),
            occurred=now,
            event=f"prefect.variable.{happened}",
            resource={RESOURCE_ID: resource_id, RESOURCE_NAME: variable["name"]},
            payload={"tags": variable["tags"]},
            received=now,
        )
    )
