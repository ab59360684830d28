"""Flow runs over HTTP, in the shapes of SPEC 6.4; with `firing_id` and `event_id`, which say why there is a run."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr

from whenflow.api.answers import answer, object_of, page_of
from whenflow.api.desk import desk_of
from whenflow.api.events import known_id
from whenflow.api.filters import query_of
from whenflow.api.new_task_runs import adopt
from whenflow.api.run_inputs import checked_for, replace_input
from whenflow.api.run_lists import SORTS, count_runs, find_runs
from whenflow.api.run_tokens import RunTokens
from whenflow.api.services import Services
from whenflow.deployments.creating import run_id_of
from whenflow.deployments.desk import Desk
from whenflow.deployments.model import Object, Tags, checked
from whenflow.deployments.pools import DEFAULT_QUEUE, pool_id_of, queue_id_of
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import iso
from whenflow.runs import FlowRun, Refused, RunLedger, State, StateDetails, StateType, Status, Verdict
from whenflow.runs.model import SELDOM
from whenflow.runs.names import run_name

MAX_DATA_CHARS = 4_000
PATCHABLE = ("name", "tags", "empirical_policy", "flow_version", "job_variables", "labels")


def _no_details(value: Any) -> Any:
    return {} if value is None else value


class StateInput(BaseModel):
    """A state as a client proposes it. Its moment is that of its arrival."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: StateType
    name: Annotated[StrictStr, Field(min_length=1, max_length=100)] | None = None
    message: StrictStr | None = None
    data: Any = None
    state_details: Annotated[dict[str, Any], BeforeValidator(_no_details)] = {}

    def made(self, ledger: RunLedger, run_id: str) -> State:
        """Return the state, of this moment."""
        if self.data is not None and len(json.dumps(self.data)) > MAX_DATA_CHARS:
            reason = f"data is longer than {MAX_DATA_CHARS:,} characters as JSON: keep the result elsewhere"
            raise Rejected("This is not a valid state.", [Fault(("state", "data"), reason)])
        try:
            details = StateDetails.from_document(self.state_details)
        except (TypeError, ValueError, AttributeError) as error:
            raise Rejected("This is not a valid state.", [Fault(("state", "state_details"), str(error))]) from None
        if self.type == StateType.SCHEDULED and details.scheduled_time is None:
            details = replace(details, scheduled_time=ledger.new_state(run_id, self.type).timestamp)
        return replace(ledger.new_state(run_id, self.type, self.name, self.message, details), data=self.data)


class _SetState(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    state: StateInput
    force: StrictBool = False


class _Resume(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    run_input: Object = {}


class _NewRun(BaseModel):
    """A run of a flow that a process of the user's own works on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    flow_id: StrictStr
    name: StrictStr | None = None
    state: StateInput | None = None
    parameters: Object = {}
    context: Object = {}
    tags: Tags = []
    labels: Object = {}
    empirical_policy: Object = {}
    job_variables: Object = {}
    flow_version: StrictStr | None = None
    parent_task_run_id: StrictStr | None = None
    idempotency_key: StrictStr | None = None


class _Patch(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    name: StrictStr | None = None
    tags: Tags = []
    empirical_policy: Object = {}
    flow_version: StrictStr | None = None
    job_variables: Object = {}
    labels: Object = {}


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes of flow runs and their states."""
    _add_reads(app, services)
    desk = desk_of(services)
    _add_states(app, services, desk)
    _add_edits(app, services, desk)


def _add_reads(app: APIGatewayHttpResolver, services: Services) -> None:
    tokens = RunTokens(services)

    @app.post("/flow_runs/filter")
    def some() -> Response[Any]:
        document = object_of(app)
        query, (limit, offset) = query_of(document, SORTS), page_of(document)
        after = tokens.read(query) if query.page_token else None
        found = find_runs(services.runs, query, limit, offset, after)
        return answer(200, [as_document(run) for run in found], tokens.headers(found.extent, query))

    @app.post("/flow_runs/count")
    def count() -> Response[Any]:
        query = query_of(object_of(app), SORTS)
        total = count_runs(services.runs, query)
        return answer(200, int(total), tokens.headers(total.extent, query))

    @app.get("/flow_runs/<run_id>")
    def one(run_id: str) -> Response[Any]:
        return answer(200, as_document(_run(services, run_id)))

    @app.get("/flow_run_states")
    def states() -> Response[Any]:
        run_id = app.current_event.get_query_string_value("flow_run_id") or ""
        return answer(200, [state.as_document() for state in _run(services, run_id).states])


def _add_states(app: APIGatewayHttpResolver, services: Services, desk: Desk) -> None:
    @app.post("/flow_runs")
    def create() -> Response[Any]:
        run, is_new = desk.ledger.create_once(
            _new_run(checked(_NewRun, object_of(app), "flow run"), services, desk.ledger)
        )
        adopt(services, run)
        return answer(201 if is_new else 200, as_document(run))

    @app.post("/flow_runs/<run_id>/set_state")
    def set_state(run_id: str) -> Response[Any]:
        given = checked(_SetState, object_of(app), "state")
        run = _run(services, run_id)
        limits = desk.rules.limits_of(run) if given.state.type == StateType.PENDING else ()
        verdict = desk.ledger.set_state(
            run.id, lambda: given.state.made(desk.ledger, run.id), force=given.force, limits=limits
        )
        return _told(verdict)

    @app.post("/flow_runs/<run_id>/resume")
    def resume(run_id: str) -> Response[Any]:
        given = checked(_Resume, object_of(app), "resumption")
        run = _run(services, run_id)
        wanted = checked_for(services, run, given.run_input)
        if isinstance(wanted, str):
            return _told(Verdict(Status.REJECT, run, wanted))
        if wanted and given.run_input:  # kept first: who goes on reads it at once
            replace_input(services, run, wanted)
        resumed = desk.control.resume(run.id)
        if isinstance(resumed, Refused):
            return _told(Verdict(Status.REJECT, desk.ledger.get(run.id), resumed.reason))
        return _told(Verdict(Status.ACCEPT, resumed, changed=True))


def _add_edits(app: APIGatewayHttpResolver, services: Services, desk: Desk) -> None:
    @app.patch("/flow_runs/<run_id>/labels")
    def label(run_id: str) -> Response[Any]:
        labels = object_of(app)
        desk.ledger.adjust(_run(services, run_id).id, lambda run: replace(run, labels={**run.labels, **labels}))
        return answer(204)

    @app.patch("/flow_runs/<run_id>")
    def patch(run_id: str) -> Response[Any]:
        given = checked(_Patch, object_of(app), "change of a flow run")
        changes = {name: getattr(given, name) for name in PATCHABLE if name in given.model_fields_set}
        if "tags" in changes:
            changes["tags"] = tuple(changes["tags"])
        changes = {name: value for name, value in changes.items() if name != "name" or value}
        run = _run(services, run_id)
        if changes:
            desk.ledger.adjust(run.id, lambda one: replace(one, **changes))
        return answer(204)

    @app.delete("/flow_runs/<run_id>")
    def delete(run_id: str) -> Response[Any]:
        desk.ledger.delete(known_id(run_id, "flow run"))
        return answer(204)


def _new_run(given: _NewRun, services: Services, ledger: RunLedger) -> FlowRun:
    flow = services.config.get("flow", given.flow_id)
    if flow is None:
        raise NotFound(f"There is no flow {given.flow_id}.")
    key = given.idempotency_key
    run_id = run_id_of(flow["id"], key) if key else ledger.new_id()
    state = (given.state or StateInput(type=StateType.PENDING)).made(ledger, run_id)
    return FlowRun(
        id=run_id,
        name=given.name or run_name(run_id),
        flow_id=flow["id"],
        flow_name=flow["name"],
        deployment_id=None,
        deployment_name=None,
        work_pool_name=None,
        parameters=given.parameters,
        tags=tuple(given.tags),
        created=services.clock.now(),
        states=(state,),
        idempotency_key=key,
        run_count=int(state.type == StateType.RUNNING),
        start_time=state.timestamp if state.type == StateType.RUNNING else None,
        job_variables=given.job_variables,
        context=given.context,
        empirical_policy=given.empirical_policy,
        labels=given.labels,
        flow_version=given.flow_version,
        parent_task_run_id=given.parent_task_run_id,
    )


def _told(verdict: Verdict) -> Response[Any]:
    """Answer with what became of a proposed state."""
    details: dict[str, Any] = {"type": f"{verdict.status.lower()}_details"}
    if verdict.status != Status.ACCEPT:
        details["reason"] = verdict.reason
    if verdict.status == Status.WAIT:
        details["delay_seconds"] = int(verdict.delay_seconds) + 1
    state = verdict.run.state.as_document() if verdict.status in {Status.ACCEPT, Status.REJECT} else None
    return answer(201 if verdict.changed else 200, {"state": state, "status": str(verdict.status), "details": details})


def as_document(run: FlowRun) -> dict[str, Any]:
    """Return a flow run as the API shows it."""
    document = {name: getattr(run, name) for name in SELDOM} | run.as_stored()
    for own in (
        "states",
        "launch",
        "watch",
        "limited",
        "has_slot",
        "pool_slot",
        "queued",
        "target",
        "attempt",
        "run_time",
    ):
        document.pop(own, None)
    pool, queue = run.work_pool_name, run.work_queue_name or DEFAULT_QUEUE
    return document | {
        "state": run.state.as_document(),
        "state_id": run.state.id,
        "state_type": str(run.state.type),
        "state_name": run.state.name,
        "expected_start_time": iso(run.expected_start_time),
        "next_scheduled_start_time": _iso(run.next_scheduled_start_time),
        "total_run_time": run.run_time,
        "estimated_run_time": run.run_time,
        "estimated_start_time_delta": _delay(run),
        "empirical_policy": {"retries": 0, "retry_delay": 0, "pause_keys": [], **run.empirical_policy},
        "updated": iso(run.state.timestamp),
        "work_pool_id": pool_id_of(pool) if pool else None,
        "work_queue_name": queue if pool else None,
        "work_queue_id": queue_id_of(pool, queue) if pool else None,
        "infrastructure_document_id": None,
        "infrastructure_pid": None,
    }


def _delay(run: FlowRun) -> float:
    return max(0.0, (run.start_time - run.expected_start_time).total_seconds()) if run.start_time else 0.0


def _iso(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None


def _run(services: Services, run_id: str) -> FlowRun:
    run = services.runs.get(known_id(run_id, "flow run"))
    if run is None:
        raise NotFound(f"There is no flow run {run_id}.")
    return run
