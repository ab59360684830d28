"""API keys."""

from whenflow.api.openapi.operation import Operation, listing, ref
from whenflow.api.openapi.schemas import page_request

KEYS = "Keys"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/keys",
        KEYS,
        "Make a key; it is told this once.",
        {201: ref("NewKey")},
        ref("KeyInput"),
        needs_body=True,
        errors=(409,),
    ),
    Operation("post", "/keys/filter", KEYS, "List keys.", {200: listing(ref("Key"))}, page_request()),
    Operation("get", "/keys/{id}", KEYS, "Get what is known of a key.", {200: ref("Key")}),
    Operation("delete", "/keys/{id}", KEYS, "Revoke a key.", {204: None}),
)
