"""What runs are given: variables, and the work pools that launch them."""

from whenflow.api.openapi.operation import Operation, anything, listing, ref
from whenflow.api.openapi.schemas import COUNT, TEXT, choice, maybe, page_request, record, runs_request
from whenflow.deployments.model import MAX_LIMIT
from whenflow.runs.targets import TYPES

VARIABLES, POOLS = "Variables", "Work pools"
NAME = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9_-]+$"}
BY_NAME, BY_ID = "/variables/name/{name}", "/variables/{id}"
LIST = page_request(
    variables=maybe(record({}, id=maybe(anything()), name=maybe(anything()), tags=maybe(anything()))),
    sort=choice("NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC"),
)
CHANGED = record({}, name=maybe(NAME), value={}, tags=maybe(listing(TEXT)))
LIMIT = {"type": "integer", "minimum": 0, "maximum": MAX_LIMIT, "description": "How many runs may work at once."}
CHANGED_POOL = {
    "description": maybe(TEXT),
    "is_paused": maybe({"type": "boolean"}),
    "base_job_template": maybe(anything()),
    "concurrency_limit": maybe(LIMIT),
}
POOL_LIST = runs_request()

_VARIABLES: tuple[Operation, ...] = (
    Operation(
        "post",
        "/variables",
        VARIABLES,
        "Create a variable.",
        {201: ref("Variable")},
        record({"name": NAME, "value": {}}, tags=maybe(listing(TEXT))),
        needs_body=True,
        errors=(409,),
    ),
    Operation("post", "/variables/filter", VARIABLES, "List variables.", {200: listing(ref("Variable"))}, LIST),
    Operation("post", "/variables/count", VARIABLES, "Count variables.", {200: COUNT}, LIST),
    *(
        operation
        for path, by in ((BY_NAME, " by name"), (BY_ID, ""))
        for operation in (
            Operation("get", path, VARIABLES, f"Get a variable{by}.", {200: ref("Variable")}),
            Operation("patch", path, VARIABLES, f"Change a variable{by}.", {204: None}, CHANGED, errors=(409,)),
            Operation("delete", path, VARIABLES, f"Delete a variable{by}.", {204: None}),
        )
    ),
)
_POOLS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/work_pools",
        POOLS,
        "Create a work pool.",
        {201: ref("WorkPool")},
        record({"name": TEXT, "type": {"type": "string", "enum": sorted(TYPES)}}, **CHANGED_POOL),
        needs_body=True,
        errors=(409,),
    ),
    Operation("post", "/work_pools/filter", POOLS, "List work pools.", {200: listing(ref("WorkPool"))}, POOL_LIST),
    Operation("post", "/work_pools/count", POOLS, "Count work pools.", {200: COUNT}, POOL_LIST),
    Operation("get", "/work_pools/{name}", POOLS, "Get a work pool.", {200: ref("WorkPool")}),
    Operation(
        "patch",
        "/work_pools/{name}",
        POOLS,
        "Change fields of a work pool, or pause it.",
        {204: None},
        record({}, **CHANGED_POOL),
        errors=(409,),
    ),
    Operation("delete", "/work_pools/{name}", POOLS, "Delete a work pool of your own.", {204: None}, errors=(409,)),
)
OPERATIONS = (*_VARIABLES, *_POOLS)
