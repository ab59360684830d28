"""Task runs, as their events tell of them (SPEC 6.7): built from events in any order, told any number of times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from whenflow.events import RESOURCE_NAME, Event, iso
from whenflow.runs.states import State, StateDetails, StateType

TASK_RUN = "prefect.task-run."
FLOW_RUN = "prefect.flow-run."
CLIENT = "client"
ORCHESTRATION = "prefect.orchestration"
KEPT_FIRST = 5
KEPT_STATES = 40
ALONE = "alone#"
DAY_CHARS = len("2026-11-20")
STORED_AS_IS = ("id", "name", "flow_run_id", "task_key", "dynamic_key", "cache_key", "empirical_policy", "task_inputs")


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task: within a flow run, or alone.

    Attributes:
        id: UUID.
        flow_run_id: The flow run that it belongs to; None where it stands alone.
        task_key: Which task it is, however it is named.
        dynamic_key: Tells the runs of one task in one flow run apart.
        states: Its states so far, oldest first; never empty.
        follows: By the id of a state, the id of the one before it.
        flow_run_run_count: Which attempt of the flow run it belongs to.
    """

    id: str
    name: str
    states: tuple[State, ...]
    flow_run_id: str | None = None
    task_key: str = ""
    dynamic_key: str = ""
    tags: tuple[str, ...] = ()
    cache_key: str | None = None
    empirical_policy: Mapping[str, Any] = field(default_factory=dict)
    task_inputs: Mapping[str, Any] = field(default_factory=dict)
    flow_run_run_count: int = 0
    follows: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The state it is in."""
        return self.states[-1]

    @property
    def group(self) -> str:
        """Under what it is listed: its flow run, or the day on which it was first told of."""
        return self.flow_run_id or alone_on(self.states[0].timestamp)

    @property
    def run_count(self) -> int:
        """How often it was begun."""
        return sum(state.type == StateType.RUNNING for state in self.states)

    @property
    def start_time(self) -> datetime | None:
        """When it was first begun."""
        return next((state.timestamp for state in self.states if state.type == StateType.RUNNING), None)

    @property
    def end_time(self) -> datetime | None:
        """When it ended."""
        return self.state.timestamp if self.state.type.is_final else None

    @property
    def total_run_time(self) -> float:
        """Seconds that it ran, as far as states tell."""
        pairs = zip(self.states, self.states[1:], strict=False)
        return sum(
            (after.timestamp - state.timestamp).total_seconds()
            for state, after in pairs
            if state.type == StateType.RUNNING
        )

    def as_document(self) -> dict[str, Any]:
        """Return the task run as the API shows it."""
        start, end = self.start_time, self.end_time
        return {name: getattr(self, name) for name in STORED_AS_IS} | {
            "created": iso(self.states[0].timestamp),
            "updated": iso(self.state.timestamp),
            "tags": list(self.tags),
            "labels": {},
            "task_version": None,
            "cache_expiration": None,
            "run_count": self.run_count,
            "flow_run_run_count": self.flow_run_run_count,
            "expected_start_time": iso(self.states[0].expected),
            "next_scheduled_start_time": iso(self.state.expected) if self.state.type == StateType.SCHEDULED else None,
            "start_time": iso(start) if start else None,
            "end_time": iso(end) if end else None,
            "total_run_time": self.total_run_time,
            "estimated_run_time": self.total_run_time,
            "estimated_start_time_delta": 0.0,
            "state_id": self.state.id,
            "state_type": str(self.state.type),
            "state_name": self.state.name,
            "state": self.state.as_document(),
        }

    def as_stored(self) -> dict[str, Any]:
        """Return what the store keeps: what is known."""
        known = {name: value for name in STORED_AS_IS if (value := getattr(self, name))}
        return known | {
            "states": [state.as_stored() for state in self.states],
            **({"tags": list(self.tags)} if self.tags else {}),
            **({"follows": dict(self.follows)} if self.follows else {}),
            **({"flow_run_run_count": self.flow_run_run_count} if self.flow_run_run_count else {}),
        }

    @classmethod
    def from_stored(cls, document: Mapping[str, Any]) -> "TaskRun":
        """Read what `as_stored` wrote."""
        values = {"name": "", **document}  # what is empty is not written
        values["states"] = tuple(State.from_stored(state) for state in values["states"])
        values["tags"] = tuple(values.get("tags", ()))
        return cls(**values)


def alone_on(moment: datetime) -> str:
    """Return under what the task runs are listed that were begun on a day outside of any flow."""
    return ALONE + iso(moment)[:DAY_CHARS]


def is_task_run_event(event: Event) -> bool:
    """Tell whether an event tells of a task run: by its name, its resource, and by the client that runs it."""
    return (
        event.event.startswith(TASK_RUN)
        and event.resource_id.startswith(TASK_RUN)
        and event.resource.get(ORCHESTRATION) == CLIENT
    )


def applied(present: TaskRun | None, event: Event) -> TaskRun:
    """Return a task run as it is with what an event tells; the very one that was given where that is known already.

    The order in which events come does not matter: states stand in the order of their times, and where those are the
    same, in the order in which they follow each other.

    Args:
        present: As it was known so far.
        event: Of which `is_task_run_event` is true.
    """
    state = _state_of(event)
    if present and any(known.id == state.id for known in present.states):
        return present
    follows = dict(present.follows if present else {})
    if event.follows:
        follows[state.id] = event.follows
    states = _ordered((*(present.states if present else ()), state), follows)
    told = _told(event)
    if present is None:
        return TaskRun(**told, states=states, follows=follows)
    newest = told if states[-1] is state else {}
    kept = {one.id for one in states}
    return replace(
        present,
        **{name: value for name, value in newest.items() if value},
        states=states,
        follows={id_: before for id_, before in follows.items() if id_ in kept},
    )


def merged(rows: Iterable[TaskRun]) -> list[TaskRun]:
    """Return each task run once, with the states of all that is known of it; in the order in which they began."""
    found: dict[str, TaskRun] = {}
    for row in rows:
        found[row.id] = _both(found[row.id], row) if row.id in found else row
    return sorted(found.values(), key=lambda row: (row.states[0].timestamp, row.id))


def _both(one: TaskRun, other: TaskRun) -> TaskRun:
    follows = {**one.follows, **other.follows}
    states = {state.id: state for state in (*one.states, *other.states)}
    later = max(one, other, key=lambda row: row.state.timestamp)
    return replace(later, states=_ordered(tuple(states.values()), follows), follows=follows)


def _ordered(states: Sequence[State], follows: Mapping[str, str]) -> tuple[State, ...]:
    known = {state.id for state in states}

    def depth(id_: str | None) -> int:
        steps, seen = 0, set()
        while id_ in known and id_ not in seen:
            seen.add(id_)
            steps, id_ = steps + 1, follows.get(id_)
        return steps

    ordered = tuple(sorted(states, key=lambda state: (state.timestamp, depth(state.id))))
    return ordered if len(ordered) <= KEPT_STATES else ordered[:KEPT_FIRST] + ordered[KEPT_FIRST - KEPT_STATES :]


def _state_of(event: Event) -> State:
    told = _object(event.payload.get("validated_state"))
    type_ = str(told.get("type") or event.resource.get("prefect.state-type", ""))
    name = event.resource.get("prefect.state-name") or event.event.removeprefix(TASK_RUN)
    return State(
        id=event.id,
        type=StateType(type_) if type_ in StateType.__members__ else StateType.PENDING,
        name=str(told.get("name") or name),
        timestamp=event.occurred,
        message=str(told.get("message") or "") or None,
        details=_details(_object(told.get("state_details"))),
    )


def _details(told: Mapping[str, Any]) -> StateDetails:
    try:
        return StateDetails.from_document(told)
    except (TypeError, ValueError):
        return StateDetails()


def _told(event: Event) -> dict[str, Any]:
    told = _object(event.payload.get("task_run"))
    flow_run = event.in_role("flow-run")
    run_count, tags = told.get("flow_run_run_count"), told.get("tags")
    return {
        "id": event.resource_id.removeprefix(TASK_RUN),
        "name": str(told.get("name") or event.resource.get(RESOURCE_NAME, "")),
        "flow_run_id": flow_run["prefect.resource.id"].removeprefix(FLOW_RUN) if flow_run else None,
        "task_key": str(told.get("task_key") or ""),
        "dynamic_key": str(told.get("dynamic_key") or ""),
        "tags": tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
        "cache_key": told.get("cache_key"),
        "empirical_policy": _object(told.get("empirical_policy")),
        "task_inputs": _object(told.get("task_inputs")),
        "flow_run_run_count": run_count if isinstance(run_count, int) else 0,
    }


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
