"""The table: every operation of the API, and nothing else."""

from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import COUNT, TEXT, maybe, page_request, record

EVENTS, AUTOMATIONS, WEBHOOKS = "Events", "Automations", "Webhooks"
DEPLOYMENTS, RUNS, SERVER = "Deployments", "Flow runs", "Server"
PAGE: Schema = page_request()
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 200}
FILTERED = record({}, filter=maybe(ref("EventFilter")), limit=maybe(LIMIT))
UNITS: Schema = {"type": "string", "enum": ["week", "day", "hour", "minute", "second"]}
COUNTED = record(
    {}, filter=maybe(ref("EventFilter")), time_unit=UNITS, time_interval={"type": "number", "minimum": 0.01}
)
WAITED = record(
    {},
    filter=maybe(ref("EventFilter")),
    cursor=maybe(TEXT),
    wait=maybe({"type": "number", "minimum": 0, "maximum": 20, "description": "Seconds to wait for an event."}),
)
LOGS_OF_A_RUN = page_request(logs=anything())
ID, NAME = "{id}", "{name}"

OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/health", SERVER, "Say whether the API answers.", {200: {"const": True}}, is_open=True),
    Operation("get", "/ready", SERVER, "Say whether the API is ready.", {200: record({"message": TEXT})}, is_open=True),
    Operation("get", "/hello", SERVER, "Greet whoever has a key.", {200: TEXT}),
    Operation("get", "/version", SERVER, "Tell Whenflow's version.", {200: record({"whenflow": TEXT})}),
    Operation("get", "/admin/version", SERVER, "Tell which Prefect server the API is like.", {200: TEXT}, is_open=True),
    Operation("get", "/admin/storage", SERVER, "Tell where results are stored: nowhere of its own.", {200: anything()}),
    Operation("get", "/csrf-token", SERVER, "Tell that no CSRF token is needed: always 422.", {}, errors=(422,)),
    Operation("get", "/openapi.json", SERVER, "Describe the API.", {200: anything()}),
    # ---- events ----
    Operation(
        "post",
        "/events",
        EVENTS,
        "Store events: one, or a list of at most 500. Bad ones are refused by their index, all others are stored.",
        {204: None},
        {"anyOf": [ref("EventInput"), {**listing(ref("EventInput")), "maxItems": 500}]},
        needs_body=True,
    ),
    Operation(
        "get",
        "/events",
        EVENTS,
        "List events, newest first.",
        {200: ref("EventPage")},
        query={"limit": LIMIT, "page_token": TEXT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/events/filter",
        EVENTS,
        "List the events that a filter lets through.",
        {200: ref("EventPage")},
        FILTERED,
    ),
    Operation(
        "get",
        "/events/filter/next",
        EVENTS,
        "Go on with such a list.",
        {200: ref("EventPage")},
        query={"page-token!": TEXT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/events/count-by/{countable}",
        EVENTS,
        "Count events by `day`, `time`, `event` or `resource`.",
        {200: listing(ref("EventCount"))},
        COUNTED,
    ),
    Operation(
        "post",
        "/events/tail",
        EVENTS,
        "Follow events in the order in which they come in.",
        {200: ref("EventTail")},
        WAITED,
    ),
    Operation("get", f"/events/{ID}", EVENTS, "Get an event.", {200: ref("Event")}),
    Operation("get", f"/firings/{ID}", EVENTS, "Get a firing of an automation.", {200: ref("Firing")}),
    Operation(
        "get",
        "/explain",
        EVENTS,
        "Say why an automation fired on an event, or why not.",
        {200: ref("Explanation")},
        query={"automation!": TEXT, "event!": TEXT},
        errors=(404, 422),
    ),
    # ---- webhooks ----
    Operation(
        "post",
        "/webhooks",
        WEBHOOKS,
        "Create a webhook; its URL is told this once.",
        {201: ref("Webhook")},
        ref("WebhookInput"),
        needs_body=True,
    ),
    Operation("post", "/webhooks/filter", WEBHOOKS, "List webhooks.", {200: listing(ref("Webhook"))}, PAGE),
    Operation("get", f"/webhooks/{ID}", WEBHOOKS, "Get a webhook.", {200: ref("Webhook")}),
    Operation("delete", f"/webhooks/{ID}", WEBHOOKS, "Delete a webhook.", {204: None}),
    # ---- automations ----
    Operation(
        "post",
        "/automations",
        AUTOMATIONS,
        "Create an automation.",
        {201: ref("Automation")},
        ref("AutomationInput"),
        needs_body=True,
    ),
    Operation(
        "post",
        "/automations/filter",
        AUTOMATIONS,
        "List automations.",
        {200: listing(ref("Automation"))},
        ref("AutomationFilter"),
    ),
    Operation("post", "/automations/count", AUTOMATIONS, "Count automations.", {200: COUNT}, ref("AutomationFilter")),
    Operation("get", f"/automations/{ID}", AUTOMATIONS, "Get an automation.", {200: ref("Automation")}),
    Operation(
        "put",
        f"/automations/{ID}",
        AUTOMATIONS,
        "Replace an automation; its owner stays.",
        {204: None},
        ref("AutomationInput"),
        needs_body=True,
    ),
    Operation(
        "patch",
        f"/automations/{ID}",
        AUTOMATIONS,
        "Switch an automation on or off.",
        {204: None},
        record({}, enabled={"type": "boolean"}),
    ),
    Operation("delete", f"/automations/{ID}", AUTOMATIONS, "Delete an automation.", {204: None}),
    Operation(
        "get",
        "/automations/related-to/{resource}",
        AUTOMATIONS,
        "List the automations that a resource owns, or that name it.",
        {200: listing(ref("Automation"))},
    ),
    Operation(
        "delete",
        "/automations/owned-by/{resource}",
        AUTOMATIONS,
        "Delete the automations that a resource owns.",
        {202: {"type": "null"}},
    ),
    *(
        Operation(
            "post",
            path,
            AUTOMATIONS,
            "Check a template.",
            {204: None},
            {"type": "string", "description": "The template."},
            needs_body=True,
        )
        for path in ("/templates/validate", "/automations/templates/validate")
    ),
    # ---- deployments and flows ----
    Operation(
        "post",
        "/deployments",
        DEPLOYMENTS,
        "Create a deployment, or replace the one of this flow and name.",
        {200: ref("Deployment"), 201: ref("Deployment")},
        ref("DeploymentInput"),
        needs_body=True,
    ),
    Operation("post", "/deployments/filter", DEPLOYMENTS, "List deployments.", {200: listing(ref("Deployment"))}, PAGE),
    Operation(
        "get", f"/deployments/name/{{flow}}/{NAME}", DEPLOYMENTS, "Get a deployment by name.", {200: ref("Deployment")}
    ),
    Operation("get", f"/deployments/{ID}", DEPLOYMENTS, "Get a deployment.", {200: ref("Deployment")}),
    Operation("delete", f"/deployments/{ID}", DEPLOYMENTS, "Delete a deployment.", {204: None}),
    Operation("post", "/flows/filter", DEPLOYMENTS, "List flows.", {200: listing(ref("Flow"))}, PAGE),
    # ---- flow runs ----
    Operation("post", "/flow_runs/filter", RUNS, "List flow runs, newest first.", {200: listing(ref("FlowRun"))}, PAGE),
    Operation("get", f"/flow_runs/{ID}", RUNS, "Get a flow run.", {200: ref("FlowRun")}),
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
