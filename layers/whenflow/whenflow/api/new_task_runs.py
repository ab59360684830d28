"""Task runs that clients make: those handed over to a worker, and those that stand for a flow run within a flow."""

from dataclasses import replace
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, StrictStr

from whenflow.api.answers import answer, object_of
from whenflow.api.events import known_id
from whenflow.api.services import Services
from whenflow.deployments.model import Object, Tags, checked
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, iso, named_id
from whenflow.runs import FlowRun, State, StateDetails, StateType
from whenflow.runs.events import related_to
from whenflow.runs.states import MAX_MESSAGE_CHARS
from whenflow.runs.task_run_book import TaskRunBook
from whenflow.runs.task_runs import CLIENT, FLOW_RUN, ORCHESTRATION, TASK_RUN, TaskRun

MAX_NAME_CHARS = 100
ABOUT = ("name", "task_key", "dynamic_key", "tags", "cache_key", "empirical_policy", "task_inputs")
REFUSED = "only PENDING ones are made here, and background tasks (SCHEDULED, state_details.deferred); others by events"


def _text(value: Any) -> Any:
    return "" if value is None else value


class _NewTaskRun(BaseModel):
    """A task run as Prefect's client makes it, or a background task as `.delay` hands it over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: StrictStr | None = None
    task_key: StrictStr
    state: Object = {}
    name: Annotated[StrictStr, BeforeValidator(_text)] = ""
    flow_run_id: StrictStr | None = None
    dynamic_key: Annotated[StrictStr, BeforeValidator(_text)] = ""
    parameters: Object = {}
    tags: Tags = []
    cache_key: StrictStr | None = None
    empirical_policy: Object = {}
    task_inputs: Object = {}


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the route that makes task runs."""

    @app.post("/task_runs")
    def create() -> Response[Any]:
        given = checked(_NewTaskRun, object_of(app), "task run")
        state = _state(services, given)
        if state.type == StateType.PENDING:
            row, is_new = _made(services, given, state)
            return answer(201 if is_new else 200, row.as_document())
        return answer(201, _handed_over(services, given, state).as_document())


def book_of(services: Services) -> TaskRunBook:
    """Return the task runs.

    Raises:
        NotFound: None are kept.
    """
    if services.task_runs is None:
        raise NotFound("There are no task runs here.")
    return services.task_runs


def adopt(services: Services, child: FlowRun) -> None:
    """Let the task run that a client made for a flow run stand for it: from now on it shows the flow run's states."""
    if services.task_runs is None or child.parent_task_run_id is None:
        return
    row, _ = services.task_runs.store.single(child.parent_task_run_id)
    if row is None or row.state.type != StateType.PENDING or row.state.details.others.get("child_flow_run_id"):
        return
    parent = services.runs.get(row.flow_run_id) if row.flow_run_id else None
    details = StateDetails(others={"child_flow_run_id": child.id})
    _tell(services, row, parent, replace(child.state, details=details))


def _state(services: Services, given: _NewTaskRun) -> State:
    told: dict[str, Any] = {"type": "PENDING", "name": "Pending", "timestamp": iso(services.clock.now()), "id": ""}
    told |= given.state
    try:
        details = StateDetails.from_document(told.get("state_details") or {})
        state = State.from_stored({**told, "details": details.as_stored()})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _refused(f"not a state: {type(error).__name__}: {error}") from None
    if state.type != StateType.PENDING and not (state.type == StateType.SCHEDULED and details.others.get("deferred")):
        raise _refused(REFUSED)
    if not isinstance(state.name, str) or not 1 <= len(state.name) <= MAX_NAME_CHARS:
        raise _refused(f"its name is to be a text of 1 to {MAX_NAME_CHARS} characters")
    if not isinstance(state.message, str | None):
        raise _refused("its message is to be a text")
    return replace(state, message=state.message[:MAX_MESSAGE_CHARS] if state.message else None)


def _refused(reason: str) -> Rejected:
    return Rejected("This is not a valid task run.", [Fault(("body", "state"), reason)])


def _handed_over(services: Services, given: _NewTaskRun, state: State) -> TaskRun:
    if given.id is None:
        raise Rejected(
            "This is not a valid task run.", [Fault(("body", "id"), "a background task has an id", "missing")]
        )
    row = TaskRun(
        id=known_id(given.id, "task run"),
        name=given.name,
        states=(state,),
        flow_run_id=_flow_run_id(given),
        task_key=given.task_key,
        dynamic_key=given.dynamic_key,
    )
    if services.task_queue is None:
        raise Rejected("There is no queue of background tasks here.")
    services.task_queue().send(
        {
            "task_run_id": row.id,
            "task_key": row.task_key,
            "parameters": given.parameters,
            "task_run": row.as_stored(),
        }
    )
    return row


def _made(services: Services, given: _NewTaskRun, state: State) -> tuple[TaskRun, bool]:
    """Make a task run, or find it made: a flow that is run again asks for the same ones."""
    book, flow_run_id = book_of(services), _flow_run_id(given)
    if given.id:
        id_ = known_id(given.id, "task run")
    elif flow_run_id and given.dynamic_key:
        id_ = named_id("task-run", flow_run_id, given.task_key, given.dynamic_key)
    else:
        id_ = services.ids.new()
    present = book.get(id_)
    if present is not None:
        return present, False
    flow_run = services.runs.get(flow_run_id) if flow_run_id else None
    if flow_run_id and flow_run is None:
        raise NotFound(f"There is no flow run {flow_run_id}.")
    row = TaskRun(
        id=id_,
        name=given.name,
        states=(state,),
        flow_run_id=flow_run_id,
        task_key=given.task_key,
        dynamic_key=given.dynamic_key,
        tags=tuple(given.tags),
        cache_key=given.cache_key,
        empirical_policy=given.empirical_policy,
        task_inputs=given.task_inputs,
    )
    _tell(services, row, flow_run, state)
    return book.get(id_) or row, True


def _flow_run_id(given: _NewTaskRun) -> str | None:
    return known_id(given.flow_run_id, "flow run") if given.flow_run_id else None


def _tell(services: Services, row: TaskRun, flow_run: FlowRun | None, state: State) -> None:
    """Tell of a state of a task run as the client that runs it would, and keep it."""
    now, resource_id = services.clock.now(), TASK_RUN + row.id
    validated = {"type": str(state.type), "name": state.name, "message": state.message or ""}
    about = {name: value for name, value in row.as_stored().items() if name in ABOUT}
    event = Event(
        id=services.ids.event_id(now, resource_id),
        occurred=now,
        event=f"{TASK_RUN}{state.name.replace(' ', '')}",
        resource={
            RESOURCE_ID: resource_id,
            RESOURCE_NAME: row.name,
            ORCHESTRATION: CLIENT,
            "prefect.state-name": state.name,
            "prefect.state-type": str(state.type),
            "prefect.state-message": state.message or "",
            "prefect.state-timestamp": iso(now),
        },
        related=tuple(_related(flow_run)) if flow_run else (),
        payload={
            "intended": {"from": str(row.state.type) if row.state.id else None, "to": str(state.type)},
            "validated_state": validated | {"state_details": state.details.as_stored()},
            "task_run": about,
        },
        follows=row.state.id or None,
        received=now,
    )
    services.events.put(event)
    book_of(services).record(event)


def _related(flow_run: FlowRun) -> list[dict[str, str]]:
    itself = {RESOURCE_ID: FLOW_RUN + flow_run.id, RESOURCE_ROLE: "flow-run", RESOURCE_NAME: flow_run.name}
    return [itself, *(dict(one) for one in related_to(flow_run))]
