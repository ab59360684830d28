"""The set `matching`, asked of Prefect's engine."""

from collections.abc import Mapping
from typing import Any

from prefect.server.events.schemas.automations import EventTrigger
from prefect.server.events.schemas.events import (
    ReceivedEvent,
    RelatedResource,
    Resource,
    ResourceSpecification,
    matches,
)

MOMENT = "2024-03-01T12:00:00Z"
EVENT_ID = "00000000-0000-4000-8000-00000000e001"


def answer(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> Any:
    """Return what the engine says to a case."""
    match case["kind"]:
        case "value":
            return matches(case["pattern"], case["value"])
        case "spec":
            return ResourceSpecification(case["spec"]).matches(Resource(case["resource"]))
        case "includes":
            return ResourceSpecification(case["spec"]).includes([RelatedResource(one) for one in case["resources"]])
        case "covers":
            return _covers(case["trigger"], _event(case["event"]))
        case "label":
            return _event(case["event"]).find_resource_label(case["label"])
        case "key":
            trigger = EventTrigger(posture="Reactive", for_each=case["for_each"])
            return {"labels": sorted(trigger.for_each), "key": list(trigger.bucketing_key(_event(case["event"])))}
        case "every-of-kind":
            return ResourceSpecification(case["spec"]).matches_every_resource_of_kind(case["prefix"])
        case other:
            raise ValueError(f"there is no kind '{other}' of matching case")


def _covers(given: Mapping[str, Any], event: ReceivedEvent) -> dict[str, bool]:
    """Ask the engine, with patterns of names in which only `*` is special and stands for one character or more."""
    names = {field: [_name_glob(name) for name in given.get(field, ())] for field in ("expect", "after")}
    trigger = EventTrigger(posture="Reactive", **{**given, **names})
    starts, expects = trigger.starts_after(event.event), trigger.expects(event.event)
    interested = bool(event.event) and (starts or expects) and trigger.covers_resources(event.resource, event.related)
    return {"interested": interested, "starts": starts, "expects": expects}


def _name_glob(pattern: str) -> str:
    classes = {"*": "?*", "?": "[?]", "[": "[[]"}
    negation = "[\0!]" if pattern.startswith("!") else ""
    return negation + "".join(classes.get(one, one) for one in (pattern[1:] if negation else pattern))


def _event(document: Mapping[str, Any]) -> ReceivedEvent:
    given = {"event": "x", "resource": {"prefect.resource.id": "r"}, **document}
    return ReceivedEvent.model_validate({"id": EVENT_ID, "occurred": MOMENT, "received": MOMENT, **given})
