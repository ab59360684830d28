"""Flow runs in pages, in figures, as a graph, and what is given to them."""

from typing import Any

from whenflow.api.answers import MAX_LIMIT
from whenflow.api.openapi.areas.deployments import DEPLOYMENT_LIST, DEPLOYMENTS, FLOW_LIST, FLOWS
from whenflow.api.openapi.areas.flow_runs import LIST, RUNS, TASK_LIST, TASKS
from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import COUNT, MOMENT, TEXT, UUID, maybe, record

NUMBER: Schema = {"type": "number"}
PAGED: dict[str, Schema] = {
    "limit": maybe({"type": "integer", "minimum": 0, "maximum": MAX_LIMIT}),
    "page": maybe({"type": "integer", "minimum": 1, "maximum": 1_000_000}),
}
SPAN: dict[str, Schema] = {
    "history_start": MOMENT,
    "history_end": MOMENT,
    "history_interval_seconds": {"type": "number", "minimum": 1, "maximum": 10 * 365 * 86_400},
}
STEPS = listing(
    record(
        {
            "interval_start": MOMENT,
            "interval_end": MOMENT,
            "states": listing(
                record(
                    {
                        "state_type": TEXT,
                        "state_name": TEXT,
                        "count_runs": COUNT,
                        "sum_estimated_run_time": NUMBER,
                        "sum_estimated_lateness": NUMBER,
                    }
                )
            ),
        }
    )
)
GRAPH = record(
    {
        "start_time": maybe(MOMENT),
        "end_time": maybe(MOMENT),
        "root_node_ids": listing(UUID),
        "nodes": {**listing(anything()), "items": {"type": "array", "minItems": 2, "maxItems": 2}},
        "artifacts": listing(anything()),
        "states": listing(anything()),
    }
)
ONE_INPUT = "/flow_runs/{id}/input/{key}"


def _page_of(name: str) -> Schema:
    return record({"results": listing(ref(name)), "count": COUNT, "limit": COUNT, "pages": COUNT, "page": COUNT})


def _with(request: Schema, more: dict[str, Schema], *, without: tuple[str, ...] = ()) -> Schema:
    properties: dict[str, Any] = {name: one for name, one in request["properties"].items() if name not in without}
    return record(more if "history_start" in more else {}, **{**properties, **more})


def _numbered(request: Schema) -> Schema:
    return _with(request, PAGED, without=("offset",))


def _history(request: Schema) -> Schema:
    return _with(request, SPAN, without=("limit", "offset"))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/flow_runs/paginate",
        RUNS,
        "Get a page of flow runs by its number.",
        {200: _page_of("FlowRun")},
        _numbered(LIST),
    ),
    Operation(
        "post",
        "/deployments/paginate",
        DEPLOYMENTS,
        "Get a page of deployments by its number.",
        {200: _page_of("Deployment")},
        _numbered(DEPLOYMENT_LIST),
    ),
    Operation(
        "post",
        "/flows/paginate",
        FLOWS,
        "Get a page of flows by its number.",
        {200: _page_of("Flow")},
        _numbered(FLOW_LIST),
    ),
    Operation(
        "post",
        "/flow_runs/history",
        RUNS,
        "Count flow runs by state and by when they were to start.",
        {200: STEPS},
        _history(LIST),
        needs_body=True,
    ),
    Operation(
        "post",
        "/task_runs/history",
        TASKS,
        "Count task runs by state and by when they began.",
        {200: STEPS},
        _history(TASK_LIST),
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "post",
        "/flow_runs/lateness",
        RUNS,
        "Get by how many seconds flow runs began late, on average.",
        {200: maybe(NUMBER)},
        LIST,
    ),
    Operation(
        "get",
        "/flow_runs/{id}/graph-v2",
        RUNS,
        "Get the tasks and nested flows of a flow run, and what was given to which.",
        {200: GRAPH},
        query={"since": MOMENT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/deployments/{id}/schedule",
        DEPLOYMENTS,
        "Make the runs of the dates of its schedules in a time, of the past as well.",
        {200: {"type": "null"}},
        record(
            {},
            start_time=maybe(MOMENT),
            end_time=maybe(MOMENT),
            min_time=maybe({"type": "number", "minimum": 0, "maximum": 8_640_000}),
            min_runs=maybe({"type": "integer", "minimum": 0, "maximum": 100}),
            max_runs=maybe({"type": "integer", "minimum": 0, "maximum": 100}),
        ),
    ),
    Operation(
        "post",
        "/flow_runs/{id}/input",
        RUNS,
        "Give a flow run an input.",
        {201: {"type": "null"}},
        ref("InputGiven"),
        needs_body=True,
        errors=(409,),
    ),
    Operation(
        "post",
        "/flow_runs/{id}/input/filter",
        RUNS,
        "List inputs of a flow run whose keys begin alike, oldest first.",
        {200: listing(ref("RunInput"))},
        ref("InputsWanted"),
        needs_body=True,
    ),
    Operation(
        "get",
        ONE_INPUT,
        RUNS,
        "Get the value of an input.",
        {200: {**TEXT, "description": "As it was given."}},
        media="text/plain",
    ),
    Operation("delete", ONE_INPUT, RUNS, "Remove an input.", {204: None}),
)
