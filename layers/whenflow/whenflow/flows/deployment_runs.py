"""`run_deployment`: start another deployment's flow from here, and wait for it (SPEC 6.5)."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from whenflow.flows import runtime
from whenflow.flows.backend import Backend
from whenflow.flows.context import RunContext, current
from whenflow.flows.futures import resolved
from whenflow.flows.interruptions import RunCancelled
from whenflow.flows.subflows import Placeholder
from whenflow.flows.task_engine import nap
from whenflow.flows.task_run_events import TaskTeller
from whenflow.runs import FlowRun, StateDetails, StateType
from whenflow.runs import State as RunState
from whenflow.runs.model import FLOW_RUN, PARENT_RUN

if TYPE_CHECKING:
    from whenflow.deployments import RunRequest

LEAST_POLL = 0.1
UNSUCCESSFUL = frozenset({StateType.FAILED, StateType.CRASHED, StateType.CANCELLED})
MOST_ATTEMPTS = 100
NOBODY_WAITS = "The flow run that waits for it was cancelled."
TASK_KEY = "prefect.deployments.flow_runs.run_deployment"


def run_deployment(  # noqa: PLR0913, PLR0917 - as the field has them
    name: str,
    parameters: Mapping[str, Any] | None = None,
    scheduled_time: datetime | None = None,
    flow_run_name: str | None = None,
    timeout: float | None = None,
    poll_interval: float = 5,
    tags: Iterable[str] | None = None,
    idempotency_key: str | None = None,
    work_queue_name: str | None = None,
    as_subflow: bool = True,
    job_variables: Mapping[str, Any] | None = None,
) -> FlowRun:
    """Create a flow run of a deployment, and return it when it has ended or the time is up.

    In a flow that is tried again, the same call finds the run that it made before, unless that one has failed.

    Args:
        name: `flow/deployment`, or the id of the deployment.
        parameters: Over the deployment's own.
        scheduled_time: When it is to start; now if left out.
        flow_run_name: The name of the run.
        timeout: Seconds to wait; None for as long as it takes, 0 for not at all.
        poll_interval: Seconds between looks.
        tags: Over the deployment's own.
        idempotency_key: A key of your own: asked for again under it, it is the same run.
        work_queue_name: The queue of its work pool.
        as_subflow: Whether it is shown as part of the flow that calls.
        job_variables: Over the deployment's own.

    Returns:
        The run as it was last seen, whether it has ended or not.

    Raises:
        ValueError: `timeout` or `poll_interval` is negative.
        NotFound: There is no such deployment.
        Rejected: The parameters do not fit.
        NotConnected: Nobody said which Whenflow to ask.
    """
    if (timeout is not None and timeout < 0) or poll_interval < 0:
        raise ValueError("timeout and poll_interval must not be negative; a timeout of 0 means not to wait")
    from whenflow.deployments import RunRequest  # most flows start none: their functions start without it

    context = current.get()
    backend = context.backend if context else runtime.outside()
    if context:
        context.check()
    request = RunRequest(
        parameters=resolved(dict(parameters or {})),
        hydrate=True,
        name=flow_run_name,
        tags=tuple(tags or ()),
        idempotency_key=idempotency_key,
        job_variables=dict(job_variables or {}),
        work_queue_name=work_queue_name,
        labels={PARENT_RUN: context.run.id} if context and context.run else {},
    )
    call = _Call(backend, context, as_subflow=as_subflow)
    return call.waited(call.made(backend.deployment(name), request, scheduled_time), timeout, poll_interval)


class _Call:
    """One call, within the context of a flow or of none."""

    def __init__(self, backend: Backend, context: RunContext | None, *, as_subflow: bool) -> None:
        self._backend = backend
        self._context = context
        self._within = context if context and context.run and as_subflow else None
        self._placeholder: Placeholder | None = None
        self._shown = ""

    def made(self, deployment: Mapping[str, Any], request: "RunRequest", at: datetime | None) -> FlowRun:
        """Return the run, made now or, by an attempt before, already."""
        if self._within:
            task_run_id = self._backend.ids.event_id(self._backend.clock.now(), TASK_KEY)
            request = replace(request, parent_task_run_id=task_run_id)
        for key in self._keys(deployment, request):
            asked = self._at(deployment, replace(request, idempotency_key=key), at)
            run, is_new = self._backend.run_deployment(deployment, asked)
            if is_new or request.idempotency_key or run.state.type not in UNSUCCESSFUL:
                break
        if self._within:
            name = f"{deployment['flow_name']}/{deployment['name']}"
            teller = TaskTeller(
                self._within,
                name,
                f"{TASK_KEY}.{slug(name)}",
                id_=run.parent_task_run_id or request.parent_task_run_id,
                dynamic_key=run.id,
            )
            self._placeholder = Placeholder(teller)
        return run

    def waited(self, run: FlowRun, timeout: float | None, poll_interval: float) -> FlowRun:
        """Return the run when it has ended, or when the time is up."""
        clock = self._backend.clock
        deadline = clock.now() + timedelta(seconds=timeout) if timeout is not None else None
        while True:
            self._show(run)
            if run.state.type.is_final:
                return run
            left = (deadline - clock.now()).total_seconds() if deadline else poll_interval
            if left <= 0:
                return run
            nap.get()(min(max(poll_interval, LEAST_POLL), left) if deadline else max(poll_interval, LEAST_POLL))
            self._check(run)
            run = self._backend.get_run(run.id)

    def _keys(self, deployment: Mapping[str, Any], request: "RunRequest") -> Iterator[str | None]:
        """Yield the keys to ask under: each attempt of a flow comes to the same ones, in the same order."""
        if request.idempotency_key or self._context is None or self._context.run is None:
            yield request.idempotency_key
            return
        asked = json.dumps([deployment["id"], request.parameters], sort_keys=True, default=str)
        what = sha256(asked.encode()).hexdigest()[:16]
        number = self._context.counters.next(f"run_deployment {what}")
        for attempt in range(MOST_ATTEMPTS):
            yield f"run_deployment {self._context.run.id} {what} {number}" + (f" {attempt}" if attempt else "")

    def _at(self, deployment: Mapping[str, Any], request: "RunRequest", at: datetime | None) -> "RunRequest":
        """Return the request with the state of a run that starts then."""
        if at is None:
            return request
        from whenflow.deployments.creating import run_id_of

        now, key = self._backend.clock.now(), request.idempotency_key
        run_id = run_id_of(deployment["flow_id"], key) if key else self._backend.ids.new()
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        state_id = self._backend.ids.event_id(now, FLOW_RUN + run_id)
        details = StateDetails(scheduled_time=at)
        state = RunState(state_id, StateType.SCHEDULED, "Scheduled", now, details=details)
        return replace(request, run_id=run_id, state=state)

    def _show(self, run: FlowRun) -> None:
        if self._placeholder and run.state.id != self._shown:
            self._shown = run.state.id
            self._placeholder.copy(run)

    def _check(self, run: FlowRun) -> None:
        """Go on waiting, if the flow is to go on; where it is cancelled, so is its subflow."""
        if self._context is None:
            return
        try:
            self._context.check()
        except RunCancelled:
            if self._within:
                self._backend.move(run.id, StateType.CANCELLING, message=NOBODY_WAITS)
            raise


def slug(name: str) -> str:
    """Return a name with only small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
