"""Flow runs in pages, in figures and as a graph, as Prefect's pages and clients ask for them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ConfigDict, Field

from whenflow.api.answers import answer, numbered_page, numbered_page_of, object_of
from whenflow.api.events import known_id
from whenflow.api.filters import query_of
from whenflow.api.flow_runs import as_document
from whenflow.api.new_task_runs import book_of
from whenflow.api.run_lists import SORTS, count_runs, find_runs
from whenflow.api.services import Services
from whenflow.deployments.model import checked
from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events import iso, parse_iso
from whenflow.events.times import later
from whenflow.events.validation import Instant
from whenflow.runs import FlowRun, StateType
from whenflow.runs.task_runs import TaskRun

MOST_INTERVALS = 500
MOST_RUNS = 2_000
"""Of how many runs figures are made, in the order that is asked for: each is read whole."""


class History(BaseModel):
    """Of which time a history is asked for, in how long steps."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    history_start: Instant
    history_end: Instant
    history_interval_seconds: Annotated[float, Field(ge=1, le=10 * 365 * 86_400, strict=True)]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a history counts of one run, in seconds where it is a time."""

    expected: datetime
    state_type: str
    state_name: str
    run_time: float
    lateness: float


def add_routes(app: APIGatewayHttpResolver, services: Services) -> None:
    """Add the routes."""

    @app.post("/flow_runs/paginate")
    def paginated() -> Response[Any]:
        document = object_of(app)
        limit, page = numbered_page_of(document)
        query = query_of(document, SORTS)
        found = find_runs(services.runs, query, limit, (page - 1) * limit)
        count = count_runs(services.runs, query)
        return answer(200, numbered_page([as_document(run) for run in found], count, limit, page))

    @app.post("/flow_runs/history")
    def history() -> Response[Any]:
        document = object_of(app)
        asked = checked(History, document, "history")
        runs = find_runs(services.runs, query_of(document, SORTS), MOST_RUNS, 0)
        return answer(200, history_of(asked, (_figures(run, services.clock.now()) for run in runs)))

    @app.post("/flow_runs/lateness")
    def lateness() -> Response[Any]:
        now = services.clock.now()
        runs = find_runs(services.runs, query_of(object_of(app), SORTS), MOST_RUNS, 0)
        late = [_lateness(run, now) for run in runs]
        return answer(200, fmean(late) if late else None)

    @app.get("/flow_runs/<run_id>/graph-v2")
    def graph(run_id: str) -> Response[Any]:
        run = services.runs.get(known_id(run_id, "flow run"))
        if run is None:
            raise NotFound(f"There is no flow run {run_id}.")
        return answer(200, graph_of(run, book_of(services).of_flow_run(run.id), _since(app)))


def history_of(asked: History, figures: Iterable[Figures]) -> list[dict[str, Any]]:
    """Return how many runs of which state were expected in each step of a time, 500 steps at most."""
    step = timedelta(seconds=asked.history_interval_seconds)
    steps = min(-((asked.history_start - asked.history_end) // step), MOST_INTERVALS)
    states: dict[int, dict[tuple[str, str], list[Figures]]] = defaultdict(lambda: defaultdict(list))
    for one in figures:
        place = (one.expected - asked.history_start) // step
        if 0 <= place < steps:
            states[place][one.state_type, one.state_name].append(one)
    return [
        {
            "interval_start": iso(later(asked.history_start, place * step)),
            "interval_end": iso(later(asked.history_start, (place + 1) * step)),
            "states": [_summed(*state, some) for state, some in states[place].items()],
        }
        for place in range(max(0, steps))
    ]


def figures_of_task(row: TaskRun) -> Figures:
    """Return what a history counts of a task run. Tasks begin when they are called: none is late."""
    return Figures(row.states[0].expected, str(row.state.type), row.state.name, row.total_run_time, 0.0)


def graph_of(run: FlowRun, rows: Sequence[TaskRun], since: datetime | None) -> dict[str, Any]:
    """Return the tasks and nested flows of a run that began, and what of them was given to which."""
    begun = [row for row in rows if row.start_time and (since is None or (row.end_time or row.start_time) >= since)]
    begun.sort(key=lambda row: (row.start_time, row.id))
    node_ids = {row.id: _node_id(row) for row in begun}
    parents = {row.id: [node_ids[one] for one in _given(row) if one in node_ids] for row in begun}
    children = {row.id: [node_ids[one.id] for one in begun if node_ids[row.id] in parents[one.id]] for row in begun}
    return {
        "start_time": _iso(run.start_time),
        "end_time": _iso(run.end_time),
        "root_node_ids": [node_ids[row.id] for row in begun if not parents[row.id]],
        "nodes": [[node_ids[row.id], _node(row, parents[row.id], children[row.id])] for row in begun],
        "artifacts": [],
        "states": [
            {"id": state.id, "timestamp": iso(state.timestamp), "type": str(state.type), "name": state.name}
            for state in run.states
        ],
    }


def _node(row: TaskRun, parents: Sequence[str], children: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": "flow-run" if _nested(row) else "task-run",
        "id": _node_id(row),
        "label": row.name,
        "state_type": str(row.state.type),
        "start_time": _iso(row.start_time),
        "end_time": _iso(row.end_time),
        "parents": [{"id": one} for one in parents],
        "children": [{"id": one} for one in children],
        "encapsulating": [],
        "artifacts": [],
    }


def _node_id(row: TaskRun) -> str:
    return _nested(row) or row.id


def _nested(row: TaskRun) -> str | None:
    """Return the flow run that a task run stands for, if it does."""
    found = (state.details.others.get("child_flow_run_id") for state in reversed(row.states))
    return next((str(one) for one in found if one), None)


def _given(row: TaskRun) -> list[str]:
    """Return the task runs whose results a task run was given."""
    inputs = (one for some in row.task_inputs.values() if isinstance(some, list) for one in some)
    found = (one.get("id") for one in inputs if isinstance(one, dict) and one.get("input_type") == "task_run")
    return list(dict.fromkeys(str(one) for one in found if one))


def _summed(state_type: str, state_name: str, some: Sequence[Figures]) -> dict[str, Any]:
    return {
        "state_type": state_type,
        "state_name": state_name,
        "count_runs": len(some),
        "sum_estimated_run_time": sum(one.run_time for one in some),
        "sum_estimated_lateness": sum(one.lateness for one in some),
    }


def _figures(run: FlowRun, now: datetime) -> Figures:
    state = run.state
    return Figures(run.expected_start_time, str(state.type), state.name, run.run_time, _lateness(run, now))


def _lateness(run: FlowRun, now: datetime) -> float:
    """Return by how many seconds a run began late, or is late by now."""
    if run.start_time is None and (run.state.type.is_final or run.state.type == StateType.CANCELLING):
        return 0.0
    return max(0.0, ((run.start_time or now) - run.expected_start_time).total_seconds())


def _since(app: APIGatewayHttpResolver) -> datetime | None:
    given = app.current_event.get_query_string_value("since")
    if not given:
        return None
    try:
        return parse_iso(given)
    except ValueError:
        reason = "give a date and time, such as 2026-11-20T12:00:00Z"
        raise Rejected("This is no time.", [Fault(("query", "since"), reason)]) from None


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
