"""The sets `templating` and `targets`: what the templates of actions give, and what actions work on."""

from collections.abc import Mapping
from typing import Any

from whenflow.actions.inference import target_of
from whenflow.actions.parameters import (
    InvalidJson,
    NotText,
    TemplateError,
    VariableNotFound,
    context_of,
    render_parameters,
    render_text,
)
from whenflow.automations.firing import Firing
from whenflow.automations.model import Automation, AutomationCore, automation_from_document
from whenflow.errors import Rejected
from whenflow.events import Event, event_from_document, iso, parse_iso
from whenflow.testing.conformance.documents import refusal

SITE = "http://ui.example:4200"
ACTION = ("actions", 0)
MOMENT = "2000-01-01T00:00:00Z"


def run_templating(case: Mapping[str, Any], fixtures: Mapping[str, Any]) -> tuple[Any, Any]:
    """Create a case's automation and render its action; return what was expected and what came."""
    expect = case["expect"]
    scene = _Scene(case, fixtures)
    try:
        action = scene.action()
    except Rejected as error:
        below = [fault for fault in error.faults if fault.loc[:2] == ACTION]
        return refusal(expect, below, len(ACTION))
    if expect["result"] in ("refused", "crash"):
        return {"result": "refused"}, {"result": "accepted"}
    return expect, scene.rendered(action)


class _Scene:
    """What a case names of the fixtures."""

    def __init__(self, case: Mapping[str, Any], fixtures: Mapping[str, Any]) -> None:
        self.case = case
        self.automation: Mapping[str, Any] = fixtures["automation"][case["automation"]]
        self.firing: Mapping[str, Any] = fixtures["firing"][case["firing"]]
        self.variables = fixtures["variables"][case["variables"]] if "variables" in case else {}
        self.objects = fixtures["objects"][case["objects"]] if "objects" in case else {}

    def action(self) -> dict[str, Any]:
        """Create the automation with the case's action; return the action as it is stored."""
        fields = {name: value for name, value in self.automation.items() if name in AutomationCore.model_fields}
        created = automation_from_document({**fields, "actions": [self.case["action"]]})
        return created.actions[0].model_dump(mode="json")

    def rendered(self, action: Mapping[str, Any]) -> dict[str, Any]:
        """Render what the action's type has of templates."""
        event = _event(self.firing["event"])
        context = context_of(
            self._firing(event, action), event, lookup=self._lookup, variables=lambda: self.variables, site=SITE
        )
        try:
            match action["type"]:
                case "run-deployment":
                    return {"result": "ok", "parameters": render_parameters(action["parameters"] or {}, context)}
                case "send-notification":
                    texts = {name: render_text(action[name], context) for name in ("subject", "body")}
                    return {"result": "ok", **texts}
                case "call-webhook":
                    return {"result": "ok", "payload": render_text(action["payload"], context)}
                case other:
                    raise ValueError(f"nothing is rendered for '{other}'")
        except TemplateError as error:
            return {"result": "failed", "error": _word(error, action["type"])}

    def _firing(self, event: Event | None, action: Mapping[str, Any]) -> Firing:
        given = self.firing
        return Firing(
            id=given["trigger"],
            automation_id=self.automation["id"],
            automation_name=self.automation["name"],
            trigger_id=given["trigger"],
            triggered=parse_iso(given["triggered"]),
            time=parse_iso(given["triggered"]),
            event=event,
            actions=[action],
            on_event=1,
            labels=given["labels"],
            trigger_type=self.automation["trigger"]["type"],
            children=[_stored_child(child) for child in given.get("children", ())],
        )

    def _lookup(self, kind: str, id_: str) -> Mapping[str, Any] | None:
        if kind == "automation":
            filled = {"created": MOMENT, "updated": MOMENT, **self.automation}
            return Automation.model_validate(filled).as_document()
        if kind == "event":
            found = next((one for one in _events_below(self.firing) if one["id"] == id_), None)
            event = _event(found)
            return event.as_document() if event else None
        found = self.objects.get(f"prefect.{kind}.{id_}")
        return found if isinstance(found, Mapping) else None


def _stored_child(child: Mapping[str, Any]) -> dict[str, Any]:
    """Return a child firing as the firing store has it: of its event no more than the id."""
    return {
        "id": child["trigger"],
        "trigger": child["trigger"],
        "triggered": iso(parse_iso(child["triggered"])),
        "labels": child["labels"],
        "event": child["event"]["id"] if child["event"] else None,
        "children": [_stored_child(one) for one in child.get("children", ())],
    }


def _events_below(firing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    own = [firing["event"]] if firing["event"] else []
    return own + [event for child in firing.get("children", ()) for event in _events_below(child)]


def _event(document: Mapping[str, Any] | None) -> Event | None:
    return event_from_document(dict(document), parse_iso(document["received"])) if document else None


def _word(error: TemplateError, action_type: str) -> str:
    if action_type != "run-deployment":
        return "render-failed"
    if isinstance(error, InvalidJson):
        return "invalid-json"
    if isinstance(error, NotText):
        return "other"
    return "variable-not-found" if isinstance(error, VariableNotFound) else "invalid-jinja"


def run_targets(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> tuple[Any, Any]:
    """Ask what a case's action works on; return what was expected and what came."""
    target = target_of(case["action"], _event(case["event"]), case["labels"])
    got = {"kind": target.kind}
    return case["expect"], got | ({"error": target.error} if target.id is None else {"id": target.id})
