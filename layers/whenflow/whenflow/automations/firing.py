"""The firing: an automation's trigger was met."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whenflow.events import Event, iso, named_id, parse_iso
from whenflow.events.codec import from_stored


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that an automation fired, with all that its actions need.

    Attributes:
        id: Derived from automation, trigger, key and closing event, so that the same firing found twice is one.
        triggered: When it was found, on the wall clock.
        labels: The values of the trigger's `for_each` labels.
        event: The event that closed it.
        actions: The automation's actions as they were then.
    """

    id: str
    automation_id: str
    automation_name: str
    trigger_id: str
    triggered: datetime
    event: Event
    actions: Sequence[Mapping[str, Any]]
    labels: Mapping[str, str]
    posture: str = "Reactive"

    def as_stored(self) -> dict[str, Any]:
        """Return what the firing store keeps."""
        return {
            "id": self.id,
            "automation_id": self.automation_id,
            "automation_name": self.automation_name,
            "trigger_id": self.trigger_id,
            "triggered": iso(self.triggered),
            "event": self.event.as_document(),
            "actions": list(self.actions),
            "labels": self.labels,
            "posture": self.posture,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "Firing":
        """Read what `as_stored` wrote."""
        values = dict(document)
        values["triggered"] = parse_iso(values["triggered"])
        values["event"] = from_stored(values["event"])
        return cls(**values)


def firing_id(automation_id: str, trigger_id: str, key: Sequence[str], closed_by: str) -> str:
    """Return the id of the firing that this event closes for this key."""
    return named_id("firing", automation_id, trigger_id, *key, closed_by)
