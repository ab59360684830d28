"""Concurrency limits: how many may do something at once, or how often."""

from whenflow.api.openapi.operation import Operation, Schema, listing, ref
from whenflow.api.openapi.schemas import TEXT, UUID, maybe, page_request, record

LIMITS, TAGS = "Concurrency limits", "Concurrency limits of task tags"
V2, V1 = "/v2/concurrency_limits", "/concurrency_limits"
LOCKED = 423
NOTHING: Schema = {"type": "null"}
TAKEN = listing(record({"id": UUID, "name": TEXT, "limit": {"type": "integer", "minimum": 0}}))
OF_TAGS = record({"names": {**listing(TEXT), "maxItems": 100}, "task_run_id": UUID})
PAGE = page_request()

_LIMITS: tuple[Operation, ...] = (
    Operation(
        "post",
        V2,
        LIMITS,
        "Create a concurrency limit.",
        {201: ref("ConcurrencyLimit")},
        ref("LimitInput"),
        needs_body=True,
        errors=(409,),
    ),
    Operation("post", f"{V2}/filter", LIMITS, "List limits by name.", {200: listing(ref("ConcurrencyLimit"))}, PAGE),
    Operation(
        "get",
        f"{V2}/{{id_or_name}}",
        LIMITS,
        "Get a limit, and how much of it is taken.",
        {200: ref("ConcurrencyLimit")},
    ),
    Operation(
        "patch",
        f"{V2}/{{id_or_name}}",
        LIMITS,
        "Change fields of a limit; what is left out stays.",
        {204: None},
        ref("LimitPatch"),
        errors=(409,),
    ),
    Operation("delete", f"{V2}/{{id_or_name}}", LIMITS, "Delete a limit.", {204: None}),
    Operation(
        "post",
        f"{V2}/increment",
        LIMITS,
        "Take slots, of each of these limits or of none; 423 tells in `Retry-After` when to ask again.",
        {200: TAKEN},
        ref("SlotsInput"),
        needs_body=True,
        errors=(LOCKED,),
    ),
    Operation(
        "post",
        f"{V2}/decrement",
        LIMITS,
        "Give back slots that were taken without a lease.",
        {200: TAKEN},
        ref("ReturnedSlotsInput"),
        needs_body=True,
    ),
    Operation(
        "post",
        f"{V2}/increment-with-lease",
        LIMITS,
        "Take slots for as long as a lease is renewed; they come back when it runs out.",
        {200: record({"lease_id": UUID, "limits": TAKEN})},
        ref("LeasedSlotsInput"),
        needs_body=True,
        errors=(LOCKED,),
    ),
    Operation(
        "post",
        f"{V2}/decrement-with-lease",
        LIMITS,
        "Give back the slots of a lease.",
        {204: None},
        ref("LeaseInput"),
        needs_body=True,
    ),
    Operation(
        "post",
        f"{V2}/leases/{{lease}}/renew",
        LIMITS,
        "Have a lease run out later; 410 tells that it has run out.",
        {204: None},
        ref("RenewalInput"),
        errors=(410,),
    ),
)
_TAGS: tuple[Operation, ...] = (
    Operation(
        "post",
        V1,
        TAGS,
        "Limit how many tasks with a tag run at once; 200 tells that there was a limit.",
        {200: ref("TagLimit"), 201: ref("TagLimit")},
        ref("TagLimitInput"),
        needs_body=True,
    ),
    Operation("post", f"{V1}/filter", TAGS, "List the limits of tags.", {200: listing(ref("TagLimit"))}, PAGE),
    *(
        operation
        for path, by in ((f"{V1}/tag/{{tag}}", "a tag"), (f"{V1}/{{id}}", "a tag, by its id"))
        for operation in (
            Operation("get", path, TAGS, f"Get the limit of {by}.", {200: ref("TagLimit")}),
            Operation("delete", path, TAGS, f"Delete the limit of {by}.", {200: NOTHING}),
        )
    ),
    Operation(
        "post",
        f"{V1}/tag/{{tag}}/reset",
        TAGS,
        "Free all slots of a tag, but for these task runs.",
        {200: NOTHING},
        record({}, slot_override=maybe({**listing(UUID), "maxItems": 1_000})),
        errors=(LOCKED,),
    ),
    Operation(
        "post",
        f"{V1}/increment",
        TAGS,
        "Have a task run take a slot of each of its tags.",
        {200: TAKEN},
        OF_TAGS,
        needs_body=True,
        errors=(LOCKED,),
    ),
    Operation(
        "post",
        f"{V1}/decrement",
        TAGS,
        "Have a task run give back its slots of these tags.",
        {200: TAKEN},
        OF_TAGS,
        needs_body=True,
    ),
)
OPERATIONS = (*_LIMITS, *_TAGS)
