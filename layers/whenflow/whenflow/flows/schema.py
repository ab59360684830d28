"""The JSON Schema of a `whenflow.yaml`, made of the models that check it: editors complete and explain."""

import json
from collections.abc import Mapping
from typing import Any

from whenflow.automations.schema import file_schema, tidy
from whenflow.deployments.model import ConcurrencyOptions, DeploymentInput, ScheduleInput
from whenflow.flows.triggers import Described
from whenflow.runs.recurrence import CronSchedule, IntervalSchedule, RRuleSchedule

Schema = dict[str, Any]
TRIGGERS = ("EventTrigger", "CompoundTrigger", "SequenceTrigger", "MetricTrigger")
WITHIN = "Within"
"""What the names of triggers within a deployment's begin with: those may leave their posture out."""
OF_A_DEPLOYMENT = {
    "name": "Its name; unique among those of its flow.",
    "flow_name": "The flow. Not needed where an entrypoint says it.",
    "entrypoint": "Where the flow is, as path.py:function; it tells its name and parameters. The file is run.",
    "description": "What it is for; the flow's if left out and there is an entrypoint.",
    "version": "The flow's if left out and there is an entrypoint.",
    "tags": "Of its runs.",
    "parameters": "Defaults for the parameters of its runs.",
    "paused": "Whether its schedules are paused; if left out, they stay as they are.",
    "enforce_parameter_schema": "Refuse runs whose parameters do not fit the flow.",
    "concurrency_options": "What becomes of a run that finds no slot.",
    "labels": "Any labels, by name.",
    "work_pool_name": "As work_pool: name.",
    "work_queue_name": "As work_pool: work_queue_name.",
    "job_variables": "As work_pool: job_variables.",
}
OF_A_SCHEDULE = {
    "cron": "minute hour day month weekday: 0 6 * * 1-5; or @daily and the like.",
    "interval": "Seconds from one to the next.",
    "rrule": "A recurrence rule (RFC 5545): FREQ=WEEKLY;BYDAY=MO.",
    "timezone": "Where the clock hangs: Europe/Berlin.",
    "anchor_date": "From when on an interval is counted.",
    "active": "Whether it makes runs.",
    "max_scheduled_runs": "How many runs at most are planned ahead.",
    "parameters": "Of its runs, over the deployment's own.",
    "slug": "What to call it.",
    "replaces": "The slug that it had before.",
    "schedule": "When it is due, as the API has it, in place of cron, interval or rrule.",
}
JOB_VARIABLES = "Where the code is: function_arn or state_machine_arn; and timeout_seconds."
POOL = "Which pool launches its runs: lambda, step-functions, or one of yours."


def project_schema() -> Schema:
    """Return the schema of a file with the deployments of a project, and its automations and variables."""
    schema = file_schema()
    definitions: Schema = schema["$defs"]
    definitions |= _nested(definitions)
    for name in TRIGGERS:
        definitions[f"Deployment{name}"] = _of_deployment(definitions[WITHIN + name])
    definitions["Schedule"] = _schedule()
    definitions["ConcurrencyOptions"] = _tidied(ConcurrencyOptions.model_json_schema(), definitions)
    definitions["Deployment"] = _deployment()
    project: Schema = definitions.pop("Project")
    project["properties"]["deployments"] = {
        "description": "What `whenflow deploy` makes.",
        "type": "array",
        "items": {"$ref": "#/$defs/Deployment"},
    }
    return {
        "$schema": schema["$schema"],
        "title": "whenflow.yaml",
        **project,
        "$defs": dict(sorted(definitions.items())),
    }


def _nested(definitions: Schema) -> Schema:
    """Return triggers as code and deployments take them: without a posture they are Reactive."""
    text = json.dumps({name: definitions[name] for name in TRIGGERS})
    for name in TRIGGERS:
        text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{WITHIN}{name}"')
    nested: Schema = {WITHIN + name: one for name, one in json.loads(text).items()}
    event = nested[WITHIN + "EventTrigger"]
    event["required"] = [name for name in event.get("required", ()) if name != "posture"]
    event["properties"]["posture"]["default"] = "Reactive"
    return nested


def _of_deployment(trigger: Schema) -> Schema:
    """Return a trigger with what it says of its automation and of the run beside."""
    around = _tidied(Described.model_json_schema())
    return {**trigger, "properties": {**around["properties"], **trigger["properties"]}}


def _schedule() -> Schema:
    """Return a schedule as files have it: when it is due, and what else there is to it, side by side."""
    recurrences = [_tidied(one.model_json_schema()) for one in (CronSchedule, IntervalSchedule, RRuleSchedule)]
    timing = {name: field for one in recurrences for name, field in one["properties"].items()}
    said = ScheduleInput.model_json_schema()["properties"] | {"schedule": {"type": "object"}}
    fields = {name: {**field, **_told(OF_A_SCHEDULE.get(name))} for name, field in {**timing, **said}.items()}
    return _tidied(
        {
            "description": "When a deployment runs by itself, and with what.",
            "type": "object",
            "properties": fields,
            "anyOf": [{"required": [name]} for name in ("cron", "interval", "rrule", "schedule")],
        }
    )


def _told(about: str | None) -> Schema:
    return {"description": about} if about else {}


def _deployment() -> Schema:
    fields = DeploymentInput.model_json_schema()["properties"]
    told = {name: {**fields[name], "description": about} for name, about in OF_A_DEPLOYMENT.items() if name in fields}
    triggers = {
        "description": "What it runs on: automations that it owns. Left out, they stay as they are.",
        "type": "array",
        "items": {"anyOf": [{"$ref": f"#/$defs/Deployment{name}"} for name in TRIGGERS]},
    }
    schedules = {
        "description": "When it runs by itself. Left out, they stay as they are.",
        "type": "array",
        "items": {"$ref": "#/$defs/Schedule"},
    }
    more = {
        "work_pool": _pool(),
        "concurrency_limit": _limit(),
        "schedules": schedules,
        "schedule": {"$ref": "#/$defs/Schedule"},
        "triggers": triggers,
    }
    return _tidied(
        {
            "description": "Which flow runs where, with which defaults, when, and on which events.",
            "type": "object",
            "properties": {**told, **more},
            "required": ["name"],
            "anyOf": [{"required": ["flow_name"]}, {"required": ["entrypoint"]}],
        }
    )


def _pool() -> Schema:
    return {
        "description": POOL,
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": POOL},
                    "work_queue_name": {"type": "string", "description": "Which queue of the pool."},
                    "job_variables": {"type": "object", "description": JOB_VARIABLES},
                },
                "additionalProperties": False,
            },
        ],
    }


def _limit() -> Schema:
    return {
        "description": "How many of its runs may work at once; and what becomes of others.",
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": 5_000},
            {
                "type": "object",
                "properties": {
                    "limit": {"type": "integer", "minimum": 0, "maximum": 5_000},
                    "collision_strategy": {"enum": ["ENQUEUE", "CANCEL_NEW"]},
                },
                "required": ["limit"],
                "additionalProperties": False,
            },
        ],
    }


def _tidied(definition: Schema, definitions: Schema | None = None) -> Schema:
    """Return an object's definition, tidy; those that it brings along go beside it."""
    for name, one in definition.pop("$defs", {}).items():
        if definitions is not None:
            definitions[name] = _tidied(one, definitions)
    about: Mapping[str, Any] = {
        name: field["description"] for name, field in definition.get("properties", {}).items() if "description" in field
    }
    if definition.get("type") == "object":
        tidy(definition)
        for name, text in about.items():
            definition["properties"][name]["description"] = text
    return definition
