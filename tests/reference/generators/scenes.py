"""What the templates of random cases find: automations, firings, variables and objects, with values of every type."""

# ruff: noqa: E501 - values, as many to a line as there may be

from typing import Any

AUTOMATION, TRIGGER, LEFT, RIGHT = (f"00000000-0000-4000-8000-{tail:012x}" for tail in (0xA001, 0x101, 0x102, 0x103))
EVENT, RUN, FLOW, DEPLOYMENT, QUEUE = (
    f"00000000-0000-4000-8000-{tail:012x}" for tail in (0xE001, 0xF001, 0xF002, 0xD001, 0xC001)
)

PAYLOAD: dict[str, Any] = {
    "count": 3, "ratio": 0.25, "whole": 2.0, "ok": True, "off": False, "nothing": None, "name": "Ann", "empty": "", "zero": 0,
    "html": "<b>Tom & 'Jerry'</b> \"quoted\"", "uni": "héllo ☃ 𝄞 ß", "numstr": "42", "floatstr": " 1.5 ", "jsonstr": "{\"x\": 1}",
    "boolstr": "true", "list": [1, "two", None, {"k": "v"}], "names": ["Zoe", "amy", "Bob", "amy"], "numbers": [3, 1, 2, 1.5, -4],
    "nested": {"a": {"b": [10, 20]}, "c": None}, "two words": "spaced", "items": ["i1", "i2"], "keys": "shadowed", "lines": "one\ntwo\n",
    "big": 9007199254740993, "neg": -7, "emptylist": [], "emptydict": {}, "secs": 3725, "tiny": 1e-07, "huge": 1e300, "words": "the quick  brown fox",
    "people": [{"name": "Zoe", "age": 30, "city": "Oslo"}, {"name": "amy", "age": 7}, {"name": "Bob", "age": 30, "city": "Rome"}],
    "url": f"see http://ui.example/runs/flow-run/{RUN} please", "when": "2024-02-29T10:00:00Z", "template": "{{ event.id }}", "pairs": [["a", 1], ["b", 2]],
    "mixed": [True, 0, "x", None, 2.5, [], {}], "d": {"z": 1, "B": 2, "a": "x"}, "space": "  padded\t", "upper": "LOUD", "_private": "p", "ünï": 1,
}  # fmt: skip
PLAIN_TRIGGER = {
    "type": "event",
    "id": TRIGGER,
    "posture": "Reactive",
    "expect": ["boiler.overheated"],
    "threshold": 1,
    "within": 30.0,
}
BOTH_TRIGGER = {
    "type": "compound", "id": TRIGGER, "require": "all", "within": 60.0,
    "triggers": [
        {"type": "event", "id": LEFT, "posture": "Reactive", "expect": ["a"], "threshold": 1, "within": 0.0},
        {"type": "event", "id": RIGHT, "posture": "Reactive", "expect": ["b"], "threshold": 1, "within": 0.0},
    ],
}  # fmt: skip


def _event(
    name: str, resource: dict[str, str], payload: dict[str, Any], *related: dict[str, str], tail: int = 0xE001
) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{tail:012x}", "occurred": "2024-03-01T12:00:00.123456Z", "received": "2024-03-01T12:00:01Z", "event": name,
        "resource": resource, "related": list(related), "payload": payload,
    }  # fmt: skip


def _firing(
    trigger: str, event: dict[str, Any] | None, labels: dict[str, str], *children: dict[str, Any]
) -> dict[str, Any]:
    return {
        "trigger": trigger,
        "triggered": "2024-03-01T12:00:02Z",
        "labels": labels,
        "event": event,
        "children": list(children),
    }


def _related(id_: str, role: str, **labels: str) -> dict[str, str]:
    return {
        "prefect.resource.id": id_,
        "prefect.resource.role": role,
        **{f"prefect.resource.{name}": value for name, value in labels.items()},
    }


def _run(**labels: str) -> dict[str, Any]:
    resource = {"prefect.resource.id": f"prefect.flow-run.{RUN}", "prefect.resource.name": "brave-otter"}
    return _event(
        "prefect.flow-run.Failed",
        resource | {f"prefect.state-{name}": value for name, value in labels.items()},
        {},
        _related(f"prefect.flow.{FLOW}", "flow", name="etl"),
        _related(f"prefect.deployment.{DEPLOYMENT}", "deployment", name="nightly"),
        _related("prefect.work-pool.nope", "work-pool"),
        _related(f"prefect.work-queue.old.{QUEUE}", "work-queue"),
    )


STATE = {"message": "it broke", "name": "Failed", "timestamp": "2024-03-01T12:00:00+00:00", "type": "FAILED"}
LABELS = {
    "zone": "cellar",
    "prefect.resource.id": "boiler.7",
    "a": "one",
    "a.b": "two",
    "a.b.c": "three",
    "x.y": "deep",
}
BOILER = _event(
    "boiler.overheated",
    {
        "prefect.resource.id": "boiler.7",
        "prefect.resource.name": "Boiler Seven",
        "zone": "cellar",
        "zone.floor": "-1",
        "maker": "Acme",
        "id": "own",
    },
    PAYLOAD,
    _related("site.1", "site", name="North"),
    _related("person.1", "owner", name="Ann"),
    _related("person.2", "owner", name="Ben"),
    _related("thing.1", "thing"),
)
LEFT_EVENT, RIGHT_EVENT = (
    _event(name, {"prefect.resource.id": f"r.{name}"}, {"n": n}, tail=0xE001 + n) for n, name in ((1, "a"), (2, "b"))
)
FIXTURES: dict[str, dict[str, Any]] = {
    "automation": {
        "plain": {
            "id": AUTOMATION, "name": "Watch the boiler", "description": "keeps an eye on it", "tags": ["heat", "night"], "enabled": True,
            "trigger": PLAIN_TRIGGER, "actions": [],
        },
        "both": {"id": AUTOMATION, "name": "Both <at> once", "trigger": BOTH_TRIGGER, "actions": []},
    },
    "firing": {
        "boiler": _firing(TRIGGER, BOILER, LABELS),
        "both": _firing(TRIGGER, RIGHT_EVENT, {}, _firing(LEFT, LEFT_EVENT, {}), _firing(RIGHT, RIGHT_EVENT, {})),
        "silence": _firing(TRIGGER, None, {"zone": "attic"}),
        "run": _firing(TRIGGER, _run(**STATE), {}),
        "stateless": _firing(TRIGGER, _run(), {}),
        "half": _firing(TRIGGER, _run(name="Failed", type="FAILED"), {}),
        "odd": _firing(TRIGGER, _run(**STATE | {"type": "ANNIHILATED"}), {}),
    },
    "variables": {
        "some": {"city": "Oslo", "limit": 12, "flags": {"a": True, "b": [1, 2]}, "hosts": ["h1", "h2"], "quoted": '"q"', "nothing": None, "tmpl": "{{ event.payload.count }}", "json": "[1, 2]", "no": False},
        "none": {},
    },
    "objects": {
        "all": {
            f"prefect.flow-run.{RUN}": {
                "id": RUN, "name": "brave-otter", "flow_id": FLOW, "deployment_id": DEPLOYMENT, "tags": ["x", "y"], "parameters": {"n": 5}, "run_count": 2,
                "state_type": "RUNNING", "state_name": "Running", "state": {"type": "RUNNING", "name": "Running", "message": "now", "timestamp": "2024-03-01T12:00:05Z"},
            },
            f"prefect.flow.{FLOW}": {"id": FLOW, "name": "etl", "tags": []},
            f"prefect.deployment.{DEPLOYMENT}": {"id": DEPLOYMENT, "name": "nightly", "flow_id": FLOW, "paused": False, "tags": ["prod"], "parameters": {"n": 5}},
        },
        "none": {},
    },
}  # fmt: skip
