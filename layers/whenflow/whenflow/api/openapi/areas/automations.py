"""Automations and their templates."""

from whenflow.api.openapi.operation import Operation, Schema, anything, listing, ref
from whenflow.api.openapi.schemas import COUNT, TEXT, maybe, record

AUTOMATIONS = "Automations"
ON_EVENT: dict[str, Schema] = {
    "event": {**maybe(ref("EventInput")), "description": "Null where time closes the window."},
    "event_id": {**TEXT, "description": "Of a stored event, in place of `event`."},
}


def on_either(**required: Schema) -> Schema:
    """Return the schema of a request that holds an event, or the id of one; not both."""
    return {"oneOf": [record({**required, name: schema}) for name, schema in ON_EVENT.items()]}


PREVIEW = record(
    {
        "automation": anything(),
        "event_id": maybe(TEXT),
        "fires": {"type": "boolean"},
        "labels": anything(),
        "actions": listing(anything()),
    }
)

OPERATIONS: tuple[Operation, ...] = (
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
    Operation("get", "/automations/{id}", AUTOMATIONS, "Get an automation.", {200: ref("Automation")}),
    Operation(
        "put",
        "/automations/{id}",
        AUTOMATIONS,
        "Replace an automation; its owner stays.",
        {204: None},
        ref("AutomationInput"),
        needs_body=True,
    ),
    Operation(
        "patch",
        "/automations/{id}",
        AUTOMATIONS,
        "Switch an automation on or off.",
        {204: None},
        record({}, enabled={"type": "boolean"}),
    ),
    Operation("delete", "/automations/{id}", AUTOMATIONS, "Delete an automation.", {204: None}),
    Operation(
        "get",
        "/automations/related-to/{resource}",
        AUTOMATIONS,
        "List the automations that a resource owns, or that name it.",
        {200: listing(ref("Automation"))},
    ),
    Operation(
        "put",
        "/automations/owned-by/{resource}",
        AUTOMATIONS,
        "Make these the automations that a resource owns, and delete its others.",
        {200: listing(ref("Automation"))},
        listing(ref("AutomationInput")),
        needs_body=True,
    ),
    Operation(
        "delete",
        "/automations/owned-by/{resource}",
        AUTOMATIONS,
        "Delete the automations that a resource owns.",
        {202: {"type": "null"}},
    ),
    Operation(
        "post",
        "/automations/preview",
        AUTOMATIONS,
        "Tell what the actions of an automation in the request would do on an event; nothing is done.",
        {200: PREVIEW},
        on_either(automation=ref("AutomationInput")),
        needs_body=True,
        errors=(404,),
    ),
    Operation(
        "post",
        "/automations/{id}/preview",
        AUTOMATIONS,
        "Tell what the actions of a stored automation would do on an event; nothing is done.",
        {200: PREVIEW},
        on_either(),
        needs_body=True,
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
)
