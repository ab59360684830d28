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
Models = dict[str, type[BaseModel]]
REFERENCE = "#/components/schemas/{model}"


def record(required: dict[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object with these fields, the first of them required."""
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def maybe(schema: Schema) -> Schema:
    """Return the schema of something, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def page_request(**filters: Schema) -> Schema:
    """Return the schema of a request for a list."""
    page: dict[str, Schema] = {
        "limit": maybe({"type": "integer", "minimum": 0, "maximum": MAX_LIMIT}),
        "offset": maybe({"type": "integer", "minimum": 0, "maximum": 1_000_000}),
        "sort": maybe(TEXT),
    }
    return record({}, **(page | filters))


def choice(*values: str) -> Schema:
    """Return the schema of one of these texts, or null."""
    return maybe({"type": "string", "enum": list(values)})


def runs_request(*sorts: str) -> Schema:
    """Return the schema of a request for deployments, flows, runs or work pools, by filters on each of these."""
    filters = {name: maybe(anything()) for name in ("flows", "flow_runs", "deployments", "work_pools")}
    return page_request(**filters, sort=choice(*sorts) if sorts else {"type": "null"})


def any_of(schema: Schema) -> Schema:
    """Return the schema of a filter by alternatives."""
    return maybe(record({}, any_=maybe(listing(schema))))


def schemas() -> dict[str, Schema]:
    """Return all named schemas."""
    return {**_of_models(), **_ANSWERS}


def _of_models() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for name, model in sorted({**_of_what_is_set_up(), **_of_what_happens()}.items()):
        schema: dict[str, Any] = model.model_json_schema(ref_template=REFERENCE)
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found


def _of_what_is_set_up() -> Models:
    from whenflow.actions.notifications.targets import TargetInput, TargetPatch
    from whenflow.api.keyring import KeyInput
    from whenflow.api.tag_limits import TagLimitInput
    from whenflow.api.work_queues import QueueInput, QueuePatch
    from whenflow.automations.model import AutomationInput
    from whenflow.deployments.model import DeploymentInput, DeploymentPatch, ScheduleInput, SchedulePatch
    from whenflow.limits.inputs import LimitInput, LimitPatch
    from whenflow.sources.model import SourceInput
    from whenflow.webhooks.model import WebhookInput

    return {
        "AutomationInput": AutomationInput,
        "DeploymentInput": DeploymentInput,
        "DeploymentPatch": DeploymentPatch,
        "KeyInput": KeyInput,
        "LimitInput": LimitInput,
        "LimitPatch": LimitPatch,
        "QueueInput": QueueInput,
        "QueuePatch": QueuePatch,
        "ScheduleInput": ScheduleInput,
        "SchedulePatch": SchedulePatch,
        "SourceInput": SourceInput,
        "TagLimitInput": TagLimitInput,
        "TargetInput": TargetInput,
        "TargetPatch": TargetPatch,
        "WebhookInput": WebhookInput,
    }


def _of_what_happens() -> Models:
    from whenflow.api.concurrency_limits import (
        LeasedSlotsInput,
        LeaseInput,
        RenewalInput,
        ReturnedSlotsInput,
        SlotsInput,
    )
    from whenflow.api.flow_runs import StateInput
    from whenflow.api.run_inputs import InputGiven, InputsWanted
    from whenflow.events.filters import EventFilter
    from whenflow.events.validation import EventDocument

    return {
        "EventFilter": EventFilter,
        "EventInput": EventDocument,
        "InputGiven": InputGiven,
        "InputsWanted": InputsWanted,
        "LeaseInput": LeaseInput,
        "LeasedSlotsInput": LeasedSlotsInput,
        "RenewalInput": RenewalInput,
        "ReturnedSlotsInput": ReturnedSlotsInput,
        "SlotsInput": SlotsInput,
        "StateInput": StateInput,
    }


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
    "Flow": record({"id": UUID, "created": MOMENT, "updated": MOMENT, "name": TEXT, "tags": listing(TEXT)}),
    "Deployment": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "flow_id": UUID,
            "flow_name": TEXT,
            "paused": {"type": "boolean"},
            "schedules": listing(ref("Schedule")),
            "parameters": anything(),
            "tags": listing(TEXT),
            "work_pool_name": maybe(TEXT),
        }
    ),
    "Schedule": record({"id": UUID, "deployment_id": UUID, "schedule": anything(), "active": {"type": "boolean"}}),
    "State": record({"id": UUID, "type": TEXT, "name": TEXT, "timestamp": MOMENT}, message=maybe(TEXT)),
    "Verdict": record(
        {
            "status": {"type": "string", "enum": ["ACCEPT", "REJECT", "ABORT", "WAIT"]},
            "state": maybe(ref("State")),
            "details": anything(),
        }
    ),
    "FlowRun": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "flow_id": UUID,
            "deployment_id": maybe(UUID),
            "state": ref("State"),
            "state_type": TEXT,
            "state_name": TEXT,
            "parameters": anything(),
            "tags": listing(TEXT),
        }
    ),
    "RunInput": record(
        {"id": UUID, "created": MOMENT, "updated": MOMENT, "flow_run_id": UUID, "key": TEXT, "value": TEXT},
        sender=maybe(TEXT),
    ),
    "TaskRun": record(
        {
            "id": UUID,
            "name": TEXT,
            "task_key": TEXT,
            "dynamic_key": TEXT,
            "flow_run_id": maybe(UUID),
            "state": ref("State"),
            "state_type": TEXT,
            "state_name": TEXT,
        }
    ),
    "Variable": record(
        {"id": UUID, "created": MOMENT, "updated": MOMENT, "name": TEXT, "value": {}, "tags": listing(TEXT)}
    ),
    "WorkPool": record(
        {
            "id": UUID,
            "created": maybe(MOMENT),
            "updated": maybe(MOMENT),
            "name": TEXT,
            "type": TEXT,
            "description": maybe(TEXT),
            "is_paused": {"type": "boolean"},
            "concurrency_limit": maybe({"type": "integer", "minimum": 0}),
            "status": {"type": "string", "enum": ["PAUSED", "READY"]},
            "base_job_template": anything(),
            "default_queue_id": UUID,
        }
    ),
    "WorkQueue": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "work_pool_id": UUID,
            "work_pool_name": TEXT,
            "is_paused": {"type": "boolean"},
            "status": {"type": "string", "enum": ["PAUSED", "READY"]},
            "priority": {"type": "integer", "minimum": 1, "description": "Kept, and changes nothing."},
            "concurrency_limit": {"type": "null"},
        },
        description=maybe(TEXT),
    ),
    "ConcurrencyLimit": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "limit": COUNT,
            "active": {"type": "boolean"},
            "active_slots": COUNT,
            "slot_decay_per_second": {"type": "number", "minimum": 0},
        }
    ),
    "TagLimit": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "tag": TEXT,
            "concurrency_limit": COUNT,
            "active_slots": {**listing(UUID), "description": "The task runs that hold one."},
        }
    ),
    "NotificationTarget": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "type": TEXT,
            "is_default": {"type": "boolean"},
            "data": {**anything(), "description": "Of a secret, where it is kept; never what it is."},
        }
    ),
    "BlockType": record({"id": UUID, "name": TEXT, "slug": TEXT, "is_protected": {"type": "boolean"}}),
    "BlockDocument": record(
        {
            "id": UUID,
            "created": MOMENT,
            "updated": MOMENT,
            "name": TEXT,
            "data": {**anything(), "description": "Secrets are masked."},
            "block_schema_id": UUID,
            "block_type_id": UUID,
            "block_type": anything(),
        }
    ),
    "Log": record(
        {"id": UUID, "timestamp": MOMENT, "level": {"type": "integer"}, "name": TEXT, "message": TEXT},
        flow_run_id=maybe(UUID),
        task_run_id=maybe(UUID),
    ),
    "Explanation": anything(),
    "Key": record(_KEY),
    "NewKey": record({**_KEY, "key": TEXT}),
}
