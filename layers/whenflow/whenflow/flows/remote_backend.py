"""What flows and tasks ask of Whenflow, by the REST API: for code outside the stack."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from whenflow.errors import NotFound, Transient, WhenflowError
from whenflow.events import Event, iso
from whenflow.flows.backend import NO_DETAILS
from whenflow.flows.remote import Client, RemoteClient
from whenflow.limits import Holder, Mode, Taken
from whenflow.ports import Clock, Ids, LogLine
from whenflow.runs import FlowRun, Refused, State, StateDetails, StateType
from whenflow.runs.task_runs import TaskRun
from whenflow.runs.transitions import Status, Verdict

if TYPE_CHECKING:
    from whenflow.deployments import RunRequest

CREATED = 201
MAX_EVENTS = 500
LIMITS = "/v2/concurrency_limits"
MAX_REQUEST_BYTES = 4_000_000
OF_A_RUN = frozenset(one.name for one in fields(FlowRun)) - {"states", "version", "launch"}
FIELDS_OF_REQUEST = (
    "parameters",
    "name",
    "idempotency_key",
    "job_variables",
    "context",
    "labels",
    "empirical_policy",
    "parent_task_run_id",
    "work_queue_name",
)


@dataclass(frozen=True, slots=True)
class RemoteBackend:
    """The API of one Whenflow, with a clock and ids of this machine."""

    client: Client
    clock: Clock
    ids: Ids
    _flows: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> "RemoteBackend | None":
        """Return the API that the environment or a running local stack names, if any."""
        from whenflow.aws.system import SystemClock, SystemIds

        client = RemoteClient.from_environment()
        return cls(client, SystemClock(), SystemIds(shards=1)) if client else None

    def put(self, event: Event) -> Event | None:
        """Send an event; sent again, it is stored once."""
        self.client.call("POST", "/events", [event.as_document()])
        return event

    def put_many(self, events: Sequence[Event]) -> Sequence[Event | Exception]:
        """Send events, as many at a time as one request holds; return each event, or why it was not stored.

        Where a request is refused, its events are sent again one by one, so that each has its own verdict.
        """
        answers: list[Event | Exception] = []
        for some in _requests(events):
            try:
                self.client.call("POST", "/events", [event.as_document() for event in some])
            except Transient as error:
                answers += [error] * len(some)
            except WhenflowError as error:
                answers += [error] if len(some) == 1 else [self._verdict(event) for event in some]
            else:
                answers += some
        return answers

    def _verdict(self, event: Event) -> Event | Exception:
        try:
            self.put(event)
        except WhenflowError as error:
            return error
        return event

    def make_run(self, run: FlowRun) -> FlowRun:
        """Store a run that no deployment launches."""
        flow_id = self._flows.get(run.flow_name)
        if flow_id is None:
            flow_id = self._flows[run.flow_name] = self.client.call("POST", "/flows/", {"name": run.flow_name})[1]["id"]
        _, document = self.client.call(
            "POST",
            "/flow_runs/",
            {
                "flow_id": flow_id,
                "name": run.name,
                "parameters": run.parameters,
                "tags": list(run.tags),
                "idempotency_key": run.idempotency_key,
                "parent_task_run_id": run.parent_task_run_id,
                "empirical_policy": dict(run.empirical_policy),
                "labels": dict(run.labels),
                "state": {"type": str(run.state.type), "name": run.state.name},
            },
        )
        return self._run(document)

    def start(self, run_id: str, launch: str, beats: float | None = None) -> FlowRun | Refused:
        """Claim a run: nobody else runs one that this process made."""
        verdict = self.move(run_id, StateType.RUNNING, details=StateDetails(heartbeat_seconds=beats))
        started = verdict.status == Status.ACCEPT or verdict.run.state.type == StateType.RUNNING
        return replace(verdict.run, launch=launch) if started else Refused(verdict.reason or "")

    def move(
        self,
        run_id: str,
        type_: StateType,
        name: str | None = None,
        message: str | None = None,
        details: StateDetails = NO_DETAILS,
        *,
        force: bool = False,
        known: FlowRun | None = None,  # noqa: ARG002 - the API reads it in any case
    ) -> Verdict:
        """Propose a state for a run."""
        state = {
            "type": str(type_),
            "name": name,
            "message": message,
            "state_details": {key: value for key, value in details.as_stored().items() if value is not None},
        }
        _, answer = self.client.call("POST", f"/flow_runs/{run_id}/set_state", {"state": state, "force": force})
        told = answer.get("details") or {}
        status = Status(answer["status"])
        return Verdict(status, self.get_run(run_id), told.get("reason"), float(told.get("delay_seconds") or 0))

    def get_run(self, run_id: str) -> FlowRun:
        """Return a run as it is now."""
        return self._run(self.client.call("GET", f"/flow_runs/{run_id}")[1])

    def set_policy(self, run_id: str, policy: Mapping[str, Any]) -> None:
        """Put something into a run's `empirical_policy`."""
        present = self.get_run(run_id).empirical_policy
        if {**present, **policy} != present:
            self.client.call("PATCH", f"/flow_runs/{run_id}", {"empirical_policy": {**present, **policy}})

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        documents = [
            {
                "flow_run_id": run_id,
                "task_run_id": line.task_run_id,
                "timestamp": iso(line.timestamp),
                "level": line.level,
                "name": line.name,
                "message": line.message,
            }
            for line in lines
        ]
        if documents:
            self.client.call("POST", "/logs/", documents)

    def keep_task_runs(self, group: str, pack: str, rows: Sequence[TaskRun]) -> None:
        """Do nothing: the API takes task runs from their events."""

    def deployment(self, name: str) -> Mapping[str, Any]:
        """Return a deployment by its id or as `flow/deployment`."""
        path = f"/deployments/{name}" if _is_uuid(name) else f"/deployments/name/{quote(name, safe='/')}"
        found: Mapping[str, Any] = self.client.call("GET", path)[1]
        return found

    def run_deployment(self, deployment: Mapping[str, Any], request: "RunRequest") -> tuple[FlowRun, bool]:
        """Make a run of a deployment."""
        body = {name: value for name in FIELDS_OF_REQUEST if (value := getattr(request, name))}
        body |= {"parameters": dict(request.parameters), "tags": list(request.tags)}
        if request.state:
            details = {key: value for key, value in request.state.details.as_stored().items() if value}
            body["state"] = {
                "type": str(request.state.type),
                "name": request.state.name,
                "state_details": details,
            }
        status, document = self.client.call("POST", f"/deployments/{deployment['id']}/create_flow_run", body)
        return self._run(document), status == CREATED

    def delay(self, task_run: TaskRun, parameters: Mapping[str, Any]) -> None:
        """Hand a task to a worker."""
        document = task_run.as_stored() | {"parameters": dict(parameters), "state": task_run.state.as_document()}
        self.client.call("POST", "/task_runs/", document)

    def take_slots(
        self, names: Sequence[str], slots: int, mode: Mode, lease: timedelta | None, holder: Holder | None
    ) -> Taken:
        """Take slots of concurrency limits."""
        body: dict[str, Any] = {"names": list(names), "slots": slots, "mode": str(mode)}
        if lease is None:
            limits = self.client.call("POST", f"{LIMITS}/increment", body)[1]
            return Taken("", [_Facts(**one) for one in limits])
        body["lease_duration"] = lease.total_seconds()
        if holder:
            body["holder"] = {"type": holder.type, "id": holder.id}
        _, answer = self.client.call("POST", f"{LIMITS}/increment-with-lease", body)
        return Taken(answer["lease_id"], [_Facts(**one) for one in answer["limits"]])

    def renew_slots(self, lease_id: str, lease: timedelta) -> bool:
        """Have a lease run out later; False where it has run out."""
        try:
            self.client.call("POST", f"{LIMITS}/leases/{lease_id}/renew", {"lease_duration": lease.total_seconds()})
        except NotFound:
            return False
        return True

    def give_back_slots(self, lease_id: str) -> None:
        """Give back the slots of a lease."""
        self.client.call("POST", f"{LIMITS}/decrement-with-lease", {"lease_id": lease_id})

    def _run(self, document: Mapping[str, Any]) -> FlowRun:
        known = {name: value for name, value in document.items() if name in OF_A_RUN and value is not None}
        state = document["state"]
        stored = State.from_stored(state | {"details": state.get("state_details") or {}}).as_stored()
        blank = dict.fromkeys(("flow_name", "deployment_id", "deployment_name", "work_pool_name"))
        return FlowRun.from_stored({**blank, "flow_name": "", **known, "states": [stored]}, version=0)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the API tells of a limit."""

    id: str
    name: str
    limit: int


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _requests(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut events into parts that a request holds."""
    part: list[Event] = []
    size = 0
    for event in events:
        length = len(json.dumps(event.as_document()))
        if part and (len(part) == MAX_EVENTS or size + length > MAX_REQUEST_BYTES):
            yield part
            part, size = [], 0
        part.append(event)
        size += length
    if part:
        yield part
