"""Webhooks and their presets, sources."""

from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import TEXT, any_of, maybe, page_request, record

WEBHOOKS, SOURCES = "Webhooks", "Sources"
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 200}

NAMED = page_request(webhooks=maybe({**record({}, name=any_of(TEXT)), "additionalProperties": False}))
TRIED = record({}, request=maybe(anything()), request_id=maybe(TEXT), template=maybe({"type": ["string", "object"]}))
NOTIFICATION = record({"notification": anything()}, source={}, source_id=TEXT)

OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/webhooks/presets", WEBHOOKS, "List the presets.", {200: listing(anything())}),
    Operation(
        "post",
        "/webhooks",
        WEBHOOKS,
        "Create a webhook. Its URL, and its secret if it has one, are told this once.",
        {201: ref("NewWebhook")},
        ref("WebhookInput"),
        needs_body=True,
        errors=(409,),
    ),
    Operation("post", "/webhooks/filter", WEBHOOKS, "List webhooks.", {200: listing(ref("Webhook"))}, NAMED),
    Operation("get", "/webhooks/{id}", WEBHOOKS, "Get a webhook.", {200: ref("Webhook")}),
    Operation(
        "put",
        "/webhooks/{id}",
        WEBHOOKS,
        "Replace a webhook. If that makes a new secret, it is told this once.",
        {200: record({"secret": TEXT}), 204: None},
        ref("WebhookInput"),
        needs_body=True,
        errors=(409,),
    ),
    Operation(
        "patch", "/webhooks/{id}", WEBHOOKS, "Change fields of a webhook.", {204: None}, anything(), errors=(409,)
    ),
    Operation("delete", "/webhooks/{id}", WEBHOOKS, "Delete a webhook.", {204: None}),
    Operation(
        "post",
        "/webhooks/{id}/rotate",
        WEBHOOKS,
        "Give a webhook a new URL; the old one ends.",
        {200: ref("NewWebhook")},
        errors=(409,),
    ),
    Operation(
        "post",
        "/webhooks/{id}/rotate-secret",
        WEBHOOKS,
        "Give a webhook a new secret; the old one is good for a while.",
        {200: ref("NewSecret")},
        anything(),
        errors=(409,),
    ),
    Operation(
        "get",
        "/webhooks/{id}/requests",
        WEBHOOKS,
        "List the newest requests of a webhook's log.",
        {200: listing(anything())},
        query={"limit": LIMIT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/webhooks/{id}/test",
        WEBHOOKS,
        "Try a request: which event it would make, and which automations would look at it. Nothing is stored.",
        {200: anything()},
        TRIED,
    ),
    Operation(
        "post",
        "/sources",
        SOURCES,
        "Create a source.",
        {201: ref("Source")},
        ref("SourceInput"),
        needs_body=True,
    ),
    Operation("post", "/sources/filter", SOURCES, "List sources.", {200: listing(ref("Source"))}, page_request()),
    Operation(
        "post",
        "/sources/test",
        SOURCES,
        "Try a notification: which event it would make. Nothing is stored.",
        {200: record({"results": listing(anything())})},
        NOTIFICATION,
        needs_body=True,
        errors=(404,),
    ),
    Operation("get", "/sources/{id}", SOURCES, "Get a source.", {200: ref("Source")}),
    Operation(
        "put",
        "/sources/{id}",
        SOURCES,
        "Replace a source.",
        {200: ref("Source")},
        ref("SourceInput"),
        needs_body=True,
    ),
    Operation("patch", "/sources/{id}", SOURCES, "Change fields of a source.", {200: ref("Source")}, anything()),
    Operation("delete", "/sources/{id}", SOURCES, "Delete a source.", {204: None}),
)
