"""`@flow` and `@task`."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar, overload

from whenflow.flows.flow_definition import Flow, dashed
from whenflow.flows.flow_definition import Hook as FlowHook
from whenflow.flows.futures import ThreadPoolTaskRunner
from whenflow.flows.retries import Condition, Delay, Retries
from whenflow.flows.task_definition import Hook as TaskHook
from whenflow.flows.task_definition import Task

P = ParamSpec("P")
R = TypeVar("R")
NO_CACHE = (
    "Whenflow keeps no results of tasks, so it cannot cache them: leave out cache_key_fn, cache_expiration and "
    "cache_policy, and have the task look for itself whether its work is done already."
)
__all__ = ["Flow", "Task", "dashed", "flow", "task"]


@overload
def flow(fn: Callable[P, R]) -> Flow[P, R]: ...
@overload
def flow(
    *,
    name: str | None = None,
    version: str | None = None,
    description: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float = 0.0,
    timeout_seconds: float | None = None,
    log_prints: bool | None = None,
    validate_parameters: bool = True,
    task_runner: ThreadPoolTaskRunner | None = None,
    on_completion: Sequence[FlowHook] | None = None,
    on_failure: Sequence[FlowHook] | None = None,
    on_cancellation: Sequence[FlowHook] | None = None,
    on_running: Sequence[FlowHook] | None = None,
) -> Callable[[Callable[P, R]], Flow[P, R]]: ...
def flow(  # noqa: PLR0913 - as the field has them
    fn: Callable[P, R] | None = None,
    *,
    name: str | None = None,
    version: str | None = None,
    description: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float = 0.0,
    timeout_seconds: float | None = None,
    log_prints: bool | None = None,
    validate_parameters: bool = True,
    task_runner: ThreadPoolTaskRunner | None = None,
    on_completion: Sequence[FlowHook] | None = None,
    on_failure: Sequence[FlowHook] | None = None,
    on_cancellation: Sequence[FlowHook] | None = None,
    on_running: Sequence[FlowHook] | None = None,
) -> Any:
    """Make a function a flow.

    Args:
        fn: The function; may be a coroutine function.
        name: The flow's name; the function's with dashes if left out.
        version: Of the code, as you count it.
        description: The function's docstring if left out.
        retries: How many more times a run that failed is tried.
        retry_delay_seconds: How long it waits before.
        timeout_seconds: How long one attempt may take.
        log_prints: Keep what it prints with the run's log; if left out, do as the flow around it does.
        validate_parameters: Make parameters fit their annotations, and refuse those that do not.
        task_runner: How many of its tasks run at once.
        on_completion: Called at the end with the flow, its run and its state.
        on_failure: Likewise.
        on_cancellation: Likewise.
        on_running: Called at the beginning.
    """

    def wrapped(fn: Callable[P, R]) -> Flow[P, R]:
        return Flow(
            fn,
            name,
            log_prints=log_prints,
            retries=retries,
            retry_delay_seconds=retry_delay_seconds,
            timeout_seconds=timeout_seconds,
            description=description,
            version=version,
            validate_parameters=validate_parameters,
            task_runner=task_runner,
            hooks={
                "on_completion": on_completion or (),
                "on_failure": on_failure or (),
                "on_cancellation": on_cancellation or (),
                "on_running": on_running or (),
            },
        )

    return wrapped if fn is None else wrapped(fn)


@overload
def task(fn: Callable[P, R]) -> Task[P, R]: ...
@overload
def task(
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] = (),
    retries: int = 0,
    retry_delay_seconds: Delay = 0.0,
    retry_jitter_factor: float | None = None,
    retry_condition_fn: Condition | None = None,
    timeout_seconds: float | None = None,
    cache_key_fn: None = None,
    cache_expiration: timedelta | None = None,
    cache_policy: None = None,
    on_completion: Sequence[TaskHook] = (),
    on_failure: Sequence[TaskHook] = (),
) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(  # noqa: PLR0913 - as the field has them
    fn: Callable[P, R] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] = (),
    retries: int = 0,
    retry_delay_seconds: Delay = 0.0,
    retry_jitter_factor: float | None = None,
    retry_condition_fn: Condition | None = None,
    timeout_seconds: float | None = None,
    cache_key_fn: Any = None,
    cache_expiration: timedelta | None = None,
    cache_policy: Any = None,
    on_completion: Sequence[TaskHook] = (),
    on_failure: Sequence[TaskHook] = (),
) -> Any:
    """Make a function a task.

    Args:
        fn: The function; may be a coroutine function.
        name: The task's name; the function's if left out.
        description: The function's docstring if left out.
        tags: Shown with its runs.
        retries: How many more times to try when it raises.
        retry_delay_seconds: How long to wait between tries: a number, one for each, or a function that makes these of
            the number of retries.
        retry_jitter_factor: By which part of itself each wait may be longer, at random.
        retry_condition_fn: Says of the task, its run and its state whether it is tried again.
        timeout_seconds: How long one try may take.
        cache_key_fn: Refused: see below.
        cache_expiration: Refused.
        cache_policy: Refused.
        on_completion: Called at the end with the task, its run and its state.
        on_failure: Likewise.

    Raises:
        ValueError: A number is out of bounds, or caching is asked for, which needs results that Whenflow does not keep.
    """
    if cache_key_fn or cache_expiration or cache_policy:
        raise ValueError(NO_CACHE)

    def wrapped(fn: Callable[P, R]) -> Task[P, R]:
        return Task(
            fn,
            name,
            retry=Retries.of(retries, retry_delay_seconds, retry_jitter_factor, retry_condition_fn),
            timeout_seconds=timeout_seconds,
            tags=tags,
            description=description,
            on_completion=on_completion,
            on_failure=on_failure,
        )

    return wrapped if fn is None else wrapped(fn)
