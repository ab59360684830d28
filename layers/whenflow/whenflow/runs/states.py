"""States of a flow run."""

from collections.abc import Mapping
from dataclasses import dataclass
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
class State:
    """One state of one run; `id` is also the id of the event that tells of it."""

    id: str
    type: StateType
    name: str
    timestamp: datetime
    message: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the state as the API shows it."""
        return {
            "id": self.id,
            "type": str(self.type),
            "name": self.name,
            "timestamp": iso(self.timestamp),
            "message": self.message,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "State":
        """Read what `as_document` wrote."""
        return cls(
            id=document["id"],
            type=StateType(document["type"]),
            name=document["name"],
            timestamp=parse_iso(document["timestamp"]),
            message=document.get("message"),
        )
