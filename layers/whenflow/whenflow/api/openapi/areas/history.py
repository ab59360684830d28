"""What caused what, and events of the past once more."""

from whenflow.api.openapi.operation import Operation, Schema, anything, listing
from whenflow.api.openapi.schemas import COUNT, MOMENT, TEXT, UUID, maybe, record

HISTORY = "History"
DEPTH: Schema = {"type": "integer", "minimum": 1, "maximum": 16}
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 200}
DIRECTION: Schema = {"type": "string", "enum": ["causes", "effects"]}
EDGE = record({"cause": TEXT, "effect": TEXT, "how": TEXT})
AUTOMATIONS = maybe({"type": "array", "items": UUID, "minItems": 1, "maxItems": 100})
IDS: Schema = {"type": "array", "items": UUID, "minItems": 1, "maxItems": 100}
PLAN = record(
    {
        "firings": listing(anything()),
        "counts": {"type": "object", "additionalProperties": COUNT},
        "events": COUNT,
        "since": MOMENT,
        "until": MOMENT,
        "next_since": maybe(MOMENT),
    }
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/lineage/{kind}/{id}",
        HISTORY,
        "Tell what caused an `event`, a `firing` or a `flow-run`, and what it caused.",
        {200: record({"root": TEXT, "nodes": listing(anything()), "edges": listing(EDGE), "next_page": maybe(TEXT)})},
        query={"depth": DEPTH, "limit": LIMIT, "direction": DIRECTION, "page_token": TEXT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/replay",
        HISTORY,
        "Plan a replay: what would fire on events of the past, and what of it did.",
        {200: PLAN},
        record({"since": MOMENT}, until=maybe(MOMENT), automations=AUTOMATIONS),
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "post",
        "/replay/fire",
        HISTORY,
        "Start firings of such a plan, as far as they are missing.",
        {200: record({"fired": listing(UUID), "stored": listing(UUID), "refused": listing(anything())})},
        record(
            {"since": MOMENT, "firings": IDS},
            until=maybe(MOMENT),
            automations=AUTOMATIONS,
            unsure={"type": "boolean"},
        ),
        needs_body=True,
        errors=(404,),
    ),
)
