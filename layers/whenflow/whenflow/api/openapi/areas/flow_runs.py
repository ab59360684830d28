"""Flow runs, their states and logs, and task runs."""

from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import (
    COUNT,
    MOMENT,
    TEXT,
    UUID,
    any_of,
    choice,
    maybe,
    page_request,
    record,
    runs_request,
)

RUNS, TASKS = "Flow runs", "Task runs"
LIST = runs_request(
    "ID_DESC",
    "START_TIME_ASC",
    "START_TIME_DESC",
    "EXPECTED_START_TIME_ASC",
    "EXPECTED_START_TIME_DESC",
    "NEXT_SCHEDULED_START_TIME_ASC",
    "END_TIME_DESC",
    "NAME_ASC",
    "NAME_DESC",
)
BOUND = maybe({"type": "integer"})
IDS = {**listing(UUID), "minItems": 1}
PAGE_TOKEN = {**maybe(TEXT), "description": "From the header `whenflow-next-page` of the page before."}
PAGES = {**LIST, "properties": {**LIST["properties"], "page_token": PAGE_TOKEN}}
LOGS_OF_A_RUN = {
    **page_request(
        logs=record(
            {},
            flow_run_id=maybe(record({}, any_=maybe({**IDS, "maxItems": 1}))),
            task_run_id=maybe(record({}, any_=maybe({**IDS, "maxItems": 20}), is_null_=maybe({"type": "boolean"}))),
            level=maybe(record({}, ge_=BOUND, le_=BOUND)),
            timestamp=maybe(record({}, before_=maybe(MOMENT), after_=maybe(MOMENT))),
            name=any_of(TEXT),
            text=maybe(record({"query": {"type": "string", "maxLength": 200}})),
        ),
        sort=choice("TIMESTAMP_ASC", "TIMESTAMP_DESC"),
    ),
    "required": ["logs"],
}
LINE = record(
    {
        "name": {"type": "string", "maxLength": 500},
        "level": {"type": "integer", "minimum": 0, "maximum": 1_000},
        "message": TEXT,
        "timestamp": MOMENT,
    },
    flow_run_id={**maybe(UUID), "description": "A line of no flow run and no task run is dropped."},
    task_run_id=maybe(UUID),
)
NEW_RUN = record(
    {"flow_id": TEXT},
    name=maybe(TEXT),
    state=maybe(ref("StateInput")),
    parameters=maybe(anything()),
    context=maybe(anything()),
    tags=maybe(listing(TEXT)),
    labels=maybe(anything()),
    empirical_policy=maybe(anything()),
    job_variables=maybe(anything()),
    flow_version=maybe(TEXT),
    parent_task_run_id=maybe(TEXT),
    idempotency_key=maybe(TEXT),
)
CHANGED_RUN = record(
    {},
    name=maybe(TEXT),
    tags=maybe(listing(TEXT)),
    empirical_policy=maybe(anything()),
    flow_version=maybe(TEXT),
    job_variables=maybe(anything()),
    labels=maybe(anything()),
)
ONE_OF = maybe(record({}, any_=maybe(listing(TEXT)), is_null_=maybe({"type": "boolean"})))
WITHIN = maybe(record({}, before_=maybe(MOMENT), after_=maybe(MOMENT)))
TASK_LIST: Schema = page_request(
    task_runs=maybe(
        record(
            {},
            id=ONE_OF,
            flow_run_id=ONE_OF,
            name=maybe(record({}, any_=maybe(listing(TEXT)), like_=maybe(TEXT))),
            state=maybe(record({}, type=ONE_OF, name=ONE_OF)),
            start_time=WITHIN,
        )
    ),
    flow_runs=maybe(record({}, id=any_of(TEXT))),
)
NEW_TASK_RUN = record(
    {"task_key": TEXT},
    id={**maybe(TEXT), "description": "A background task has one."},
    state=maybe({**anything(), "description": "PENDING; of a background task SCHEDULED, `state_details.deferred`."}),
    name=maybe(TEXT),
    flow_run_id=maybe(TEXT),
    dynamic_key=maybe(TEXT),
    parameters=maybe(anything()),
    tags=maybe(listing(TEXT)),
    cache_key=maybe(TEXT),
    empirical_policy=maybe(anything()),
    task_inputs=maybe(anything()),
)

_RUNS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/flow_runs",
        RUNS,
        "Make a run of a flow that a program of yours works on; 200 tells that there is one of this key already.",
        {200: ref("FlowRun"), 201: ref("FlowRun")},
        NEW_RUN,
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "post",
        "/flow_runs/filter",
        RUNS,
        "List flow runs, newest first. Header `whenflow-stopped-early`: there may be more, `whenflow-looked-until` says"
        " where.",
        {200: listing(ref("FlowRun"))},
        PAGES,
        errors=(403,),
    ),
    Operation(
        "post",
        "/flow_runs/count",
        RUNS,
        "Count flow runs. Header `whenflow-stopped-early`: there are at least as many.",
        {200: COUNT},
        LIST,
    ),
    Operation("get", "/flow_runs/{id}", RUNS, "Get a flow run.", {200: ref("FlowRun")}),
    Operation(
        "patch",
        "/flow_runs/{id}",
        RUNS,
        "Change fields of a flow run; what is left out stays.",
        {204: None},
        CHANGED_RUN,
    ),
    Operation("patch", "/flow_runs/{id}/labels", RUNS, "Add labels to a flow run.", {204: None}, anything()),
    Operation("delete", "/flow_runs/{id}", RUNS, "Delete a flow run and all that is kept of it.", {204: None}),
    Operation(
        "post",
        "/flow_runs/{id}/set_state",
        RUNS,
        "Propose a state; 200 tells that nothing changed, and why.",
        {200: ref("Verdict"), 201: ref("Verdict")},
        record({"state": ref("StateInput")}, force=maybe({"type": "boolean"})),
        needs_body=True,
    ),
    Operation(
        "post",
        "/flow_runs/{id}/resume",
        RUNS,
        "Resume a flow run that is paused or suspended; 200 tells that it is not, or not any more.",
        {200: ref("Verdict"), 201: ref("Verdict")},
        record({}, run_input={**maybe(anything()), "description": "What the run waits for, if it waits for input."}),
    ),
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
        "/logs",
        RUNS,
        "Keep log lines of flow runs.",
        {201: {"type": "null"}},
        {"type": "array", "items": LINE, "maxItems": 1_000},
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "post",
        "/logs/filter",
        RUNS,
        "List log lines of a flow run, or of task runs; one of them must be named.",
        {200: listing(ref("Log"))},
        LOGS_OF_A_RUN,
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "get",
        "/flow_runs/{id}/logs/download",
        RUNS,
        "Get the log of a flow run as CSV.",
        {200: {**TEXT, "description": "As text/csv."}},
        media="text/csv",
    ),
)
_TASKS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/task_runs",
        TASKS,
        "Make a task run that stands for a flow run, or hand over a background task; others are known by their events.",
        {200: ref("TaskRun"), 201: ref("TaskRun")},
        NEW_TASK_RUN,
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "post",
        "/task_runs/filter",
        TASKS,
        "List task runs, newest first.",
        {200: listing(ref("TaskRun"))},
        TASK_LIST,
        errors=(404,),
    ),
    Operation("post", "/task_runs/count", TASKS, "Count task runs.", {200: COUNT}, TASK_LIST, errors=(404,)),
    Operation("get", "/task_runs/{id}", TASKS, "Get a task run.", {200: ref("TaskRun")}),
    Operation(
        "get",
        "/task_run_states",
        TASKS,
        "List the states of a task run, oldest first.",
        {200: listing(ref("State"))},
        query={"task_run_id!": TEXT},
        errors=(404,),
    ),
)
OPERATIONS = (*_RUNS, *_TASKS)
