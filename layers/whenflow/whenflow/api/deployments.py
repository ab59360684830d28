"""Deployments over HTTP (SPEC 6.3, 6.4). A deployment names a flow, the target that runs its code, and when."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from whenflow.api.answers import answer, body_of, numbered_page, numbered_page_of, object_of, page_of
from whenflow.api.desk import desk_of
from whenflow.api.events import known_id
from whenflow.api.filters import Query, query_of, sorted_by
from whenflow.api.flow_runs import StateInput, as_document
from whenflow.api.new_task_runs import adopt
from whenflow.api.revisions import if_match, tagged
from whenflow.api.services import Services
from whenflow.deployments import RunRequest
from whenflow.deployments.desk import Desk
from whenflow.deployments.model import NOT_OURS, DeploymentInput, Object, Tags, checked
from whenflow.deployments.pools import DEFAULT_QUEUE, queue_id_of
from whenflow.deployments.scheduling import Span
from whenflow.deployments.values import HydrationFailed
from whenflow.errors import Fault, Rejected
from whenflow.events.validation import Instant
from whenflow.runs import FlowRun, StateType

KIND = "deployment"
SORTS: dict[str, tuple[str, bool]] = {
    "NAME_ASC": ("name", False),
    "NAME_DESC": ("name", True),
    "CREATED_DESC": ("created", True),
    "UPDATED_DESC": ("updated", True),
    "CONCURRENCY_LIMIT_ASC": ("concurrency_limit", False),
    "CONCURRENCY_LIMIT_DESC": ("concurrency_limit", True),
}
LEAST_DATES, MOST_DATES, LEAST_SECONDS = 3, 100, 3_600.0
FARTHEST, FARTHEST_BACK = timedelta(days=100), timedelta(days=5 * 366)
AUTOMATION_ID, AUTOMATION_NAME = "prefect-automation-id", "prefect-automation-name"


class _RunInput(BaseModel):
    """What a client asks for with a run of a deployment."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[StrictStr, Field(min_length=1, max_length=255)] | None = None
    state: StateInput | None = None
    parameters: Object = {}
    context: Object = {}
    tags: Tags = []
    labels: Object = {}
    idempotency_key: Annotated[StrictStr, Field(min_length=1, max_length=1_000)] | None = None
    parent_task_run_id: StrictStr | None = None
    work_queue_name: StrictStr | None = None
    job_variables: Object = {}
    empirical_policy: Object = {}
    enforce_parameter_schema: StrictBool | None = None


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    deployment_ids: Annotated[list[StrictStr], Field(max_length=100)] = []
    scheduled_before: Instant | None = None


class _Dates(BaseModel):
    """For which dates of its schedules a deployment is to have runs, of the past as well."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    start_time: Instant | None = None
    end_time: Instant | None = None
    min_time: Annotated[float, Field(ge=0, le=100 * 86_400, strict=True)] | None = None
    min_runs: Annotated[StrictInt, Field(ge=0, le=MOST_DATES)] | None = None
    max_runs: Annotated[StrictInt, Field(ge=0, le=MOST_DATES)] | None = None

    def span(self, now: datetime) -> Span:
        """Return the dates; who names an end and nothing else means all until then."""
        start = self.start_time or now
        if not now - FARTHEST_BACK <= start <= now + FARTHEST:
            reason = "start_time must not be more than five years ago, or more than 100 days ahead"
            raise Rejected("These dates cannot be scheduled.", [Fault(("body", "start_time"), reason)])
        end = self.end_time or start + FARTHEST
        all_ = self.end_time is not None and self.min_time is None and self.min_runs is None
        least = end - start if all_ else timedelta(seconds=LEAST_SECONDS if self.min_time is None else self.min_time)
        at_most = MOST_DATES if self.max_runs is None else self.max_runs
        return Span(start, end, LEAST_DATES if self.min_runs is None else self.min_runs, least, at_most)


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes below `/deployments`."""
    desk = desk_of(services)
    _add_reads(app, services, desk)
    _add_changes(app, desk)
    _add_schedules(app, desk)
    _add_runs(app, services, desk)


def _add_reads(app: APIGatewayHttpResolver, services: Services, desk: Desk) -> None:
    @app.post("/deployments/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        limit, offset = page_of(document)
        found = _sorted(services, query_of(document, SORTS))
        return answer(200, [shown(one) for one in found[offset : offset + limit]])

    @app.post("/deployments/paginate")
    def paginated() -> Response[Any]:
        document = object_of(app)
        limit, page = numbered_page_of(document)
        found = _sorted(services, query_of(document, SORTS))
        some = [shown(one) for one in found[(page - 1) * limit : page * limit]]
        return answer(200, numbered_page(some, len(found), limit, page))

    @app.post("/deployments/count")
    def count() -> Response[Any]:
        return answer(200, len(_wanted(services, query_of(object_of(app), SORTS))))

    @app.get("/deployments/name/<flow_name>/<name>")
    def by_name(flow_name: str, name: str) -> Response[Any]:
        found = desk.registry.read_named(f"{flow_name}/{name}")
        return answer(200, shown(found.document), tagged(found))

    @app.get("/deployments/<deployment_id>")
    def one(deployment_id: str) -> Response[Any]:
        found = desk.registry.read(known_id(deployment_id, KIND))
        return answer(200, shown(found.document), tagged(found))


def _add_changes(app: APIGatewayHttpResolver, desk: Desk) -> None:
    @app.post("/deployments")
    def create() -> Response[Any]:
        deployment, is_new = desk.registry.upsert(object_of(app))
        return answer(201 if is_new else 200, shown(deployment))

    @app.patch("/deployments/<deployment_id>")
    def patch(deployment_id: str) -> Response[Any]:
        desk.registry.patch(known_id(deployment_id, KIND), object_of(app), over=if_match(app))
        return answer(204)

    @app.delete("/deployments/<deployment_id>")
    def delete(deployment_id: str) -> Response[Any]:
        desk.registry.delete(known_id(deployment_id, KIND), over=if_match(app))
        return answer(204)

    @app.post("/deployments/<deployment_id>/pause_deployment")
    def pause(deployment_id: str) -> Response[Any]:
        desk.registry.pause(known_id(deployment_id, KIND), paused=True)
        return answer(200, None)

    @app.post("/deployments/<deployment_id>/resume_deployment")
    def resume(deployment_id: str) -> Response[Any]:
        desk.registry.pause(known_id(deployment_id, KIND), paused=False)
        return answer(200, None)


def _add_schedules(app: APIGatewayHttpResolver, desk: Desk) -> None:
    @app.get("/deployments/<deployment_id>/schedules")
    def schedules(deployment_id: str) -> Response[Any]:
        return answer(200, desk.registry.get(known_id(deployment_id, KIND)).get("schedules", []))

    @app.post("/deployments/<deployment_id>/schedules")
    def add(deployment_id: str) -> Response[Any]:
        given = body_of(app)
        if not isinstance(given, list):
            raise Rejected("The body is not a list.", [Fault(("body",), "Input should be a list", "list_type")])
        return answer(201, desk.registry.add_schedules(known_id(deployment_id, KIND), given))

    @app.patch("/deployments/<deployment_id>/schedules/<schedule_id>")
    def change(deployment_id: str, schedule_id: str) -> Response[Any]:
        desk.registry.change_schedule(known_id(deployment_id, KIND), known_id(schedule_id, "schedule"), object_of(app))
        return answer(204)

    @app.delete("/deployments/<deployment_id>/schedules/<schedule_id>")
    def remove(deployment_id: str, schedule_id: str) -> Response[Any]:
        desk.registry.remove_schedule(known_id(deployment_id, KIND), known_id(schedule_id, "schedule"))
        return answer(204)


def _add_runs(app: APIGatewayHttpResolver, services: Services, desk: Desk) -> None:
    @app.post("/deployments/<deployment_id>/create_flow_run")
    def create_flow_run(deployment_id: str) -> Response[Any]:
        deployment = desk.registry.get(known_id(deployment_id, KIND))
        given = checked(_RunInput, object_of(app), "flow run")
        try:
            run, is_new = desk.maker.create(deployment, _request(app, desk, given))
        except HydrationFailed as error:
            return answer(400, {"detail": error.reason})
        adopt(services, run)
        return answer(201 if is_new else 200, as_document(run))

    @app.post("/deployments/<deployment_id>/schedule")
    def schedule(deployment_id: str) -> Response[Any]:
        deployment = desk.registry.get(known_id(deployment_id, KIND))
        wanted = checked(_Dates, object_of(app), "request")
        desk.scheduler.fill_between(deployment, wanted.span(services.clock.now()))
        return answer(200)

    @app.post("/deployments/get_scheduled_flow_runs")
    def scheduled() -> Response[Any]:
        document = object_of(app)
        wanted, (limit, _) = checked(_Wanted, document, "request"), page_of(document)
        until = wanted.scheduled_before or services.clock.now()
        due = services.runs.get_all(one.run_id for one in services.runs.due(until))
        found = [run for run in due if run.deployment_id in wanted.deployment_ids and _waits(run)]
        found.sort(key=lambda run: run.expected_start_time)
        return answer(200, [as_document(run) for run in found[:limit]])


def _waits(run: FlowRun) -> bool:
    return run.state.type == StateType.SCHEDULED


def _request(app: APIGatewayHttpResolver, desk: Desk, given: _RunInput) -> RunRequest:
    return RunRequest(
        parameters=given.parameters,
        hydrate=True,
        name=given.name,
        state=given.state.made(desk.ledger, desk.ledger.new_id()) if given.state else None,
        tags=given.tags,
        idempotency_key=given.idempotency_key,
        job_variables=given.job_variables,
        context=given.context,
        labels=given.labels,
        empirical_policy=given.empirical_policy,
        parent_task_run_id=given.parent_task_run_id,
        work_queue_name=given.work_queue_name,
        enforce=given.enforce_parameter_schema,
        created_by=_automation(app),
    )


def _automation(app: APIGatewayHttpResolver) -> dict[str, str] | None:
    """Return the automation that the request says it comes from, as Prefect's own actions do."""
    headers = app.current_event.headers
    id_, name = headers.get(AUTOMATION_ID), headers.get(AUTOMATION_NAME) or ""
    if not id_:
        return None
    try:
        shown_name = base64.b64decode(name, validate=True).decode()
    except (binascii.Error, ValueError):
        shown_name = name
    return {"id": id_, "type": "AUTOMATION", "display_value": shown_name}


def _sorted(services: Services, query: Query) -> list[dict[str, Any]]:
    name, descending = SORTS[query.sort or "NAME_ASC"]
    return sorted_by(_wanted(services, query), lambda one: one.get(name), descending=descending)


def _wanted(services: Services, query: Query) -> list[dict[str, Any]]:
    return [one for one in services.config.all(KIND) if _is_wanted(one, query)]


def _is_wanted(deployment: dict[str, Any], query: Query) -> bool:
    flow = {"id": deployment["flow_id"], "name": deployment["flow_name"]}
    own = deployment | {"flow_or_deployment_name": f"{flow['name']}/{deployment['name']}"}
    pool = {"name": deployment["work_pool_name"], "type": deployment["work_pool_name"]}
    asked = ((query.deployments, own), (query.flows, flow), (query.work_pools, pool))
    return all(one.fits(values) for one, values in asked if one is not None)


def shown(deployment: dict[str, Any]) -> dict[str, Any]:
    """Return a deployment as the API shows it: with every field there is (SPEC 6.3)."""
    defaults = DeploymentInput(name="-").model_dump(mode="json")
    document: dict[str, Any] = {**NOT_OURS, **defaults, **deployment}
    pool = document["work_pool_name"]
    if pool:
        document["work_queue_name"] = document["work_queue_name"] or DEFAULT_QUEUE
    document["work_queue_id"] = queue_id_of(pool, document["work_queue_name"]) if pool else None
    return document
