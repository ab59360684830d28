"""States of a flow run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from whenflow.events.times import iso, parse_iso

MAX_MESSAGE_CHARS = 2_000
LEAST_HEARTBEAT_SECONDS = 30.0
MOST_HEARTBEAT_SECONDS = 24 * 3600.0


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

SCHEDULED, LATE, AWAITING_RETRY = "Scheduled", "Late", "AwaitingRetry"
AWAITING_SLOT, RESUMING = "AwaitingConcurrencySlot", "Resuming"
PAUSED, SUSPENDED = "Paused", "Suspended"
RETRYING, TIMED_OUT = "Retrying", "TimedOut"
"""Names of states that are not those of their types. Clients may use others as well."""

KEPT = (
    "flow_run_id",
    "task_run_id",
    "child_flow_run_id",
    "cache_key",
    "cache_expiration",
    "run_input_keyset",
    "refresh_cache",
    "retriable",
    "task_parameters_id",
    "traceparent",
    "deployment_concurrency_lease_id",
)
FLAGS = {"deferred": False, "untrackable_result": False}


@dataclass(frozen=True, slots=True)
class StateDetails:
    """What else is known of a state (SPEC 6.1: `state_details`).

    Attributes:
        scheduled_time: When the run is to start; None in a SCHEDULED state means at once.
        transition_id: Who put the run into this state; the same one finds it done, another is refused.
        pause_timeout: Until when a run that is paused waits to be resumed.
        pause_reschedule: Whether the code of a paused run ended, so that resuming starts it anew (`Suspended`).
        pause_key: Names one pause of the code: it pauses once.
        heartbeat_seconds: Of a Running state: how often the process that claimed it shows that it lives, if it does.
        others: What clients keep here for themselves, by the names of `KEPT`.
    """

    scheduled_time: datetime | None = None
    transition_id: str | None = None
    pause_timeout: datetime | None = None
    pause_reschedule: bool = False
    pause_key: str | None = None
    others: Mapping[str, Any] = field(default_factory=dict)
    heartbeat_seconds: float | None = None

    def as_document(self) -> dict[str, Any]:
        """Return the details as the API shows them."""
        return {
            **dict.fromkeys(KEPT),
            **FLAGS,
            **self.others,
            "scheduled_time": _iso(self.scheduled_time),
            "transition_id": self.transition_id,
            "pause_timeout": _iso(self.pause_timeout),
            "pause_reschedule": self.pause_reschedule,
            "pause_key": self.pause_key,
            **({"heartbeat_seconds": self.heartbeat_seconds} if self.heartbeat_seconds else {}),
        }

    def as_stored(self) -> dict[str, Any]:
        """Return the details that are known."""
        return {name: value for name, value in self.as_document().items() if value not in (None, False)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "StateDetails":
        """Read what `as_document` wrote; what it lacks is not known."""
        at, until = document.get("scheduled_time"), document.get("pause_timeout")
        return cls(
            parse_iso(at) if at else None,
            document.get("transition_id"),
            parse_iso(until) if until else None,
            bool(document.get("pause_reschedule")),
            document.get("pause_key"),
            {name: document[name] for name in (*KEPT, *FLAGS) if document.get(name) not in (None, False)},
            heartbeat_interval(document.get("heartbeat_seconds")),
        )


@dataclass(frozen=True, slots=True)
class State:
    """One state of one run; `id` is also the id of the event that tells of it.

    Attributes:
        data: What a client keeps with the state, such as where the result is.
    """

    id: str
    type: StateType
    name: str
    timestamp: datetime
    message: str | None = None
    details: StateDetails = field(default_factory=StateDetails)
    data: Any = None

    @property
    def expected(self) -> datetime:
        """When a run in this state is to start, or, past that, when it came into it."""
        return self.details.scheduled_time or self.timestamp

    def as_document(self) -> dict[str, Any]:
        """Return the state as the API shows it."""
        details = self.details.as_document()
        if self.type == StateType.SCHEDULED:
            details["scheduled_time"] = iso(self.expected)
        return self._in_short() | {"data": self.data, "state_details": details}

    def as_stored(self) -> dict[str, Any]:
        """Return what the run store keeps: of the details, those that are known."""
        known = self.details.as_stored()
        data = {} if self.data is None else {"data": self.data}
        return self._in_short() | ({"details": known} if known else {}) | data

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
            data=document.get("data"),
        )


def heartbeat_interval(given: object) -> float | None:
    """Return how often a process shows that it lives, in seconds, 30 at least; None for what says nothing of that."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= MOST_HEARTBEAT_SECONDS:
        return None
    return max(LEAST_HEARTBEAT_SECONDS, float(given))


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
