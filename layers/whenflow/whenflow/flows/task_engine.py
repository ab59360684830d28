"""Runs a task: its states are told, it is tried again, stopped when it takes too long, and not begun for nothing."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

from whenflow.flows.context import RunContext, current
from whenflow.flows.interruptions import Interrupted
from whenflow.flows.logs import get_run_logger
from whenflow.flows.results import State, failed_by
from whenflow.flows.task_run_events import TaskTeller
from whenflow.flows.timeouts import TimedOut, timed
from whenflow.limits.model import tag_limit
from whenflow.runs import StateDetails, StateType
from whenflow.runs.states import AWAITING_RETRY, RETRYING

if TYPE_CHECKING:
    from whenflow.flows.limits import Slots
    from whenflow.flows.task_definition import Task

CANCELLED = "The flow run was stopped."
nap: ContextVar[Any] = ContextVar("whenflow_nap", default=time.sleep)  # noqa: TID251 - the task's author asked to wait
"""How to wait between tries; tests have a shorter way."""


class TaskCall:
    """One call of a task."""

    def __init__(self, task: "Task[..., Any]", context: RunContext | None, teller: TaskTeller | None = None) -> None:
        """Prepare a call.

        Args:
            task: The task.
            context: What it reports to; None for nothing.
            teller: Of the task run, where there is one already.
        """
        self._task = task
        self._context = context
        if context and teller is None:
            teller = begin(task, context)
        self._teller = teller
        self._retry = 0
        self.state: State | None = None

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> State:
        """Run the task to its end."""
        with self._in_context(), contextlib.ExitStack() as held:
            with self._outcome(last=True):
                if slots := self._slots():
                    self._note_absent(held.enter_context(slots))
            while not self.state:
                with self._try():
                    with timed(self._label, self._task.timeout_seconds):
                        value = self._task.fn(*args, **kwargs)
                    self._completed(value)
                if not self.state:
                    nap.get()(self._wait())
        return self.state

    async def run_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> State:
        """Run a task that is a coroutine function to its end."""
        async with contextlib.AsyncExitStack() as held:
            held.enter_context(self._in_context())
            with self._outcome(last=True):
                if slots := self._slots():
                    self._note_absent(await held.enter_async_context(slots))
            while not self.state:
                with self._try():
                    value = await self._awaited(args, kwargs)
                    self._completed(value)
                if not self.state:
                    await asyncio.sleep(self._wait())
        return self.state

    async def _awaited(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        seconds = self._task.timeout_seconds
        scope = asyncio.timeout(seconds)
        try:
            async with scope:
                return await self._task.fn(*args, **kwargs)
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise TimedOut(self._label, seconds or 0) from error

    @property
    def _label(self) -> str:
        return f"Task {self._task.name}"

    @contextlib.contextmanager
    def _in_context(self) -> Iterator[None]:
        if self._context is None or self._teller is None:
            yield
            return
        inner = self._context.within(self._teller.place)
        token = current.set(inner)
        try:
            yield
        finally:
            inner.pool.finish()
            current.reset(token)
            if self._context.run is None:
                self._context.recorder.flush()

    def _slots(self) -> "Slots | None":
        """Return a slot for each of the task's tags, as far as there may be limits on them."""
        if self._context is None or self._teller is None or not self._task.tags:
            return None
        names = map(tag_limit, self._task.tags)
        asked = self._context.absent.without(names, self._context.backend.clock.now())
        if not asked:
            return None
        from whenflow.flows.limits import Slots

        return Slots.of_task(asked, self._teller.id)

    def _note_absent(self, slots: "Slots") -> None:
        if self._context:
            there = {limit.name for limit in slots.limits}
            self._context.absent.note(set(slots.names) - there, self._context.backend.clock.now())

    @contextlib.contextmanager
    def _try(self) -> Iterator[None]:
        """One try."""
        with self._outcome():
            if self._context:
                self._context.check()
            if self._teller:
                self._teller.report("RUNNING", RETRYING if self._retry else "Running")
            yield

    @contextlib.contextmanager
    def _outcome(self, *, last: bool = False) -> Iterator[None]:
        """Whatever is raised within is a state, of the `last` try for good; what stops the whole flow is passed on."""
        try:
            yield
        except Interrupted:
            if self._teller:
                self._teller.report("CANCELLED", "Cancelled", CANCELLED)
            raise
        except Exception as error:  # the task's own failure, whatever it is
            self._retry = self._task.retry.count if last else self._retry
            self._failed(error)

    def _completed(self, value: Any) -> None:
        if isinstance(value, State):
            self.state = value
        else:
            self.state = State(StateType.COMPLETED, "Completed", data=value)
        if self._teller:
            self._teller.report(str(self.state.type), self.state.name, self.state.message)
        self._task.tell_hooks(self._teller, self.state)

    def _failed(self, error: Exception) -> None:
        state = failed_by("Task run", error, timed_out=isinstance(error, TimedOut))
        if self._retry < self._task.retry.count and self._may_retry(state):
            self._retry += 1
            return
        self.state = state
        if self._teller:
            self._teller.report("FAILED", state.name, _short(error))
        self._task.tell_hooks(self._teller, state)

    def _may_retry(self, state: State) -> bool:
        condition = self._task.retry.condition
        return condition is None or bool(condition(self._task, self._teller, state))

    def _wait(self) -> float:
        """Tell that the task is tried again, and return after how many seconds."""
        chance = self._context.backend.ids.new() if self._context else str(time.perf_counter())
        seconds = self._task.retry.seconds_before(self._retry, chance)
        get_run_logger().warning(
            "Task %s failed, it is tried again (%s of %s)", self._task.name, self._retry, self._task.retry.count
        )
        if self._teller and self._context:
            self._teller.report("SCHEDULED", AWAITING_RETRY, "", self._until(seconds))
        return seconds

    def _until(self, seconds: float) -> StateDetails:
        from datetime import timedelta

        assert self._context is not None  # noqa: S101 - asked only where there is one
        return StateDetails(scheduled_time=self._context.backend.clock.now() + timedelta(seconds=seconds))


def begin(task: "Task[..., Any]", context: RunContext) -> TaskTeller:
    """Begin a task run, and tell nothing yet."""
    number = context.counters.next(task.task_key)
    policy = {"retries": task.retry.count, "retry_delay": list(task.retry.delays)} if task.retry.count else None
    return TaskTeller(context, task.name, task.task_key, dynamic_key=str(number), tags=task.tags, policy=policy)


def in_copy(call: Any, *args: Any) -> Any:
    """Return a function that calls in a copy of the present context, for another thread."""
    context = copy_context()
    return lambda: context.run(call, *args)


def _short(error: Exception) -> str:
    return str(error) if isinstance(error, TimedOut) else f"{type(error).__name__}: {error}"
