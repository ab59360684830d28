"""The task: a step of a flow, or on its own."""

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Literal, ParamSpec, TypeVar, overload

from whenflow.errors import Rejected
from whenflow.flows import runtime
from whenflow.flows.context import RunContext, current
from whenflow.flows.futures import TaskFuture, TaskFutures, calls_of, in_thread, resolved
from whenflow.flows.logs import get_run_logger
from whenflow.flows.results import State
from whenflow.flows.retries import Retries
from whenflow.flows.task_engine import TaskCall, begin, in_copy
from whenflow.flows.task_run_events import TaskTeller
from whenflow.runs import StateDetails
from whenflow.runs.task_runs import TaskRun, applied

P = ParamSpec("P")
R = TypeVar("R")
Hook = Callable[[Any, Any, State], Any]


class Task(Generic[P, R]):
    """A step of a flow: its states are events, and it may be tried again.

    Attributes:
        fn: The function.
        name: As it is shown.
        task_key: Which task it is, wherever it runs.
        retry: How it is tried again.
        timeout_seconds: How long one try may take.
    """

    def __init__(
        self,
        fn: Callable[P, R],
        name: str | None = None,
        *,
        retry: Retries | None = None,
        timeout_seconds: float | None = None,
        tags: Iterable[str] = (),
        description: str | None = None,
        on_completion: Sequence[Hook] = (),
        on_failure: Sequence[Hook] = (),
    ) -> None:
        """Wrap a function; its name is the task's name unless another is given."""
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.name = name or fn.__name__
        self.task_key = f"{fn.__module__}.{fn.__qualname__}"
        self.retry = retry or Retries()
        self.timeout_seconds = timeout_seconds
        self.tags = tuple(sorted(set(tags)))
        self.description = description or inspect.getdoc(fn)
        self.is_async = inspect.iscoroutinefunction(fn)
        self._on_completion = tuple(on_completion)
        self._on_failure = tuple(on_failure)

    @property
    def retries(self) -> int:
        """How many more times it is tried."""
        return self.retry.count

    @overload
    def __call__(self, *args: Any, return_state: Literal[True], **kwargs: Any) -> State: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, and tell how it went; for a coroutine function, return what is to be awaited.

        With `return_state=True` the state is returned and nothing raised.
        """
        wants_state = bool(kwargs.pop("return_state", False))
        call = TaskCall(self, self._context())
        given: tuple[Any, ...] = resolved(args)
        named: dict[str, Any] = resolved(kwargs)
        if self.is_async:
            return self._awaitable(call, given, named, wants_state)
        state = call.run(given, named)
        return state if wants_state else state.result()

    def submit(self, *args: Any, wait_for: Iterable[TaskFuture[Any]] = (), **kwargs: Any) -> TaskFuture[R]:
        """Run the function in a thread.

        Args:
            args: For the function; a future among them is waited for, and stands for what it returns.
            wait_for: Futures to wait for before.
            kwargs: As `args`.
        """
        context = self._context()
        teller = begin(self, context) if context else None
        waited = tuple(wait_for)

        def work() -> State:
            for one in waited:
                one.wait()
            return self._run_here(context, teller, args, kwargs)

        return in_thread(in_copy(work), teller.id if teller else None)

    def map(self, *args: Any, wait_for: Iterable[TaskFuture[Any]] = (), **kwargs: Any) -> TaskFutures[R]:
        """Run the function in threads, once for each item of the lists that are given, side by side.

        Args:
            args: Lists, all equally long; what is `unmapped(…)`, a text or a dictionary goes to every call as it is.
            wait_for: Futures to wait for before.
            kwargs: As `args`.

        Raises:
            Rejected: The lists are not equally long, or there is none.
        """
        waited = tuple(wait_for)
        calls = calls_of(self.fn, args, kwargs)
        return TaskFutures(self.submit(*given, wait_for=waited, **named) for given, named in calls)

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> TaskRun:
        """Have a worker run the task later: on AWS the function that `serve_lambda(…, tasks=[…])` made.

        Returns:
            The task run, scheduled.

        Raises:
            NotConnected: Nobody said where tasks should go.
            Rejected: The parameters are no JSON, or do not fit the function.
            TooLarge: They do not fit a message.
            Transient: Try again.
        """
        context = self._context() or runtime.alone()
        parameters = _plain(dict(inspect.signature(self.fn).bind(*args, **kwargs).arguments), self.name)
        teller = begin(self, context)
        others = {"deferred": True, "task_parameters_id": teller.id}
        details = StateDetails(scheduled_time=context.backend.clock.now(), others=others)
        event = teller.event("SCHEDULED", "Scheduled", "", details)
        made = applied(None, event)
        context.backend.delay(made, parameters)  # first: what is told before might never come
        teller.tell(event)
        if context.run is None:
            context.recorder.flush()
        return made

    def run_here(self, parameters: Mapping[str, Any]) -> State:
        """Run the task here and now, and return how it ended."""
        return self._run_here(self._context(), None, (), dict(parameters))

    def run_delayed(self, context: RunContext, task_run: TaskRun, parameters: Mapping[str, Any]) -> State:
        """Run the task as a worker does.

        Args:
            context: What it reports to.
            task_run: The run that was scheduled.
            parameters: Of the function.
        """
        teller = TaskTeller(
            context,
            self.name,
            self.task_key,
            id_=task_run.id,
            dynamic_key=task_run.dynamic_key,
            tags=self.tags,
        )
        teller.goes_on_from(task_run.state.id, str(task_run.state.type))
        return self._run_here(context, teller, (), dict(parameters))

    def tell_hooks(self, teller: TaskTeller | None, state: State) -> None:
        """Call what the author wants to be called at the end."""
        for hook in self._on_completion if state.is_completed() else self._on_failure:
            try:
                hook(self, teller, state)
            except Exception:  # a hook that fails changes nothing of what has happened
                get_run_logger().exception("A hook of task %s failed", self.name)

    def _run_here(
        self, context: RunContext | None, teller: TaskTeller | None, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> State:
        call = TaskCall(self, context, teller)
        given, named = resolved(args), resolved(kwargs)
        return asyncio.run(call.run_async(given, named)) if self.is_async else call.run(given, named)

    async def _awaitable(self, call: TaskCall, args: tuple[Any, ...], kwargs: dict[str, Any], wants_state: bool) -> Any:
        state = await call.run_async(args, kwargs)
        return state if wants_state else state.result()

    def _context(self) -> RunContext | None:
        """Return what to report to: the flow that runs, or, for a task alone, whatever is connected."""
        return current.get() or runtime.alone_if_connected()


def _plain(parameters: dict[str, Any], name: str) -> dict[str, Any]:
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain: dict[str, Any] = to_jsonable_python(parameters)
    except (PydanticSerializationError, ValueError) as error:
        raise Rejected(f"The parameters of task {name} cannot be written as JSON: {error}") from None
    return plain
