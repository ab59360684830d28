"""Deployments and flows."""

from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import COUNT, MOMENT, TEXT, maybe, record, runs_request

DEPLOYMENTS, FLOWS = "Deployments", "Flows"
NOTHING: Schema = {"type": "null"}
DEPLOYMENT_LIST = runs_request(
    "NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC", "CONCURRENCY_LIMIT_ASC", "CONCURRENCY_LIMIT_DESC"
)
FLOW_LIST = runs_request("NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC")
WAITING = record(
    {},
    deployment_ids=maybe({"type": "array", "items": TEXT, "maxItems": 100}),
    scheduled_before=maybe(MOMENT),
    limit=maybe({"type": "integer", "minimum": 0, "maximum": 200}),
)
RUN_OF_A_DEPLOYMENT = record(
    {},
    name=maybe({"type": "string", "minLength": 1, "maxLength": 255}),
    state=maybe(ref("StateInput")),
    parameters=maybe(anything()),
    context=maybe(anything()),
    tags=maybe(listing(TEXT)),
    labels=maybe(anything()),
    idempotency_key=maybe({"type": "string", "minLength": 1, "maxLength": 1_000}),
    parent_task_run_id=maybe(TEXT),
    work_queue_name=maybe(TEXT),
    job_variables=maybe(anything()),
    empirical_policy=maybe(anything()),
    enforce_parameter_schema=maybe({"type": "boolean"}),
)

_DEPLOYMENTS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/deployments",
        DEPLOYMENTS,
        "Create a deployment, or change the one of this flow and name.",
        {200: ref("Deployment"), 201: ref("Deployment")},
        ref("DeploymentInput"),
        needs_body=True,
        errors=(409,),
    ),
    Operation(
        "post",
        "/deployments/filter",
        DEPLOYMENTS,
        "List deployments.",
        {200: listing(ref("Deployment"))},
        DEPLOYMENT_LIST,
    ),
    Operation("post", "/deployments/count", DEPLOYMENTS, "Count deployments.", {200: COUNT}, DEPLOYMENT_LIST),
    Operation(
        "get", "/deployments/name/{flow}/{name}", DEPLOYMENTS, "Get a deployment by name.", {200: ref("Deployment")}
    ),
    Operation("get", "/deployments/{id}", DEPLOYMENTS, "Get a deployment.", {200: ref("Deployment")}),
    Operation(
        "patch",
        "/deployments/{id}",
        DEPLOYMENTS,
        "Change fields of a deployment; what is left out stays.",
        {204: None},
        ref("DeploymentPatch"),
        errors=(409,),
    ),
    Operation("delete", "/deployments/{id}", DEPLOYMENTS, "Delete a deployment.", {204: None}),
    Operation(
        "post",
        "/deployments/{id}/pause_deployment",
        DEPLOYMENTS,
        "Stop a deployment's schedules; runs can be made all the same.",
        {200: NOTHING},
    ),
    Operation(
        "post",
        "/deployments/{id}/resume_deployment",
        DEPLOYMENTS,
        "Let its schedules go on.",
        {200: NOTHING},
        errors=(409,),
    ),
    Operation(
        "get",
        "/deployments/{id}/schedules",
        DEPLOYMENTS,
        "List a deployment's schedules.",
        {200: listing(ref("Schedule"))},
    ),
    Operation(
        "post",
        "/deployments/{id}/schedules",
        DEPLOYMENTS,
        "Add schedules to a deployment.",
        {201: listing(ref("Schedule"))},
        listing(ref("ScheduleInput")),
        needs_body=True,
        errors=(409,),
    ),
    Operation(
        "patch",
        "/deployments/{id}/schedules/{schedule}",
        DEPLOYMENTS,
        "Change fields of a schedule; what is left out stays.",
        {204: None},
        ref("SchedulePatch"),
        errors=(409,),
    ),
    Operation("delete", "/deployments/{id}/schedules/{schedule}", DEPLOYMENTS, "Delete a schedule.", {204: None}),
    Operation(
        "post",
        "/deployments/{id}/create_flow_run",
        DEPLOYMENTS,
        "Run a deployment; 200 tells that there is a run of this idempotency key already.",
        {200: ref("FlowRun"), 201: ref("FlowRun")},
        RUN_OF_A_DEPLOYMENT,
        errors=(409,),
    ),
    Operation(
        "post",
        "/deployments/get_scheduled_flow_runs",
        DEPLOYMENTS,
        "List the runs of these deployments that are due by then, the earliest first.",
        {200: listing(ref("FlowRun"))},
        WAITING,
    ),
)
_FLOWS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/flows",
        FLOWS,
        "Make a flow known; 200 tells that it was.",
        {200: ref("Flow"), 201: ref("Flow")},
        record({"name": TEXT}, tags=maybe(listing(TEXT)), labels=maybe(anything())),
        needs_body=True,
    ),
    Operation("post", "/flows/filter", FLOWS, "List flows.", {200: listing(ref("Flow"))}, FLOW_LIST),
    Operation("post", "/flows/count", FLOWS, "Count flows.", {200: COUNT}, FLOW_LIST),
    Operation("get", "/flows/name/{name}", FLOWS, "Get a flow by name.", {200: ref("Flow")}),
    Operation("get", "/flows/{id}", FLOWS, "Get a flow.", {200: ref("Flow")}),
    Operation(
        "patch",
        "/flows/{id}",
        FLOWS,
        "Change a flow's tags or labels.",
        {204: None},
        record({}, tags=maybe(listing(TEXT)), labels=maybe(anything())),
    ),
    Operation("delete", "/flows/{id}", FLOWS, "Delete a flow that has no deployments.", {204: None}, errors=(409,)),
)
OPERATIONS = (*_DEPLOYMENTS, *_FLOWS)
