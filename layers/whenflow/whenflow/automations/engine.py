"""The engine: what an event means to the automations. A function of its arguments and nothing else."""

from collections.abc import Iterable
from datetime import datetime

from whenflow.automations.firing import Firing, firing_id
from whenflow.automations.matching import any_name_matches, met_by, satisfies
from whenflow.automations.model import Automation, EventTrigger
from whenflow.events import Event

NEVER_EVALUATED = "prefect.log.write"


def on_event(automations: Iterable[Automation], event: Event, now: datetime) -> list[Firing]:
    """Return the firings that this event closes, in the order of the automations."""
    if event.event == NEVER_EVALUATED:
        return []
    return [
        _fire(automation, event, now)
        for automation in automations
        if automation.enabled and covers(automation.trigger, event)
    ]


def covers(trigger: EventTrigger, event: Event) -> bool:
    """Tell whether a trigger looks at this event: its name, its resource, its related resources."""
    if not event.event or (trigger.expect and not any_name_matches((*trigger.expect, *trigger.after), event.event)):
        return False
    if not satisfies(event.resource, trigger.match):
        return False
    return all(met_by(event.related, specification) for specification in trigger.related_specifications)


def key_of(trigger: EventTrigger, event: Event) -> tuple[str, ...]:
    """Return the values of the trigger's `for_each` labels; a missing one is the empty text."""
    return tuple(event.find_label(label) or "" for label in trigger.for_each)


def _fire(automation: Automation, event: Event, now: datetime) -> Firing:
    key = key_of(automation.trigger, event)
    return Firing(
        id=firing_id(automation.id, automation.trigger.id, key, event.id),
        automation_id=automation.id,
        automation_name=automation.name,
        trigger_id=automation.trigger.id,
        triggered=now,
        event=event,
        actions=[action.model_dump(mode="json") for action in automation.actions],
        labels=dict(zip(automation.trigger.for_each, key, strict=True)),
        posture=automation.trigger.posture,
    )
