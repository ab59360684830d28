"""Notification targets, the same as block documents, and dead letters."""

from whenflow.api.openapi.operation import Operation, Schema, listing, ref
from whenflow.api.openapi.schemas import COUNT, TEXT, maybe, page_request, record

TARGETS, BLOCKS, DEAD = "Notification targets", "Block documents", "Dead letters"
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 200}
QUEUE = record({"name": TEXT, "what": TEXT, "messages": COUNT, "waiting": maybe(COUNT)})
LETTER = record({"id": TEXT, "sent": {"type": "number"}, "summary": TEXT, "body": {}})
LEFT = record({"id": TEXT, "reason": TEXT})
AT_MOST: Schema = {"type": "integer", "minimum": 0, "maximum": 200, "description": "At most 50 go at once."}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/notification-targets",
        TARGETS,
        "Create a notification target. Its secrets are kept elsewhere and never shown.",
        {201: ref("NotificationTarget")},
        ref("TargetInput"),
        needs_body=True,
    ),
    Operation(
        "post",
        "/notification-targets/filter",
        TARGETS,
        "List notification targets.",
        {200: listing(ref("NotificationTarget"))},
        page_request(),
    ),
    Operation(
        "get", "/notification-targets/{id}", TARGETS, "Get a notification target.", {200: ref("NotificationTarget")}
    ),
    Operation(
        "patch",
        "/notification-targets/{id}",
        TARGETS,
        "Change fields of a notification target; what is left out stays.",
        {200: ref("NotificationTarget")},
        ref("TargetPatch"),
    ),
    Operation("delete", "/notification-targets/{id}", TARGETS, "Delete a notification target.", {204: None}),
    Operation(
        "post",
        "/notification-targets/{id}/test",
        TARGETS,
        "Send a trial to a notification target, and tell what came of it.",
        {200: record({"sent": {"type": "boolean"}}, reason=TEXT)},
    ),
    Operation(
        "post",
        "/block_documents/filter",
        BLOCKS,
        "List notification targets as block documents.",
        {200: listing(ref("BlockDocument"))},
        page_request(),
    ),
    Operation("post", "/block_documents/count", BLOCKS, "Count them.", {200: COUNT}),
    Operation(
        "get",
        "/block_documents/{id}",
        BLOCKS,
        "Get a notification target as a block document.",
        {200: ref("BlockDocument")},
    ),
    Operation("get", "/dead-letters", DEAD, "List the queues of dead letters.", {200: listing(QUEUE)}),
    Operation(
        "get",
        "/dead-letters/{queue}",
        DEAD,
        "Look at dead letters; they stay where they are.",
        {200: listing(LETTER)},
        query={"limit": LIMIT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/dead-letters/{queue}/redrive",
        DEAD,
        "Put dead letters back to where they belong.",
        {200: record({"redriven": COUNT, "failed": listing(LEFT)})},
        record({}, limit=maybe(AT_MOST)),
    ),
)
