"""The sets `triggers_hand` and `triggers_random`: scenarios of events and time, and the firings that they must give."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from whenflow.actions.lifecycle import action_triggered, automation_triggered
from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.firing import Firing, firing_of
from whenflow.automations.model import Automation
from whenflow.automations.ordering import Order, Outcome, receive, release_lost
from whenflow.automations.state import Fired, State
from whenflow.events import RESOURCE_ID, Event, iso, parse_iso
from whenflow.testing.doubles import SequentialIds

START = "2000-01-01T00:00:00Z"


def run(case: Mapping[str, Any], _fixtures: Mapping[str, Any]) -> tuple[Any, Any]:
    """Play a case; return what was expected and what came, in the same form."""
    play = _Play(case)
    for index, step in enumerate(case["steps"]):
        play.step(index, step)
    expect = case["expect"]
    detailed = any("actions" in firing or "state_events" in firing for firing in expect["firings"])
    several = len(case["automations"]) > 1
    expected = {
        "firings": _sorted([_expected(firing) for firing in expect["firings"]]),
        "outcomes": expect.get("outcomes", {}),
    }
    got = {
        "firings": _sorted([_seen(step, one, several, detailed) for step, one in play.firings]),
        "outcomes": play.outcomes if expected["outcomes"] or "outcomes" in expect else {},
    }
    return expected, got


class _Play:
    """One scenario, with its engine and state."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        self.engine = Engine(_automation(document) for document in case["automations"])
        self.state, self.order = State(), Order()
        self.firings: list[tuple[int, AutomationFired]] = []
        self.outcomes: dict[str, str] = {}
        first = _moment(case["steps"][0]) if case["steps"] else parse_iso(START)
        for automation in self.engine.automations():
            self.engine.stand_up(automation.id, self.state, first)

    def step(self, index: int, step: Mapping[str, Any]) -> None:
        now = _moment(step)

        def process(event: Event) -> None:
            self.firings.extend((index, one) for one in self.engine.on_event(self.state, event, now))

        if "event" in step:
            outcome = receive(self.order, _event(step["event"], now), now, process)
            if outcome != Outcome.PROCESSED:
                self.outcomes[str(index)] = str(outcome)
        if "tick" in step or "proactive" in step:
            fired = self.engine.on_time(self.state, now + self.order.offset, now)
            self.firings.extend((index, one) for one in fired)
        if "tick" in step or "sweep" in step:
            release_lost(self.order, now, process)
        self._change(step, now)

    def _change(self, step: Mapping[str, Any], now: datetime) -> None:
        if "delete" in step:
            self.state.forget(self.engine.remove(step["delete"]))
        if "replace" in step:
            self._replace(_automation(step["replace"]), now)
        if "set_enabled" in step:
            automation = self.engine.automation(step["set_enabled"]["automation"])
            enabled = step["set_enabled"]["enabled"]
            if automation and automation.enabled != enabled:
                self._replace(automation.model_copy(update={"enabled": enabled}), now)

    def _replace(self, automation: Automation, now: datetime) -> None:
        compiled = self.engine.compiled(automation.id)
        if compiled:
            self.state.forget(compiled.trigger_ids)
        self.engine.put(automation)
        self.engine.stand_up(automation.id, self.state, now)


def _moment(step: Mapping[str, Any]) -> datetime:
    return parse_iso(next(step[name] for name in ("now", "tick", "proactive", "sweep") if name in step))


def _automation(document: Mapping[str, Any]) -> Automation:
    filled = {"created": START, "updated": START, "name": "", "actions": [], **document}
    return Automation.model_validate(filled)


def _event(document: Mapping[str, Any], now: datetime) -> Event:
    return Event(
        id=document["id"],
        occurred=parse_iso(document["occurred"]),
        event=document["event"],
        resource=document["resource"],
        related=tuple(document.get("related", ())),
        payload=document.get("payload", {}),
        follows=document.get("follows"),
        received=parse_iso(document["received"]) if document.get("received") else now,
    )


def _expected(firing: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(firing)
    if not shown.get("labels"):
        shown.pop("labels", None)
    if "children" in shown:
        shown["children"] = _sorted([_expected(child) for child in shown["children"]])
    if "triggered" in shown:
        shown["triggered"] = iso(parse_iso(shown["triggered"]))
    for event in shown.get("state_events", ()):
        event["occurred"] = iso(parse_iso(event["occurred"]))
    return shown


def _seen(step: int, one: AutomationFired, several: bool, detailed: bool) -> dict[str, Any]:
    shown = {"step": step, **_fired(one.fired)}
    del shown["triggered"]
    if several:
        shown["automation"] = one.automation.id
    if detailed:
        shown |= _consequences(one)
    return shown


def _fired(fired: Fired) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "trigger": fired.trigger_id,
        "triggered": iso(fired.triggered),
        "event": fired.event.id if fired.event else None,
    }
    if fired.labels:
        shown["labels"] = dict(fired.labels)
    if fired.children:
        shown["children"] = _sorted([_fired(child) for child in fired.children])
    return shown


def _consequences(one: AutomationFired) -> dict[str, Any]:
    """Return what is published and queued when an automation fires."""
    ids = SequentialIds()
    firing = firing_of(one, lambda _id: None)
    told = automation_triggered(firing, ids)
    causing = told.payload["triggering_event"]
    return {
        "actions": [_action(firing, index, told, ids) for index in range(len(firing.actions))],
        "state_events": [
            {
                "event": told.event,
                "occurred": iso(told.occurred),
                "resource": told.resource,
                "related": list(told.related),
                "triggering_labels": told.payload["triggering_labels"],
                "triggering_event": causing["id"] if causing else None,
            }
        ],
    }


def _action(firing: Firing, index: int, told: Event, ids: SequentialIds) -> dict[str, Any]:
    own = firing.event.id if firing.event else None
    linked = {labels[RESOURCE_ID] for labels in action_triggered(firing, index, ids).related}
    return {
        "index": index,
        "type": firing.actions[index]["type"],
        "event": own if firing.is_on_event(index) else "state-change",
        "links_state_change": f"prefect.event.{told.id}" in linked,
    }


def _sorted(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(shown, key=lambda one: json.dumps(one, sort_keys=True))
