"""A flow that is called: in another flow (SPEC 6.6), or by hand. Its run is worked on in this process, retries too."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from whenflow.errors import Rejected
from whenflow.events import named_id
from whenflow.flows.backend import Backend
from whenflow.flows.companion import heartbeat_every
from whenflow.flows.context import CANCELLED, Pool, RunContext, Watch
from whenflow.flows.flow_engine import FlowCall
from whenflow.flows.interruptions import RunCancelled
from whenflow.flows.recorder import Recorder
from whenflow.flows.results import FailedRun, State
from whenflow.flows.task_engine import nap
from whenflow.flows.task_run_events import TaskTeller
from whenflow.runs import FlowRun, Refused, StateDetails, StateType
from whenflow.runs import State as RunState
from whenflow.runs.model import PARENT_RUN
from whenflow.runs.names import run_name
from whenflow.runs.targets import LAMBDA

if TYPE_CHECKING:
    from whenflow.flows.flow_definition import Flow

MAX_SHOWN_CHARS = 2_000
SOON = 0.01


class InProcess:
    """A call of a flow that is worked on here.

    In a flow that is tried again, its n-th call of a flow has the same run as before, which begins again; a process
    that died leaves none behind.
    """

    def __init__(
        self, flow: "Flow[..., Any]", outer: RunContext | None, backend: Backend, parameters: Mapping[str, Any]
    ) -> None:
        """Prepare a call, within the context of a flow or of none."""
        self._flow = flow
        self._outer = outer if outer and outer.run else None
        self._backend = backend
        self._parameters = parameters
        self._placeholder: Placeholder | None = None

    def work(self) -> State:
        """Run the flow to its end."""
        run = self._begin()
        while True:
            call = self._call(run)
            call.work(self._parameters)
            if not self._is_again(call):
                return self._end(call)
            run = self._again(call, nap.get())

    async def work_async(self) -> State:
        """Run a flow that is a coroutine function to its end."""
        run = self._begin()
        while True:
            call = self._call(run)
            await call.work_async(self._parameters)
            if not self._is_again(call):
                return self._end(call)
            await asyncio.sleep(self._seconds_until_due(call.run))
            run = self._again(call, nap.get())

    def _begin(self) -> FlowRun:
        if self._outer:
            self._outer.check()
        made = self._backend.make_run(self._new_run())
        if self._outer:
            self._placeholder = Placeholder.of(self._flow, self._outer, made)
        self._copy(made)
        return self._started(made)

    def _new_run(self) -> FlowRun:
        backend, now = self._backend, self._backend.clock.now()
        id_, parent = backend.ids.new(), self._outer.run if self._outer else None
        if self._outer and parent:
            number = self._outer.counters.next(f"flow {self._flow.name}")
            id_ = named_id("nested", parent.id, self._flow.name, str(number))
        state = RunState(backend.ids.event_id(now, f"prefect.flow-run.{id_}"), StateType.PENDING, "Pending", now)
        return FlowRun(
            id=id_,
            name=run_name(id_),
            flow_id=named_id("flow", self._flow.name),
            flow_name=self._flow.name,
            deployment_id=None,
            deployment_name=None,
            work_pool_name=None,
            parameters=shown(self._parameters),
            tags=(),
            created=now,
            states=(state,),
            idempotency_key=id_ if parent else None,
            empirical_policy=self._flow.policy,
            flow_version=self._flow.version,
            target=LAMBDA if parent and parent.target_type == LAMBDA else None,
            parent_task_run_id=backend.ids.event_id(now, self._flow.name) if parent else None,
            labels={PARENT_RUN: parent.id} if parent else {},
        )

    def _started(self, run: FlowRun) -> FlowRun:
        """Claim the run; one of an attempt before, however it ended, begins again."""
        launch = f"in the process of {self._outer.run.id}" if self._outer and self._outer.run else run.id
        beats = heartbeat_every().total_seconds()
        started = self._backend.start(run.id, launch, beats)
        if isinstance(started, Refused):
            details = StateDetails(heartbeat_seconds=beats)
            forced = self._backend.move(run.id, StateType.RUNNING, details=details, force=True)
            if forced.run.state.type != StateType.RUNNING:
                raise Rejected(f"The run of flow {self._flow.name} cannot begin: {started.reason}")
            started = forced.run
        self._copy(started)
        return started

    def _call(self, run: FlowRun) -> FlowCall:
        outer = self._outer
        inherited = bool(outer and outer.log_prints)
        context = RunContext(
            run,
            self._backend,
            Recorder(self._backend, run.id),
            Watch(run.id, self._backend, outer.watch if outer else None),
            log_prints=inherited if self._flow.log_prints is None else self._flow.log_prints,
            pool=Pool(self._flow.task_runner.max_workers),
        )
        return FlowCall(self._flow, context, self._copy)

    def _is_again(self, call: FlowCall) -> bool:
        return call.run.state.type == StateType.SCHEDULED

    def _seconds_until_due(self, run: FlowRun) -> float:
        wait = (run.due - self._backend.clock.now()).total_seconds() if run.due else 0.0
        return wait + SOON if wait > 0 else 0.0

    def _again(self, call: FlowCall, wait: Any) -> FlowRun:
        while seconds := self._seconds_until_due(call.run):
            wait(seconds)
        return self._started(call.run)

    def _end(self, call: FlowCall) -> State:
        state = call.state
        if state is None:
            return State(StateType.PAUSED, call.run.state.name, "The flow run was suspended.")
        if state.is_cancelled():
            outer = self._outer.run if self._outer else None
            if outer and self._backend.get_run(outer.id).state.type in CANCELLED:
                raise RunCancelled
            return State(state.type, state.name, state.message, error=FailedRun(f"{call.run.name}: {state.message}"))
        return state

    def _copy(self, run: FlowRun) -> None:
        if self._placeholder:
            self._placeholder.copy(run)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """The task run that stands for a flow run in the flow that called it; each state of the run is also its own."""

    teller: TaskTeller

    @classmethod
    def of(cls, flow: "Flow[..., Any]", outer: RunContext, run: FlowRun) -> "Placeholder":
        """Return the placeholder of a run that a flow called."""
        return cls(TaskTeller(outer, flow.name, flow.name, id_=run.parent_task_run_id, dynamic_key=run.id))

    def copy(self, run: FlowRun) -> None:
        """Tell of the state that the run is in now."""
        state = run.state
        details = StateDetails(others={"child_flow_run_id": run.id})
        self.teller.report(str(state.type), state.name, state.message, details)


def shown(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as a run shows them: what is no JSON as text, and not all of what is long."""
    from pydantic_core import to_jsonable_python

    plain: dict[str, Any] = to_jsonable_python(
        dict(parameters), fallback=lambda value: repr(value)[:MAX_SHOWN_CHARS], inf_nan_mode="strings"
    )
    return {name: _short(value) for name, value in plain.items()}


def _short(value: Any) -> Any:
    import json

    text = json.dumps(value)
    return value if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}… ({len(text):,} characters)"
