"""Runs a flow whose run is there and claimed: its end is a state, its log and its task runs are kept."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from whenflow.flows.companion import Companion
from whenflow.flows.context import RunContext, current
from whenflow.flows.emit import flush_events, flush_what_is_left
from whenflow.flows.futures import resolved
from whenflow.flows.interruptions import RunCancelled, RunSuspended
from whenflow.flows.logs import collecting, get_run_logger, prints_logged
from whenflow.flows.results import State, failed_by
from whenflow.flows.timeouts import TimedOut, timed
from whenflow.runs import FlowRun, StateType
from whenflow.runs.heartbeats import pulse_of
from whenflow.runs.transitions import Status, Verdict

if TYPE_CHECKING:
    from whenflow.flows.flow_definition import Flow

CANCELLED = "The flow run was cancelled; it stopped at its next task."
Told = Callable[[FlowRun], None]


class FlowCall:
    """One attempt at a flow run.

    Attributes:
        state: How the flow ended; None while it runs, or when it was suspended.
        run: The run, as it is afterwards.
    """

    def __init__(self, flow: "Flow[..., Any]", context: RunContext, told: Told = lambda _run: None) -> None:
        """Prepare an attempt.

        Args:
            flow: The flow.
            context: Of its run.
            told: Is told of each state that the run comes into.
        """
        assert context.run is not None  # noqa: S101 - a flow always has one here
        self._flow = flow
        self._context = context
        self._told = told
        self.run = context.run
        self.state: State | None = None

    def work(self, parameters: Mapping[str, Any]) -> None:
        """Run the flow to its end."""
        with self._attempt():
            values = self._flow.validated(parameters)
            with timed("Flow run", self._flow.timeout_seconds):
                if self._flow.is_async:
                    self._ended(asyncio.run(self._flow.fn(**values)))
                else:
                    self._ended(self._flow.fn(**values))

    async def work_async(self, parameters: Mapping[str, Any]) -> None:
        """Run a flow that is a coroutine function to its end."""
        with self._attempt():
            seconds = self._flow.timeout_seconds
            scope = asyncio.timeout(seconds)
            try:
                async with scope:
                    self._ended(await self._flow.fn(**self._flow.validated(parameters)))
            except TimeoutError as error:
                if not scope.expired():
                    raise
                raise TimedOut("Flow run", seconds or 0) from error

    @contextlib.contextmanager
    def _attempt(self) -> Iterator[None]:
        context, run = self._context, self.run
        with collecting(run.id, strays=context.watch is None or context.watch.is_outermost) as log:
            companion = Companion(run, context.backend, log, context.recorder, pulse_of(run))
            token = current.set(context)
            try:
                with companion, prints_logged(context.log_prints):
                    self._flow.tell_running(run)
                    with self._outcome():
                        yield
                        context.pool.finish()
                        flush_events()
                        context.check()
                    context.pool.finish()
                    flush_what_is_left()
            finally:
                current.reset(token)
        self._close()

    @contextlib.contextmanager
    def _outcome(self) -> Iterator[None]:
        """Make a state of whatever ends the flow."""
        try:
            yield
        except RunCancelled:
            self.state = State(StateType.CANCELLED, "Cancelled", CANCELLED)
        except RunSuspended:
            self.state = None
        except Exception as error:  # the flow's own failure, whatever it is, is the run's outcome
            get_run_logger().exception("Flow run %s failed", self.run.name)
            self.state = failed_by("Flow run", error, timed_out=isinstance(error, TimedOut))
        except BaseException as error:  # the process is told to end
            self.state = State(StateType.CRASHED, "Crashed", f"{type(error).__name__}: {error}", error=error)
            self._close()
            raise

    def _ended(self, value: Any) -> None:
        if isinstance(value, State):
            self.state = value
            return
        self.state = State(StateType.COMPLETED, "Completed", data=resolved(value))

    def _close(self) -> None:
        """Tell how it ended."""
        backend, state = self._context.backend, self.state
        known: FlowRun | None = self.run
        if state is None:
            self.run = backend.get_run(self.run.id)
            return
        if state.is_failed() and self._flow.retries and "retries" not in self.run.empirical_policy:
            backend.set_policy(self.run.id, self._flow.policy)
            known = None
        verdict = backend.move(self.run.id, state.type, state.name, state.message, known=known)
        self.run = verdict.run
        if _changed(verdict):
            self._told(verdict.run)
        if verdict.run.state.type.is_final:
            self._flow.tell_hooks(verdict.run, state)


def _changed(verdict: Verdict) -> bool:
    return verdict.status in {Status.ACCEPT, Status.REJECT}
