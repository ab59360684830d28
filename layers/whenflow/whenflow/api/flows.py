"""Flows over HTTP."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict

from whenflow.api.answers import answer, numbered_page, numbered_page_of, object_of, page_of
from whenflow.api.desk import desk_of
from whenflow.api.events import known_id
from whenflow.api.filters import Query, query_of, sorted_by
from whenflow.api.services import Services
from whenflow.deployments.model import Name, Object, Tags, checked
from whenflow.deployments.registry import FLOW_KIND
from whenflow.errors import Conflict, NotFound
from whenflow.events import iso, named_id
from whenflow.ports import Stored, over_latest

SORTS: dict[str, tuple[str, bool]] = {
    "NAME_ASC": ("name", False),
    "NAME_DESC": ("name", True),
    "CREATED_DESC": ("created", True),
    "UPDATED_DESC": ("updated", True),
}


class _Flow(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Name
    tags: Tags = []
    labels: Object = {}


class _Patch(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    tags: Tags = []
    labels: Object = {}


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/flows`."""
    _add_lists(app, services)
    _add_single_ones(app, services)


def _add_lists(app: APIGatewayHttpResolver, services: Services) -> None:
    desk = desk_of(services)

    @app.post("/flows")
    def upsert() -> Response[Any]:
        given = checked(_Flow, object_of(app), "flow")
        flow, is_new = desk.registry.flow(given.name, tuple(given.tags), given.labels)
        return answer(201 if is_new else 200, shown(flow))

    @app.post("/flows/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        found = _sorted(services, query_of(document, SORTS))
        return answer(200, [shown(one) for one in found[offset : offset + limit]])

    @app.post("/flows/paginate")
    def paginated() -> Response[Any]:
        document = object_of(app)
        limit, page = numbered_page_of(document)
        found = _sorted(services, query_of(document, SORTS))
        some = [shown(one) for one in found[(page - 1) * limit : page * limit]]
        return answer(200, numbered_page(some, len(found), limit, page))

    @app.post("/flows/count")
    def count() -> Response[Any]:
        return answer(200, len(_wanted(services, query_of(object_of(app), SORTS))))


def _add_single_ones(app: APIGatewayHttpResolver, services: Services) -> None:
    config = services.config

    @app.get("/flows/name/<name>")
    def by_name(name: str) -> Response[Any]:
        return answer(200, shown(_flow(services, named_id("flow", name), name)))

    @app.get("/flows/<flow_id>")
    def one(flow_id: str) -> Response[Any]:
        return answer(200, shown(_flow(services, known_id(flow_id, FLOW_KIND), flow_id)))

    @app.patch("/flows/<flow_id>")
    def patch(flow_id: str) -> Response[Any]:
        flow = _flow(services, known_id(flow_id, FLOW_KIND), flow_id)
        given = checked(_Patch, object_of(app), "change of a flow").model_dump(exclude_unset=True)
        now = iso(services.clock.now())

        def changed(found: Stored) -> None:
            config.replace(FLOW_KIND, flow["id"], found.document | given | {"updated": now}, over=found.revision)

        over_latest(config, FLOW_KIND, flow["id"], changed)
        return answer(204)

    @app.delete("/flows/<flow_id>")
    def delete(flow_id: str) -> Response[Any]:
        flow = _flow(services, known_id(flow_id, FLOW_KIND), flow_id)
        if any(deployment["flow_id"] == flow["id"] for deployment in config.all("deployment")):
            raise Conflict(f"The flow {flow['name']} has deployments: delete those first.")
        config.delete(FLOW_KIND, flow["id"])
        return answer(204)


def shown(flow: dict[str, Any]) -> dict[str, Any]:
    """Return a flow as the API shows it."""
    return {"tags": [], "labels": {}, "updated": flow["created"]} | flow


def _sorted(services: Services, query: Query) -> list[dict[str, Any]]:
    name, descending = SORTS[query.sort or "NAME_ASC"]
    return sorted_by(_wanted(services, query), lambda one: one.get(name), descending=descending)


def _wanted(services: Services, query: Query) -> list[dict[str, Any]]:
    found = [shown(flow) for flow in services.config.all(FLOW_KIND) if not query.flows or query.flows.fits(shown(flow))]
    if query.deployments is None:
        return found
    deployed = {one["flow_id"] for one in services.config.all("deployment") if query.deployments.fits(one)}
    return [flow for flow in found if flow["id"] in deployed]


def _flow(services: Services, flow_id: str, asked_for: str) -> dict[str, Any]:
    flow = services.config.get(FLOW_KIND, flow_id)
    if flow is None:
        raise NotFound(f"There is no flow {asked_for}.")
    return flow
