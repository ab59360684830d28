"""Random automations as clients send them: every trigger and action, with something odd about them."""

# ruff: noqa: E501 - values, as many to a line as there may be

from random import Random
from typing import Any

from tests.reference.generators.pools import BOOLEANS, DEPLOYMENT, DURATIONS, INTEGERS, TEXTS, UUIDS, mutated

NAMES: list[Any] = [
    ["a.b"],
    ["a.b", "a.b"],
    ["b", "a", "B", "☃"],
    [],
    ["a.*", ""],
    "a.b",
    None,
    {},
    {"a": 1},
    ["x", 1],
    [None],
    [["x"]],
    [True],
]
SPECS: list[Any] = [
    {}, {"a": "b"}, {"a": ["b", "c"]}, {"a": []}, {"": ""}, {"prefect.resource.id": "prefect.flow-run.*"}, {"a": 1}, {"a": None},
    {"a": ["b", 1]}, {"a": {"b": "c"}}, {"a": [["b"]]}, {"a": "b", "c": True}, None, "x", [], 5, True, [["a", "b"]],
]  # fmt: skip
RELATED: list[Any] = [
    *SPECS,
    [{}],
    [{"a": "b"}],
    [{"a": "b"}, {"c": ["d"]}],
    [{"a": 1}],
    [None],
    ["x"],
    [[{"a": "b"}]],
    [{}, {"a": []}],
]
STATES: list[Any] = [
    "SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "CRASHED", "PAUSED", "CANCELLING", "failed", "Failed",
    " FAILED", "LATE", "", None, 5, ["FAILED"],
]  # fmt: skip
TEMPLATES: list[Any] = [
    "", "x", "{{ event.id }}", "{{", "{{ }", "{% if x %}", "{% if x %}y{% endif %}", "{{ 1 + }}", "{{ x | nosuch }}", "{# c #}", "{#", "}}",
    "{% endif %}", "{% for a in b %}{% endfor %}", "{% for a in b %}{% for a in b %}{% endfor %}{% endfor %}", "{{ x is nosuch }}",
    "{% raw %}{{{% endraw %}", "{% set x = 1 %}", "{{ 'unclosed }}", "{{ a.b['c'][0] }}", "{% for a in [1] %}{% for b in [1] %}{% for c in [1] %}x{% endfor %}{% endfor %}{% endfor %}",
    "a { b } c", "{{ x }} {{ y", "{{ '{{' }}", "{% if a %}{% elif b %}{% else %}{% endif %}", "{{ a if b }}", "{% unknown %}", "{{ a b }}", "{{ () }}", "{{ }}",
    5, None, True, [], {},
]  # fmt: skip
PARAMETERS: list[Any] = [
    None, {}, {"a": 1}, {"a": "{{ event.id }}"}, {"a": "{{"}, {"a": {"b": {"c": "{{ x }"}}}, {"a": ["{{ x }}"]}, {"a": [{"b": "{{ x"}]},
    {"a": {"__prefect_kind": "json", "value": "{"}}, {"a": {"__prefect_kind": "json", "value": "1"}}, {"a": {"__prefect_kind": "json"}},
    {"a": {"__prefect_kind": "jinja", "template": "{{"}}, {"a": {"__prefect_kind": "jinja"}}, {"a": {"__prefect_kind": "none"}},
    {"a": {"__prefect_kind": "workspace_variable", "variable_name": "v"}}, {"a": {"__prefect_kind": "what", "value": "{{"}},
    {"a": {"__prefect_kind": None}}, {"a": {"__prefect_kind": 1, "value": 2}}, {"__prefect_kind": "json", "value": "{}"}, [], "x", 5, [["a", 1]],
    {"a": {"__prefect_kind": "json", "value": {"__prefect_kind": "jinja", "template": "{{ x | tojson }}"}}}, {"": "{{ x }}"}, {"a": "{{ 1 + }}"},
    {"a": {"__prefect_kind": "none", "value": {"b": {"__prefect_kind": "json", "value": "["}}}}, {"a": {"__prefect_kind": "json", "value": None}},
    {"a": {"__prefect_kind": "json", "value": 5}}, {"a": {"__prefect_kind": "json", "value": []}}, {"a": {"__prefect_kind": ["json"], "value": 1}},
]  # fmt: skip
POOLS: dict[str, list[Any]] = {
    "name": TEXTS, "description": TEXTS, "enabled": BOOLEANS, "tags": [[], ["a"], ["b", "a"], ["a", "a"], [""], ["a", 1], "a", None, {}, [None], [["a"]], {"a": 1}],
    "owner_resource": [*TEXTS, "prefect.deployment.x"], "created": TEXTS, "updated": TEXTS, "id": UUIDS,
    "type": ["event", "compound", "sequence", "metric", "do-nothing", "run-deployment", "send-notification", "Event", "", None, 5, True, ["event"], {}, "nope"],
    "posture": ["Reactive", "Proactive", "Metric", "reactive", "", None, 5, True, ["Reactive"]], "threshold": INTEGERS, "within": DURATIONS,
    "match": SPECS, "match_related": RELATED, "expect": NAMES, "after": NAMES, "for_each": NAMES, "triggers": [[], {}, None, "x", [None], [{}]],
    "require": ["any", "all", "some", "ALL", "", None, True, False, *INTEGERS], "source": ["selected", "inferred", "Selected", "", None, 1, "both"],
    "deployment_id": [*UUIDS, None], "work_pool_id": [*UUIDS, None], "work_queue_id": [*UUIDS, None], "automation_id": [*UUIDS, None],
    "block_document_id": [*UUIDS, None], "parameters": PARAMETERS, "job_variables": [None, {}, {"env": {"A": "1"}}, {"a": None}, [], [1], "x", 5, {"image": "{{ x"}],
    "schedule_after": DURATIONS, "subject": TEMPLATES, "body": TEMPLATES, "payload": [*TEMPLATES, {"a": "{{ x }}"}, {"a": 1}, ["{{ x }}"], {"a": "{{"}, 1.5, False],
    "state": STATES, "message": TEXTS, "force": BOOLEANS, "actions": [[], None, {}, [None], ["do-nothing"], [{}], [{"type": "do-nothing"}]],
    "actions_on_trigger": [[], None, [{"type": "do-nothing"}], [{"type": "nope"}]], "actions_on_resolve": [[], None, [{"type": "do-nothing"}], [5]],
    "trigger": [None, {}, [], "x", {"type": "event"}, {"posture": "Reactive"}, {"type": "event", "posture": "Proactive"}],
}  # fmt: skip
ON_OBJECT = {
    "run-deployment": "deployment_id", "pause-deployment": "deployment_id", "resume-deployment": "deployment_id", "pause-work-pool": "work_pool_id",
    "resume-work-pool": "work_pool_id", "pause-work-queue": "work_queue_id", "resume-work-queue": "work_queue_id",
    "pause-automation": "automation_id", "resume-automation": "automation_id",
}  # fmt: skip
PLAIN = ["do-nothing", "cancel-flow-run", "suspend-flow-run", "resume-flow-run", "delete-flow-run"]
FLOW_RUN_NAMES = ["Scheduled", "Pending", "Running", "*", "Failed", "Completed", "running", "R*", ""]
ACTION_FIELDS = [
    "source",
    "deployment_id",
    "work_pool_id",
    "block_document_id",
    "body",
    "subject",
    "payload",
    "state",
    "name",
    "message",
    "force",
    "parameters",
    "schedule_after",
]


def case(random: Random) -> dict[str, Any]:
    """Return a random case."""
    endpoint = random.choice(["create"] * 8 + ["replace", "patch"])
    if endpoint == "patch":
        document: Any = {"enabled": random.choice(BOOLEANS)}
        return {
            "endpoint": endpoint,
            "document": mutated(random, document, random.choice([0, 0, 0, 1]), {"enabled": BOOLEANS, "name": TEXTS}),
        }
    document = _looping(random) if random.random() < 0.12 else _automation(random)
    return {"endpoint": endpoint, "document": mutated(random, document, random.choice([0, 1, 1, 1, 2]), POOLS)}


def _automation(random: Random) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": "n",
        "trigger": _trigger(random, 0),
        "actions": [_action(random) for _ in range(random.choice([1, 1, 1, 0, 2]))],
    }
    for field in ("description", "enabled", "tags", "owner_resource"):
        if random.random() < 0.12:
            document[field] = random.choice(POOLS[field])
    for field in ("actions_on_trigger", "actions_on_resolve"):
        if random.random() < 0.1:
            document[field] = [_action(random)]
    return document


def _trigger(random: Random, depth: int) -> dict[str, Any]:
    if depth < 3 and random.random() < 0.4:
        children = [_trigger(random, depth + 1) for _ in range(random.choice([0, 1, 2, 2, 3]))]
        composite: dict[str, Any] = {"triggers": children, "within": random.choice([None, 60, *DURATIONS])}
        if random.random() < 0.6:
            composite |= {"type": "compound", "require": random.choice(["any", "all", 1, 2, *POOLS["require"]])}
        else:
            composite["type"] = "sequence"
        if random.random() < 0.1:
            del composite["type"]
        return composite
    trigger: dict[str, Any] = {"type": "event", "posture": random.choice(["Reactive", "Reactive", "Proactive"])}
    for field in ("expect", "after", "for_each", "threshold", "within", "match", "match_related"):
        if random.random() < 0.25:
            trigger[field] = random.choice(POOLS[field])
    if random.random() < 0.1:
        del trigger["type"]
    return trigger


def _action(random: Random) -> dict[str, Any]:
    if random.random() < 0.1:  # without a type: it is told by its fields
        return {field: random.choice(POOLS[field]) for field in random.sample(ACTION_FIELDS, random.randrange(4))}
    kind = random.choice(
        [
            *ON_OBJECT,
            *PLAIN,
            "run-deployment",
            "run-deployment",
            "send-notification",
            "send-notification",
            "call-webhook",
            "change-flow-run-state",
        ]
    )
    action: dict[str, Any] = {"type": kind}
    if kind in ON_OBJECT:
        action |= random.choice(
            [{"source": "inferred"}, {"source": "selected", ON_OBJECT[kind]: DEPLOYMENT}, {ON_OBJECT[kind]: DEPLOYMENT}]
        )
    if kind in ("send-notification", "call-webhook"):
        action["block_document_id"] = DEPLOYMENT
    optional = {
        "run-deployment": ["parameters", "job_variables", "schedule_after"], "send-notification": ["subject", "body"],
        "call-webhook": ["payload"], "change-flow-run-state": ["state", "name", "message", "force"],
    }.get(kind, [])  # fmt: skip
    return action | {field: random.choice(POOLS[field]) for field in optional if random.random() < 0.6}


def _looping(random: Random) -> dict[str, Any]:
    """Return an automation that may be triggered by the runs that it starts."""
    every = random.choice(
        [
            {},
            {"prefect.resource.id": "prefect.flow-run.*"},
            {"prefect.resource.id": ["x", "prefect.flow-run.*"]},
            {"prefect.resource.id": "*"},
            {"x": "y"},
        ]
    )
    trigger = {
        "type": "event", "posture": random.choice(["Reactive", "Reactive", "Reactive", "Proactive"]), "match": every,
        "expect": [f"prefect.flow-run.{name}" for name in random.sample(FLOW_RUN_NAMES, random.choice([1, 1, 2]))],
    }  # fmt: skip
    if random.random() < 0.5:
        trigger["match_related"] = random.choice(
            [{}, [], [{}], {"a": "b"}, [{"a": "b"}, {}], {"prefect.resource.id": "prefect.flow-run.*"}]
        )
    runs = random.choice([{"source": "inferred"}, {"source": "selected", "deployment_id": DEPLOYMENT}])
    return {
        "name": "n",
        "trigger": trigger,
        "actions": [*random.choice([[], [{"type": "do-nothing"}]]), {"type": "run-deployment", **runs}],
        "enabled": random.choice([True, True, True, False, "off"]),
    }
