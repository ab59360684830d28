"""The named schemas: requests from the models that check them, answers in words of their own."""

from typing import Any

from pydantic import BaseModel

from whenflow.api.answers import MAX_LIMIT
from whenflow.api.openapi.operation import Schema, anything, listing, ref

TEXT: Schema = {"type": "string"}
UUID: Schema = {"type": "string", "format": "uuid"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
COUNT: Schema = {"type": "integer", "minimum": 0}
LABELS: Schema = {"type": "object", "additionalProperties": TEXT}
REFERENCE = "#/components/schemas/{model}"


def record(required: dict[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object with these fields, the first of them required."""
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def maybe(schema: Schema) -> Schema:
    """Return the schema of something, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def page_request(**filters: Schema) -> Schema:
    """Return the schema of a request for a list."""
    page = {
        "limit": maybe({"type": "integer", "minimum": 0, "maximum": MAX_LIMIT}),
        "offset": maybe({"type": "integer", "minimum": 0, "maximum": 1_000_000}),
        "sort": maybe(TEXT),
    }
    return record({}, **page, **filters)


def any_of(schema: Schema) -> Schema:
    """Return the schema of a filter by alternatives."""
    return maybe(record({}, any_=maybe(listing(schema))))


def schemas() -> dict[str, Schema]:
    """Return all named schemas."""
    return {**_of_models(), **_ANSWERS}


def _of_models() -> dict[str, Schema]:
    from whenflow.api.deployments import DeploymentInput
    from whenflow.api.keyring import KeyInput
    from whenflow.automations.model import AutomationInput
    from whenflow.events.filters import EventFilter
    from whenflow.events.validation import EventDocument
    from whenflow.sources.model import SourceInput
    from whenflow.webhooks.model import WebhookInput

    models: dict[str, type[BaseModel]] = {
        "AutomationInput": AutomationInput,
        "DeploymentInput": DeploymentInput,
        "EventFilter": EventFilter,
        "EventInput": EventDocument,
        "KeyInput": KeyInput,
        "SourceInput": SourceInput,
        "WebhookInput": WebhookInput,
    }
    found: dict[str, Schema] = {}
    for name, model in models.items():
        schema: dict[str, Any] = model.model_json_schema(ref_template=REFERENCE)
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found


_RESOURCE_ID: dict[str, Schema] = {"prefect.resource.id": TEXT}
_FAULT = record({"loc": listing({"type": ["string", "integer"]}), "msg": TEXT, "type": TEXT})
_WEBHOOK: dict[str, Schema] = {
    "id": UUID,
    "created": MOMENT,
    "updated": MOMENT,
    "name": TEXT,
    "enabled": {"type": "boolean"},
    "template": {"type": ["string", "object"]},
    "auth": anything(),
}
_OF_A_WEBHOOK: dict[str, Schema] = {
    "description": TEXT,
    "delivery_id": maybe(TEXT),
    "secrets": {**maybe(anything()), "description": "Where the secrets are kept; never what they are."},
}
_KEY: dict[str, Schema] = {
    "id": UUID,
    "name": TEXT,
    "scopes": listing(TEXT),
    "created": MOMENT,
    "expires": maybe(MOMENT),
    "last_used": maybe(MOMENT),
}
_ANSWERS: dict[str, Schema] = {
    "Error": {
        "description": "What went wrong. `exception_detail` has every fault with its place.",
        "anyOf": [
            record({"detail": TEXT}),
            record({"exception_message": TEXT}, exception_detail=listing(_FAULT), request_body={}),
        ],
    },
    "TemplateError": record(
        {"error": record({"line": {"type": "integer", "minimum": 1}, "message": TEXT, "source": TEXT})}
    ),
    "Resource": {**LABELS, "properties": _RESOURCE_ID, "required": list(_RESOURCE_ID)},
    "Event": record(
        {
            "id": UUID,
            "occurred": MOMENT,
            "event": TEXT,
            "resource": ref("Resource"),
            "related": listing(ref("Resource")),
            "payload": anything(),
            "follows": maybe(UUID),
            "received": MOMENT,
        }
    ),
    "EventPage": record(
        {
            "events": listing(ref("Event")),
            "total": COUNT,
            "next_page": {**maybe(TEXT), "description": "The way to the next page; null after the last."},
        },
        total_is_exact={"type": "boolean"},
        stopped_early={"type": "boolean", "description": "The search stopped at its bound; the next page goes on."},
    ),
    "EventTail": record(
        {
            "events": listing(ref("Event")),
            "cursor": {**TEXT, "description": "Where the next request goes on."},
            "has_more": {"type": "boolean"},
        }
    ),
    "EventCount": record({"value": TEXT, "label": TEXT, "count": COUNT, "start_time": MOMENT, "end_time": MOMENT}),
    "Firing": record({"id": UUID}, event_id=maybe(UUID)),
    "Automation": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "description": TEXT,
            "enabled": {"type": "boolean"},
            "tags": listing(TEXT),
            "trigger": anything(),
            "actions": listing(anything()),
            "actions_on_trigger": listing(anything()),
            "actions_on_resolve": listing(anything()),
        },
        owner_resource=maybe(TEXT),
    ),
    "AutomationFilter": page_request(
        automations=maybe(
            {
                **record(
                    {},
                    operator={},
                    id=any_of(TEXT),
                    name=any_of(TEXT),
                    created=maybe(anything()),
                    tags=maybe(
                        record(
                            {},
                            all_=maybe(listing(TEXT)),
                            any_=maybe(listing(TEXT)),
                            is_null_=maybe({"type": "boolean"}),
                        )
                    ),
                ),
                "additionalProperties": False,
            }
        )
    ),
    "Webhook": record(_WEBHOOK, **_OF_A_WEBHOOK),
    "NewWebhook": record({**_WEBHOOK, "slug": TEXT, "url": TEXT}, secret=TEXT, **_OF_A_WEBHOOK),
    "NewSecret": record(_WEBHOOK, secret=TEXT, **_OF_A_WEBHOOK),
    "Source": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "enabled": {"type": "boolean"},
            "pattern": anything(),
            "drop": {"type": "boolean"},
        },
        description=TEXT,
        template={"type": ["string", "object", "null"]},
    ),
    "Flow": record({"id": UUID, "name": TEXT}, created=MOMENT),
    "Deployment": record({"id": UUID, "name": TEXT, "flow_id": UUID, "parameters": anything(), "tags": listing(TEXT)}),
    "State": record({"id": UUID, "type": TEXT, "name": TEXT, "timestamp": MOMENT}, message=maybe(TEXT)),
    "FlowRun": record(
        {"id": UUID, "name": TEXT, "flow_id": UUID, "state": ref("State"), "state_type": TEXT, "state_name": TEXT}
    ),
    "Log": record({"timestamp": MOMENT, "level": {"type": "integer"}, "name": TEXT, "message": TEXT}),
    "Explanation": anything(),
    "Key": record(_KEY),
    "NewKey": record({**_KEY, "key": TEXT}),
}
