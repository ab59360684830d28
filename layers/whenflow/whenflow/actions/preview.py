"""What the actions of an automation would do on an event: with the code that does it, and without doing it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from whenflow.actions.paper import PaperTools
from whenflow.actions.perform import ActionPerformer
from whenflow.automations.backtest import Backtest
from whenflow.automations.firing import Firing
from whenflow.automations.model import Automation
from whenflow.events import Event, named_id

FAILED = "prefect.automation.action.failed"


def preview(automation: Automation, event: Event | None, paper: PaperTools) -> dict[str, Any]:
    """Return what each action would do, as JSON.

    `fires` tells whether the event by itself makes the automation fire. Where it does not, because it takes more
    events, or other ones, or time, the actions are shown as they would be if it did.

    Args:
        automation: It may be a draft.
        event: The event that closes the firing; None for one that time closes.
        paper: The tools, with which nothing is done.
    """
    real = _alone(automation, event) if event else None
    fired = real or _supposed(automation, event, paper)
    fired = replace(fired, id=named_id("preview", fired.id))
    actions = [
        *_performed(fired, paper, len(automation.actions), "trigger"),
        *_performed(_resolved(fired, automation), paper, 0, "resolve"),
    ]
    return {
        "automation": {"id": automation.id, "name": automation.name},
        "event_id": event.id if event else None,
        "fires": real is not None,
        "labels": dict(fired.labels),
        "actions": actions,
    }


def _performed(firing: Firing, paper: PaperTools, on_event: int, otherwise: str) -> Iterator[dict[str, Any]]:
    """Yield what comes of each action of a firing."""
    performer = ActionPerformer(paper.tools)
    for index, action in enumerate(firing.actions):
        paper.taken()
        error: Exception | None = None
        try:
            performer.perform(firing, index)
        except Exception as raised:  # the edge of one action: where it is done, it would be tried again
            error = raised
        effects, told = paper.taken()
        shown = {"index": index, "type": action["type"], "on": "event" if index < on_event else otherwise}
        yield shown | _outcome(error, told) | {"would": effects}


def _outcome(error: Exception | None, told: list[Event]) -> dict[str, Any]:
    if error is not None:
        return {"outcome": "retried", "reason": f"{type(error).__name__}: {error}"}
    failed: Mapping[str, Any] | None = next((one.payload for one in told if one.event == FAILED), None)
    if failed is None:
        return {"outcome": "executed"}
    more = {name: value for name, value in failed.items() if name in {"template_error", "validation_error"}}
    return {"outcome": "failed", "reason": failed.get("reason"), **more}


def _alone(automation: Automation, event: Event) -> Firing | None:
    """Return the firing that the event makes by itself."""
    found = (one.firing for one in Backtest([automation]).play([event]))
    return next((firing for firing in found if firing.event is not None and firing.event.id == event.id), None)


def _supposed(automation: Automation, event: Event | None, paper: PaperTools) -> Firing:
    """Return the firing that there would be if the event closed one."""
    now = paper.tools.clock.now()
    trigger = automation.trigger
    keys = getattr(trigger, "for_each", ()) if event else ()
    return Firing(
        id=named_id("supposed", automation.id, event.id if event else ""),
        automation_id=automation.id,
        automation_name=automation.name,
        trigger_id=trigger.id,
        triggered=now,
        time=event.occurred if event else now,
        event=event,
        actions=_documents(automation, "actions", "actions_on_trigger"),
        on_event=len(automation.actions),
        labels={label: event.find_label(label) or "" for label in keys} if event else {},
        trigger_type=trigger.type,
        posture=automation.posture,
    )


def _resolved(fired: Firing, automation: Automation) -> Firing:
    """Return the firing by which the automation would resolve, with the actions that only then are done."""
    id_ = named_id("resolved", fired.id)
    actions = _documents(automation, "actions_on_resolve")
    return replace(fired, id=id_, actions=actions, on_event=0, is_resolved=True)


def _documents(automation: Automation, *fields: str) -> list[Mapping[str, Any]]:
    return [action.model_dump(mode="json") for field in fields for action in getattr(automation, field)]
