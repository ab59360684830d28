"""`serve_lambda`: a Lambda handler that runs flows.

What it is invoked with:

* `{"flow_run_id", "launch"}` runs the flow of that run. AWS delivers one launch again when the process that worked on
  it died; that delivery takes the run over. Any other launch of a run that is worked on, or is over, does nothing.
* `{"task", "input"}` runs one task of a run, for a Step Functions machine whose execution has this input:
  `{"flow_run_id", "parameters"}`, or `parameters_ref`, the run's id, for parameters that do not fit. The task gets
  those of the parameters that it takes; `arguments`, beside `task`, go before them. Its result is the answer, and what
  it raises is raised, so that the machine can retry and catch by name. What the input holds may stand beside `task`.
* `{"Records": […]}` of the queue of background tasks runs those, each once.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from whenflow.errors import NotFound, Rejected
from whenflow.flows import runtime
from whenflow.flows.backend import Backend
from whenflow.flows.background import Worker
from whenflow.flows.companion import Companion, heartbeat_every
from whenflow.flows.context import Pool, RunContext, Watch, current
from whenflow.flows.decorators import Flow, Task, dashed
from whenflow.flows.emit import flush_events, flush_what_is_left
from whenflow.flows.flow_engine import FlowCall
from whenflow.flows.logs import collecting, get_run_logger
from whenflow.flows.recorder import Recorder
from whenflow.ports import TaskRunStore
from whenflow.runs import FlowRun, Refused, StateType

Handler = Callable[[Mapping[str, Any], Any], Any]
Served = Flow[..., Any] | Task[..., Any]
CALLED_SO = (
    "This function runs flows: invoke it with {'flow_run_id': …, 'launch': …}, or, from a state machine, with "
    "{'task': …, 'input': {'flow_run_id': …, 'parameters': …}}."
)


def serve_lambda(*served: Served, tasks: Sequence[Task[..., Any]] = ()) -> Handler:
    """Return a Lambda handler for these flows, and for tasks that state machines call by name.

    Args:
        served: Flows and tasks.
        tasks: Tasks that are worked on in the background: the function then reads the queue that `.delay` writes to.
    """

    def handler(event: Mapping[str, Any], context: Any) -> Any:
        from whenflow.aws import wiring

        server = FlowServer((*served, *tasks), runtime.stack(), wiring.task_runs())
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        return server.serve(event, remaining() / 1000 if remaining else None)

    return handler


class FlowServer:
    """Runs the flows and tasks it was given."""

    def __init__(self, served: tuple[Served, ...], backend: Backend, task_runs: TaskRunStore) -> None:
        """Serve these, reporting to this backend; background tasks are claimed in this store."""
        self._flows = {dashed(one.name): one for one in served if isinstance(one, Flow)}
        self._tasks = {one.name: one for one in served if isinstance(one, Task)}
        self._backend = backend
        self._task_runs = task_runs

    def serve(self, event: Mapping[str, Any], seconds_left: float | None = None) -> Any:
        """Run what an invocation asks for.

        Args:
            event: What it was invoked with.
            seconds_left: Until the process ends.

        Raises:
            Rejected: The invocation names no flow run, or something in it has another shape.
            NotFound: There is no such flow run or task.
        """
        if "Records" in event:
            worker = Worker(tuple(self._tasks.values()), self._backend, self._task_runs)
            return worker.work_all(event["Records"], seconds_left)
        if "task" in event:
            event = {**_object(event, "input"), **event}
        run_id = event.get("flow_run_id")
        if not isinstance(run_id, str):
            raise Rejected(CALLED_SO)
        if "task" in event:
            return self._run_task(run_id, str(event["task"]), event)
        return self._run_flow(run_id, str(event.get("launch", "")))

    def _run_flow(self, run_id: str, launch: str) -> dict[str, Any]:
        started = self._backend.start(run_id, launch, heartbeat_every().total_seconds())
        if isinstance(started, Refused):
            return {"flow_run_id": run_id, "skipped": started.reason}
        flow = self._flows.get(dashed(started.flow_name))
        if flow is None:
            known = ", ".join(sorted(self._flows)) or "none"
            message = f"This function serves no flow '{started.flow_name}'; it serves: {known}."
            ended = self._backend.move(run_id, StateType.CRASHED, message=message).run
            return {"flow_run_id": run_id, "state": ended.state.name}
        call = FlowCall(flow, self._context(started, flow))
        call.work(started.parameters)
        return {"flow_run_id": run_id, "state": call.run.state.name}

    def _context(self, run: FlowRun, flow: Flow[..., Any] | None = None) -> RunContext:
        return RunContext(
            run,
            self._backend,
            Recorder(self._backend, run.id),
            Watch(run.id, self._backend) if flow else None,
            log_prints=bool(flow and flow.log_prints),
            pool=Pool(flow.task_runner.max_workers) if flow else Pool(),
        )

    def _run_task(self, run_id: str, name: str, event: Mapping[str, Any]) -> Any:
        task = self._tasks.get(name)
        if task is None:
            raise NotFound(
                f"This function serves no task '{name}'; it serves: {', '.join(sorted(self._tasks)) or 'none'}."
            )
        run = self._backend.get_run(run_id)
        arguments = _arguments(task, run, event)
        context = self._context(run)
        token = current.set(context)
        try:
            with collecting(run_id) as log, Companion(_of(context), self._backend, log, context.recorder):
                state = task.run_here(arguments)
                if state.error:
                    get_run_logger().error("Task %s failed", name, exc_info=state.error)
                    flush_what_is_left()
                else:
                    flush_events()
        finally:
            current.reset(token)
        return state.result()


def _arguments(task: Task[..., Any], run: FlowRun, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a state machine calls a task with.

    Raises:
        Rejected: The event names the parameters of another run, or what it gives is no object.
    """
    reference = event.get("parameters_ref")
    if reference not in {None, run.id}:
        raise Rejected("'parameters_ref' must be the id of the flow run that is worked on, its 'flow_run_id'.")
    parameters = run.parameters if reference else _object(event, "parameters")
    return {**_taken_by(task, parameters), **_object(event, "arguments")}


def _object(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = event.get(name) or {}
    if not isinstance(given, Mapping):
        raise Rejected(f"'{name}' must be an object, of names and values; it is {type(given).__name__}.")
    return given


def _taken_by(task: Task[..., Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return those parameters of a run that a task has a parameter for: a task is seldom about all of them."""
    takes = inspect.signature(task.fn).parameters.values()
    if any(one.kind == one.VAR_KEYWORD for one in takes):
        return dict(parameters)
    named = {one.name for one in takes if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}}
    return {name: value for name, value in parameters.items() if name in named}


def _of(context: RunContext) -> FlowRun:
    assert context.run is not None  # noqa: S101 - made with one, just before
    return context.run
