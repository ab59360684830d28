"""`@flow` and `@task`."""

import functools
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar, overload

from whenflow.flows.context import current
from whenflow.flows.logs import get_run_logger, prints_logged
from whenflow.flows.task_events import TaskRun

P = ParamSpec("P")
R = TypeVar("R")


class Flow(Generic[P, R]):
    """A function that runs as a flow: started by a deployment, with states that are events. Called, it just runs."""

    def __init__(self, fn: Callable[P, R], name: str | None = None, *, log_prints: bool = False) -> None:
        """Wrap a function; its name with dashes is the flow's name unless another is given."""
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.name = name or dashed(fn.__name__)
        self.log_prints = log_prints

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function here and now."""
        with prints_logged(self.log_prints):
            return self.fn(*args, **kwargs)

    def check_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Refuse parameters that the function does not take.

        Raises:
            TypeError: With the parameter's name.
        """
        inspect.signature(self.fn).bind(**parameters)


class Task(Generic[P, R]):
    """A step of a flow: its states are events, and it may be tried again."""

    def __init__(
        self, fn: Callable[P, R], name: str | None = None, *, retries: int = 0, retry_delay_seconds: float = 0.0
    ) -> None:
        """Wrap a function; its name is the task's name unless another is given."""
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.name = name or fn.__name__
        self.retries = retries
        self.retry_delay_seconds = retry_delay_seconds

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function, and tell the running flow how it went."""
        context = current.get()
        if context is None:
            return self._tried(None, *args, **kwargs)
        run = TaskRun(context, self.name)
        token = current.set(run.context)
        try:
            return self._tried(run, *args, **kwargs)
        finally:
            current.reset(token)

    def _tried(self, run: TaskRun | None, *args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(self.retries + 1):
            if run:
                run.report("RUNNING", "Retrying" if attempt else "Running")
            try:
                result = self.fn(*args, **kwargs)
            except Exception as error:
                if attempt == self.retries:
                    if run:
                        run.report("FAILED", "Failed", f"{type(error).__name__}: {error}")
                    raise
                get_run_logger().warning("Task %s failed (%r), trying again", self.name, error)
                if run:
                    run.report("SCHEDULED", "AwaitingRetry", f"{type(error).__name__}: {error}")
                time.sleep(self.retry_delay_seconds)  # noqa: TID251 - the user asked for this very wait
            else:
                if run:
                    run.report("COMPLETED", "Completed")
                return result
        raise AssertionError("unreachable: the last attempt returns or raises")


@overload
def flow(fn: Callable[P, R]) -> Flow[P, R]: ...
@overload
def flow(*, name: str | None = None, log_prints: bool = False) -> Callable[[Callable[P, R]], Flow[P, R]]: ...
def flow(fn: Callable[P, R] | None = None, *, name: str | None = None, log_prints: bool = False) -> Any:
    """Make a function a flow.

    Args:
        fn: The function.
        name: The flow's name; the function's with dashes if left out.
        log_prints: Keep what it prints with the run's log.
    """
    if fn is None:
        return lambda fn: Flow(fn, name, log_prints=log_prints)
    return Flow(fn, name, log_prints=log_prints)


@overload
def task(fn: Callable[P, R]) -> Task[P, R]: ...
@overload
def task(
    *, name: str | None = None, retries: int = 0, retry_delay_seconds: float = 0.0
) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(
    fn: Callable[P, R] | None = None, *, name: str | None = None, retries: int = 0, retry_delay_seconds: float = 0.0
) -> Any:
    """Make a function a task.

    Args:
        fn: The function.
        name: The task's name; the function's if left out.
        retries: How many more times to try when it raises.
        retry_delay_seconds: How long to wait between tries.
    """
    if fn is None:
        return lambda fn: Task(fn, name, retries=retries, retry_delay_seconds=retry_delay_seconds)
    return Task(fn, name, retries=retries, retry_delay_seconds=retry_delay_seconds)


def dashed(name: str) -> str:
    """Return a function's name as a flow is named."""
    return name.replace("_", "-")
