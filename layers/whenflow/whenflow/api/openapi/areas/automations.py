"""Automations and their templates."""

from whenflow.api.openapi.operation import Operation, listing, ref
from whenflow.api.openapi.schemas import COUNT, record

AUTOMATIONS = "Automations"

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
)
