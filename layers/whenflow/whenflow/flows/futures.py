"""`.submit()` and `.map()`: tasks in threads, at the same time as others."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from whenflow.errors import Rejected
from whenflow.flows.context import MAX_WORKERS, current
from whenflow.flows.results import State

R = TypeVar("R")
MAX_DEPTH = 10


@dataclass(frozen=True, slots=True)
class ThreadPoolTaskRunner:
    """How many tasks of a flow run at the same time, at most."""

    max_workers: int = MAX_WORKERS


@dataclass(frozen=True, slots=True)
class TaskFuture(Generic[R]):
    """A task that runs in a thread of its own.

    Attributes:
        task_run_id: Its task run; None where nothing is reported.
    """

    future: "Future[State]"
    task_run_id: str | None = None

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended, or for some seconds."""
        wait_for_all([self.future], timeout)

    def result(self, timeout: float | None = None, *, raise_on_failure: bool = True) -> R:
        """Wait for what it returns, or raise what it raised.

        Raises:
            TimeoutError: It takes longer than `timeout` seconds.
        """
        result: R = self.future.result(timeout).result(raise_on_failure=raise_on_failure)
        return result

    @property
    def state(self) -> State | None:
        """How it ended; None while it runs."""
        return self.future.result() if self.future.done() else None

    def done(self) -> bool:
        """Tell whether it has ended."""
        return self.future.done()


class TaskFutures(list[TaskFuture[R]]):
    """What `.map()` returns: a future for each call, in their order."""

    def result(self, timeout: float | None = None, *, raise_on_failure: bool = True) -> list[R]:
        """Wait for all, and return what they returned."""
        return [one.result(timeout, raise_on_failure=raise_on_failure) for one in self]

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all have ended, or for some seconds."""
        wait_for_all([one.future for one in self], timeout)


class unmapped:
    """Marks an argument of `.map()` that every call gets whole."""

    def __init__(self, value: Any) -> None:
        """Keep the value."""
        self.value = value


def in_thread(call: Callable[[], State], task_run_id: str | None) -> TaskFuture[Any]:
    """Start a call in a thread; the flow or task that is running waits for it before it ends."""
    context = current.get()
    if context:
        return TaskFuture(context.pool.threads().submit(call), task_run_id)
    threads = ThreadPoolExecutor(1, thread_name_prefix="whenflow-task")
    future = threads.submit(call)
    threads.shutdown(wait=False)
    return TaskFuture(future, task_run_id)


def resolved(value: Any, depth: int = 0) -> Any:
    """Return a value with each future in it, in lists, tuples and dictionaries too, replaced by what it returns."""
    if isinstance(value, TaskFuture):
        return value.result()
    if isinstance(value, State):
        return value.result()
    if depth == MAX_DEPTH or not isinstance(value, list | tuple | dict):
        return value
    if isinstance(value, dict):
        return {name: resolved(item, depth + 1) for name, item in value.items()} if _holds(value, depth) else value
    if not _holds(value, depth):
        return value
    items = [resolved(item, depth + 1) for item in value]
    return items if isinstance(value, list) else type(value)(*items) if hasattr(value, "_fields") else tuple(items)


def _holds(value: Any, depth: int) -> bool:
    """Tell whether there is a future somewhere in a value: one without is passed on as it is."""
    if isinstance(value, TaskFuture | State):
        return True
    if depth >= MAX_DEPTH or not isinstance(value, list | tuple | dict):
        return False
    return any(_holds(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value))


def calls_of(
    fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Return the arguments of each call that `.map()` makes: one for each item, side by side.

    Raises:
        Rejected: The arguments are not equally long, or none is a list.
    """
    args, kwargs = resolved(args), resolved(dict(kwargs))
    bound = inspect.signature(fn).bind(*args, **kwargs).arguments
    lengths = {
        name: len(list(value)) for name, value in ((name, one) for name, one in bound.items() if _is_mapped(one))
    }
    if not lengths:
        raise Rejected("map needs at least one argument that is a list; wrap the others in unmapped(…).")
    if len(set(lengths.values())) > 1:
        raise Rejected(f"The lists given to map are not equally long: {lengths}.")
    (count,) = set(lengths.values())
    return [
        (tuple(_item(one, index) for one in args), {name: _item(one, index) for name, one in kwargs.items()})
        for index in range(count)
    ]


def _is_mapped(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | dict | unmapped)


def _item(value: Any, index: int) -> Any:
    if isinstance(value, unmapped):
        return value.value
    return list(value)[index] if _is_mapped(value) else value
