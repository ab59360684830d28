"""States of a flow run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from whenflow.events.times import iso, parse_iso

MAX_MESSAGE_CHARS = 2_000


class StateType(StrEnum):
    """What kind of state a run is in; several names may share a type."""

    SCHEDULED = "SCHEDULED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    CRASHED = "CRASHED"
    PAUSED = "PAUSED"
    CANCELLING = "CANCELLING"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows any more."""
        return self in FINAL


FINAL = frozenset({StateType.COMPLETED, StateType.FAILED, StateType.CANCELLED, StateType.CRASHED})


@dataclass(frozen=True, slots=True)
class StateDetails:
    """What else is known of a state (SPEC 6.1: `state_details`).

    Attributes:
        scheduled_time: When the run is to start; None in a SCHEDULED state means at once.
        transition_id: Who put the run into this state; the same one finds it done, another is refused.
    """

    scheduled_time: datetime | None = None
    transition_id: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the details as the API shows them."""
        return {
            "scheduled_time": iso(self.scheduled_time) if self.scheduled_time else None,
            "transition_id": self.transition_id,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "StateDetails":
        """Read what `as_document` wrote; what it lacks is not known."""
        at = document.get("scheduled_time")
        return cls(parse_iso(at) if at else None, document.get("transition_id"))


@dataclass(frozen=True, slots=True)
class State:
    """One state of one run; `id` is also the id of the event that tells of it."""

    id: str
    type: StateType
    name: str
    timestamp: datetime
    message: str | None = None
    details: StateDetails = field(default_factory=StateDetails)

    @property
    def expected(self) -> datetime:
        """When a run in this state is to start, or, past that, when it came into it."""
        return self.details.scheduled_time or self.timestamp

    def as_document(self) -> dict[str, Any]:
        """Return the state as the API shows it."""
        details = self.details.as_document()
        if self.type == StateType.SCHEDULED:
            details["scheduled_time"] = iso(self.expected)
        return self._in_short() | {"state_details": details}

    def as_stored(self) -> dict[str, Any]:
        """Return what the run store keeps: of the details, those that are known."""
        known = {name: value for name, value in self.details.as_document().items() if value is not None}
        return self._in_short() | ({"details": known} if known else {})

    def _in_short(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": str(self.type),
            "name": self.name,
            "timestamp": iso(self.timestamp),
            "message": self.message,
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "State":
        """Read what `as_stored` wrote."""
        return cls(
            id=document["id"],
            type=StateType(document["type"]),
            name=document["name"],
            timestamp=parse_iso(document["timestamp"]),
            message=document.get("message"),
            details=StateDetails.from_document(document.get("details", {})),
        )
