"""The set `matching`: globs, specifications, which trigger looks at which event, labels and keys."""

from collections.abc import Mapping
from typing import Any

from whenflow.automations.compiled import Watch, compile_automation
from whenflow.automations.matching import admits_every, met_by, satisfies, value_matches
from whenflow.automations.model import Automation
from whenflow.events import RESOURCE_ID, Event, parse_iso

MOMENT = parse_iso("2024-03-01T12:00:00Z")


def run(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> tuple[Any, Any]:
    """Ask what a case asks; return what was expected and what came."""
    return case["expect"], _ask(case)


def _ask(case: Mapping[str, Any]) -> Any:
    match case["kind"]:
        case "value":
            return value_matches(case["pattern"], case["value"])
        case "spec":
            return satisfies(case["resource"], case["spec"])
        case "includes":
            return met_by(case["resources"], case["spec"])
        case "covers":
            watch, event = _watch(case["trigger"]), _event(case["event"])
            return {"interested": watch.looks_at(event), "starts": watch.starts(event), "expects": watch.expects(event)}
        case "label":
            return _event(case["event"]).find_label(case["label"])
        case "key":
            watch = _watch({"for_each": case["for_each"]})
            return {"labels": list(watch.for_each), "key": list(watch.key_of(_event(case["event"])))}
        case "every-of-kind":
            return admits_every(case["prefix"], case["spec"])
        case other:
            raise ValueError(f"there is no kind '{other}' of matching case")


def _watch(trigger: Mapping[str, Any]) -> Watch:
    document = {
        "id": "a",
        "name": "",
        "created": MOMENT,
        "updated": MOMENT,
        "actions": [],
        "trigger": {"type": "event", "posture": "Reactive", **trigger},
    }
    return compile_automation(Automation.model_validate(document), 0).watches[0]


def _event(document: Mapping[str, Any]) -> Event:
    return Event(
        id="e",
        occurred=MOMENT,
        event=document.get("event", "x"),
        resource=document.get("resource", {RESOURCE_ID: "r"}),
        related=tuple(document.get("related", ())),
        received=MOMENT,
    )
