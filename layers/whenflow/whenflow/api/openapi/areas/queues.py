"""Work queues; and block types, artifacts and worker metadata, as far as Prefect's client reads them."""

from whenflow.api.answers import MAX_LIMIT
from whenflow.api.openapi.areas.notifications import BLOCKS
from whenflow.api.openapi.areas.variables import POOLS
from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import MOMENT, TEXT, maybe, page_request, record

OF_POOL, ONE_OF_POOL, BY_ID = "/work_pools/{name}/queues", "/work_pools/{name}/queues/{queue}", "/work_queues/{id}"
IDS = maybe(record({}, any_=maybe(listing(TEXT))))
NAMES = maybe(record({}, any_=maybe(listing(TEXT)), startswith_=maybe(listing(TEXT))))
FILTER = {**record({}, operator=maybe(TEXT), id=IDS, name=NAMES), "additionalProperties": False}
LIST = page_request(work_queues=maybe(FILTER), sort={})
COMING = record(
    {}, scheduled_before=maybe(MOMENT), limit=maybe({"type": "integer", "minimum": 0, "maximum": MAX_LIMIT})
)
NOTHING: Schema = {"type": "array", "maxItems": 0}
SLUG = "/block_types/slug/{slug}"

_QUEUES: tuple[Operation, ...] = (
    Operation(
        "post",
        OF_POOL,
        POOLS,
        "Create a queue of a work pool.",
        {201: ref("WorkQueue")},
        ref("QueueInput"),
        needs_body=True,
        errors=(409,),
    ),
    Operation("post", f"{OF_POOL}/filter", POOLS, "List a pool's queues.", {200: listing(ref("WorkQueue"))}, LIST),
    Operation("post", "/work_queues/filter", POOLS, "List all queues.", {200: listing(ref("WorkQueue"))}, LIST),
    Operation(
        "post",
        "/work_queues",
        POOLS,
        "Always 404: queues are made in a work pool.",
        {},
        ref("QueueInput"),
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "get",
        "/work_queues/name/{queue}",
        POOLS,
        "Get the queue of a name that only one pool has a queue of.",
        {200: ref("WorkQueue")},
    ),
    *(
        operation
        for path, by in ((ONE_OF_POOL, "by its pool and name"), (BY_ID, "by its id"))
        for operation in (
            Operation("get", path, POOLS, f"Get a queue {by}.", {200: ref("WorkQueue")}),
            Operation("patch", path, POOLS, f"Change or pause a queue {by}.", {204: None}, ref("QueuePatch")),
            Operation("delete", path, POOLS, f"Delete a queue {by}.", {204: None}, errors=(409,)),
        )
    ),
    Operation(
        "post",
        "/work_pools/{name}/get_scheduled_flow_runs",
        POOLS,
        "List the runs of a pool that will be launched until then, but for those of the next minute.",
        {200: listing(record({"work_pool_id": TEXT, "work_queue_id": TEXT, "flow_run": ref("FlowRun")}))},
        {**COMING, "properties": {**COMING["properties"], "work_queue_names": maybe(listing(TEXT))}},
    ),
    Operation(
        "post",
        "/work_queues/{id}/get_runs",
        POOLS,
        "List the runs of a queue that will be launched until then, but for those of the next minute.",
        {200: listing(ref("FlowRun"))},
        COMING,
    ),
    Operation(
        "get",
        "/collections/views/aggregate-worker-metadata",
        POOLS,
        "Get the types that work pools may be of.",
        {200: anything()},
    ),
)
_BLOCKS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/block_types/filter",
        BLOCKS,
        "List the kinds of notification targets as block types.",
        {200: listing(ref("BlockType"))},
        page_request(),
    ),
    Operation("get", SLUG, BLOCKS, "Get a kind of targets as a block type.", {200: ref("BlockType")}),
    Operation(
        "get", f"{SLUG}/block_documents", BLOCKS, "List targets of a kind.", {200: listing(ref("BlockDocument"))}
    ),
    Operation(
        "get", f"{SLUG}/block_documents/name/{{name}}", BLOCKS, "Get a target by name.", {200: ref("BlockDocument")}
    ),
    Operation(
        "post",
        "/block_schemas/filter",
        BLOCKS,
        "List what the kinds of targets hold.",
        {200: listing(record({"id": TEXT, "checksum": TEXT, "fields": anything(), "block_type_id": TEXT}))},
        page_request(block_schemas=maybe(record({}, block_type_id=IDS))),
    ),
    *(
        Operation("post", path, BLOCKS, "List artifacts: there are none.", {200: NOTHING}, page_request())
        for path in ("/artifacts/filter", "/artifacts/latest/filter")
    ),
)
OPERATIONS = (*_QUEUES, *_BLOCKS)
