"""The firing, as it is stored: with all that its actions need."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whenflow.automations.engine import AutomationFired
from whenflow.automations.state import AnyEvent, fired_document
from whenflow.events import Event, iso, parse_iso
from whenflow.events.codec import from_stored


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that an automation fired.

    Attributes:
        id: Derived from automation, trigger, key and what closed it, so that the same firing found twice is one.
        trigger_type: `event`, `compound`, `sequence` or `metric`.
        posture: Of an event trigger.
        triggered: When it was found, on the wall clock.
        time: The moment of event time that it belongs to.
        labels: The values of the trigger's `for_each` labels.
        event: The event that closed it; None where the absence of events did.
        actions: The automation's actions as they were then: first those on the event, then those on the firing itself.
        on_event: How many of the actions are on the event.
        children: Of a composite, the firings it used; their events by id.
        is_resolved: A metric is good again.
        value: What a metric measured.
    """

    id: str
    automation_id: str
    automation_name: str
    trigger_id: str
    triggered: datetime
    time: datetime
    event: Event | None
    actions: Sequence[Mapping[str, Any]]
    on_event: int
    labels: Mapping[str, str]
    trigger_type: str = "event"
    posture: str | None = None
    children: Sequence[Mapping[str, Any]] = ()
    is_resolved: bool = False
    value: float | None = None

    def is_on_event(self, index: int) -> bool:
        """Tell whether an action is on the triggering event, or else on the event that the automation fired."""
        return index < self.on_event

    def as_stored(self) -> dict[str, Any]:
        """Return what the firing store keeps."""
        return {
            "id": self.id,
            "automation_id": self.automation_id,
            "automation_name": self.automation_name,
            "trigger_id": self.trigger_id,
            "trigger_type": self.trigger_type,
            "posture": self.posture,
            "triggered": iso(self.triggered),
            "time": iso(self.time),
            "labels": dict(self.labels),
            "event": self.event.as_document() if self.event else None,
            "actions": list(self.actions),
            "on_event": self.on_event,
            "children": list(self.children),
            "is_resolved": self.is_resolved,
            "value": self.value,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Firing":
        """Read what `as_stored` wrote."""
        values = dict(document)
        for name in ("triggered", "time"):
            values[name] = parse_iso(values[name])
        values["event"] = from_stored(values["event"]) if values["event"] else None
        return cls(**values)


def firing_of(one: AutomationFired, find: Callable[[str], Event | None]) -> Firing:
    """Return the firing to be stored.

    Args:
        one: What the engine found.
        find: Finds an event by its id, for windows that remember no more of it.
    """
    automation, fired = one.automation, one.fired
    on_firing = automation.actions_on_resolve if one.is_resolved else automation.actions_on_trigger
    actions = [*automation.actions, *on_firing]
    return Firing(
        id=fired.id,
        automation_id=automation.id,
        automation_name=automation.name,
        trigger_id=fired.trigger_id,
        triggered=fired.triggered,
        time=fired.time,
        event=_whole(fired.event, find),
        actions=[action.model_dump(mode="json") for action in actions],
        on_event=len(automation.actions),
        labels=dict(fired.labels),
        trigger_type=automation.trigger.type,
        posture=automation.posture,
        children=[fired_document(child) for child in fired.children],
        is_resolved=one.is_resolved,
        value=one.value,
    )


def _whole(event: AnyEvent | None, find: Callable[[str], Event | None]) -> Event | None:
    return event if event is None or isinstance(event, Event) else find(event.id)
