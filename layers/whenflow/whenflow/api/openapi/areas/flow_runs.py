"""Flow runs, their states and logs."""

from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import TEXT, page_request

RUNS = "Flow runs"
PAGE: Schema = page_request()
LOGS_OF_A_RUN = page_request(logs=anything())

OPERATIONS: tuple[Operation, ...] = (
    Operation("post", "/flow_runs/filter", RUNS, "List flow runs, newest first.", {200: listing(ref("FlowRun"))}, PAGE),
    Operation("get", "/flow_runs/{id}", RUNS, "Get a flow run.", {200: ref("FlowRun")}),
    Operation(
        "get",
        "/flow_run_states",
        RUNS,
        "List the states of a flow run, oldest first.",
        {200: listing(ref("State"))},
        query={"flow_run_id!": TEXT},
        errors=(404,),
    ),
    Operation(
        "post",
        "/logs/filter",
        RUNS,
        "List the log lines of a flow run.",
        {200: listing(ref("Log"))},
        LOGS_OF_A_RUN,
        errors=(404,),
    ),
)
