"""`serve_lambda`: a Lambda handler that runs flows.

What it is invoked with:

* `{"flow_run_id", "launch"}` runs the flow of that run. AWS delivers one launch again when the process that worked on
  it died; that delivery takes the run over. Any other launch of a run that is worked on, or is over, does nothing.
* `{"flow_run_id", "task", "arguments"}` runs one task of the run, for a Step Functions machine. Its result is the
  answer, and what it raises is raised, so that the machine can retry and catch by name.
"""

from collections.abc import Callable, Mapping
from typing import Any

from whenflow.errors import NotFound, Rejected, WhenflowError
from whenflow.flows.context import RunContext, current
from whenflow.flows.decorators import Flow, Task, dashed
from whenflow.flows.emit import EventsNotDelivered, flush_events
from whenflow.flows.logs import LogBuffer, collecting, get_run_logger
from whenflow.ports import Clock, EventStore, Ids, RunStore
from whenflow.runs import FlowRun, Refused, RunLedger, StateType

Handler = Callable[[Mapping[str, Any], Any], Any]


def serve_lambda(*served: Flow[..., Any] | Task[..., Any]) -> Handler:
    """Return a Lambda handler for these flows, and for tasks that state machines call by name."""

    def handler(event: Mapping[str, Any], _context: Any) -> Any:
        from whenflow.aws import wiring

        server = FlowServer(served, wiring.ledger(), wiring.runs(), wiring.events(), wiring.clock(), wiring.ids())
        return server.serve(event)

    return handler


class FlowServer:
    """Runs the flows and tasks it was given."""

    def __init__(
        self,
        served: tuple[Flow[..., Any] | Task[..., Any], ...],
        ledger: RunLedger,
        runs: RunStore,
        events: EventStore,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Serve these, reporting to these stores."""
        self._flows = {dashed(one.name): one for one in served if isinstance(one, Flow)}
        self._tasks = {one.name: one for one in served if isinstance(one, Task)}
        self._ledger = ledger
        self._runs = runs
        self._events = events
        self._clock = clock
        self._ids = ids

    def serve(self, event: Mapping[str, Any]) -> Any:
        """Run what an invocation asks for.

        Raises:
            Rejected: The invocation names no flow run.
            NotFound: There is no such flow run or task.
        """
        run_id = event.get("flow_run_id")
        if not isinstance(run_id, str):
            raise Rejected("This function runs flows: invoke it with {'flow_run_id': …, 'launch': …}.")
        if "task" in event:
            return self._run_task(run_id, str(event["task"]), event.get("arguments") or {})
        return self._run_flow(run_id, str(event.get("launch", "")))

    def _run_flow(self, run_id: str, launch: str) -> dict[str, Any]:
        started = self._ledger.start(run_id, launch)
        if isinstance(started, Refused):
            return {"flow_run_id": run_id, "skipped": started.reason}
        with collecting() as log:
            state_type, message = self._outcome(started)
        self._keep(run_id, log)
        ended = self._ledger.move(run_id, state_type, message=message)
        state = started.state.name if isinstance(ended, Refused) else ended.state.name
        return {"flow_run_id": run_id, "state": state}

    def _outcome(self, run: FlowRun) -> tuple[StateType, str | None]:
        served = self._flows.get(dashed(run.flow_name))
        if served is None:
            known = ", ".join(sorted(self._flows)) or "none"
            return StateType.CRASHED, f"This function serves no flow '{run.flow_name}'; it serves: {known}."
        token = current.set(self._context(run))
        try:
            served.check_parameters(run.parameters)
            served(**run.parameters)
            flush_events()
        except Exception as error:  # the flow's own failure, whatever it is, is the run's outcome
            get_run_logger().exception("Flow run %s failed", run.name)
            return StateType.FAILED, f"Flow run encountered an exception: {type(error).__name__}: {error}"
        finally:
            current.reset(token)
            _flush_what_is_left()
        return StateType.COMPLETED, None

    def _run_task(self, run_id: str, name: str, arguments: Mapping[str, Any]) -> Any:
        task = self._tasks.get(name)
        if task is None:
            raise NotFound(
                f"This function serves no task '{name}'; it serves: {', '.join(sorted(self._tasks)) or 'none'}."
            )
        token = current.set(self._context(self._ledger.get(run_id)))
        try:
            with collecting() as log:
                result = task(**arguments)
                flush_events()
                return result
        finally:
            _flush_what_is_left()
            self._runs.add_logs(run_id, log.lines)
            current.reset(token)

    def _keep(self, run_id: str, log: LogBuffer) -> None:
        """Keep the log of a flow that is over. If it cannot be kept, that must not make the flow run again."""
        try:
            self._runs.add_logs(run_id, log.lines)
        except WhenflowError as error:
            get_run_logger().warning("The log of flow run %s is not kept, only here: %s", run_id, error)

    def _context(self, run: FlowRun) -> RunContext:
        return RunContext(run, self._events, self._clock, self._ids)


def _flush_what_is_left() -> None:
    """Wait for the events of a flow that failed: its own failure is what is told."""
    try:
        flush_events()
    except EventsNotDelivered as error:
        get_run_logger().error("%s", error)
