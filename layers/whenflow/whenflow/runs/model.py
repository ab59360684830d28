"""The flow run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from whenflow.events.times import iso, parse_iso
from whenflow.runs.states import State, StateType

FLOW_RUN = "prefect.flow-run."
PARENT_RUN = "whenflow.parent-flow-run-id"
"""The label of a run by which it names the run that asked for it."""
SELDOM = (
    "context",
    "empirical_policy",
    "labels",
    "deployment_version",
    "flow_version",
    "parent_task_run_id",
    "work_queue_name",
    "target",
    "attempt",
    "auto_scheduled",
    "limited",
    "has_slot",
    "pool_slot",
    "queued",
    "run_time",
    "unknown",
)
"""What most runs have not: stored where they have it, so that a run stays within one write unit."""


@dataclass(frozen=True, slots=True)
class FlowRun:
    """One run of a flow.

    Attributes:
        id: UUID; derived from firing and action where an automation made the run, so that a repeat is the same run.
        parameters: What the flow's function is called with.
        states: All states so far, oldest first; never empty.
        created_by: Who made it: `{"id", "type", "display_value"}`, type `AUTOMATION` or `DEPLOYMENT`.
        firing_id: The firing that made it.
        event_id: The event that closed that firing.
        launch: Which launch of the run is being worked on; another launch of the same run is refused.
        version: Rises with each change; a change is stored only over the version it was made from.
        empirical_policy: `retries`, `retry_delay` in seconds, `pause_keys` that are used up.
        target: The type of its work pool, where the pool is not named after it; of a run that was called by another in
            one process, what that process runs on.
        attempt: The number of the start that it is in or before; the first is 0. News of another says nothing of it.
        auto_scheduled: Whether a schedule of the deployment made it.
        limited: Whether its deployment, or its work pool, let only so many runs work at once when it was made.
        has_slot: Whether it has one of its deployment's slots.
        pool_slot: Whether it has one of its work pool's slots.
        queued: Whose queues it stands in while it waits for a slot: ids of its deployment and its work pool.
        run_time: Seconds that it ran until its present state.
        watch: When the timer looks after it, unless it has moved on by then.
        unknown: How many answers in a row said that there is no execution of it.
    """

    id: str
    name: str
    flow_id: str
    flow_name: str
    deployment_id: str | None
    deployment_name: str | None
    work_pool_name: str | None
    parameters: Mapping[str, Any]
    tags: tuple[str, ...]
    created: datetime
    states: tuple[State, ...]
    created_by: Mapping[str, str] | None = None
    firing_id: str | None = None
    event_id: str | None = None
    idempotency_key: str | None = None
    launch: str | None = None
    run_count: int = 0
    start_time: datetime | None = None
    end_time: datetime | None = None
    job_variables: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    context: Mapping[str, Any] = field(default_factory=dict)
    empirical_policy: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    deployment_version: str | None = None
    flow_version: str | None = None
    parent_task_run_id: str | None = None
    work_queue_name: str | None = None
    target: str | None = None
    attempt: int = 0
    auto_scheduled: bool = False
    limited: bool = False
    has_slot: bool = False
    pool_slot: bool = False
    queued: tuple[str, ...] = ()
    run_time: float = 0.0
    watch: datetime | None = None
    unknown: int = 0

    @property
    def state(self) -> State:
        """The state it is in."""
        return self.states[-1]

    @property
    def due(self) -> datetime | None:
        """When its code is to be started; None where it waits for no time: it is to start at once, or has done so."""
        return self.state.details.scheduled_time if self.state.type == StateType.SCHEDULED else None

    @property
    def expected_start_time(self) -> datetime:
        """When it was first meant to start."""
        return self.states[0].expected

    @property
    def next_scheduled_start_time(self) -> datetime | None:
        """When it is to start, while it is scheduled."""
        return self.state.expected if self.state.type == StateType.SCHEDULED else None

    @property
    def is_ours(self) -> bool:
        """Whether Whenflow launches its code; else a process of the user's runs it and tells its states."""
        return self.deployment_id is not None and self.work_pool_name is not None

    @property
    def is_looked_after(self) -> bool:
        """Whether its process cannot outlive a function: Whenflow launched it, or the run that called it."""
        return self.is_ours or self.target is not None

    @property
    def target_type(self) -> str:
        """What its code is launched on."""
        return self.target or self.work_pool_name or ""

    @property
    def retries_left(self) -> int:
        """How often it may be tried again after it failed."""
        return max(0, int(self.empirical_policy.get("retries") or 0) - self.attempt)

    @property
    def parent_run_id(self) -> str | None:
        """The run that asked for it, if one did."""
        parent = self.labels.get(PARENT_RUN)
        return parent if isinstance(parent, str) else None

    def running_since(self) -> datetime | None:
        """Return when its code was started last."""
        return next((state.timestamp for state in reversed(self.states) if state.type == StateType.RUNNING), None)

    @property
    def resource_id(self) -> str:
        """Its id as a resource of events."""
        return FLOW_RUN + self.id

    def as_stored(self) -> dict[str, Any]:
        """Return what the run store keeps."""
        return {
            "id": self.id,
            "name": self.name,
            "flow_id": self.flow_id,
            "flow_name": self.flow_name,
            "deployment_id": self.deployment_id,
            "deployment_name": self.deployment_name,
            "work_pool_name": self.work_pool_name,
            "parameters": self.parameters,
            "tags": list(self.tags),
            "created": iso(self.created),
            "states": [state.as_stored() for state in self.states],
            "created_by": self.created_by,
            "firing_id": self.firing_id,
            "event_id": self.event_id,
            "idempotency_key": self.idempotency_key,
            "launch": self.launch,
            "run_count": self.run_count,
            "start_time": _iso(self.start_time),
            "end_time": _iso(self.end_time),
            "job_variables": self.job_variables,
            **{name: value for name in SELDOM if (value := getattr(self, name))},
            **({"watch": iso(self.watch)} if self.watch else {}),
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any], version: int) -> "FlowRun":
        """Read what `as_stored` wrote."""
        values = dict(document)
        values["tags"], values["queued"] = tuple(values["tags"]), tuple(values.get("queued", ()))
        values["created"] = parse_iso(values["created"])
        values["states"] = tuple(State.from_stored(state) for state in values["states"])
        for name in ("start_time", "end_time", "watch"):
            values[name] = parse_iso(values[name]) if values.get(name) else None
        return cls(**values, version=version)


def _iso(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None
