"""The flow: a function that runs as a flow run."""

import functools
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar, overload

from whenflow.errors import Rejected
from whenflow.flows import runtime
from whenflow.flows.context import current
from whenflow.flows.futures import ThreadPoolTaskRunner, resolved
from whenflow.flows.logs import get_run_logger, prints_logged
from whenflow.flows.parameters import parameter_schema, validated
from whenflow.flows.results import State
from whenflow.flows.subflows import InProcess
from whenflow.flows.timeouts import timed
from whenflow.runs import FlowRun

if TYPE_CHECKING:
    from whenflow.flows.deployments import Deployment

P = ParamSpec("P")
R = TypeVar("R")
Hook = Callable[[Any, FlowRun, Any], Any]
NAMELESS = frozenset({inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY})


class Flow(Generic[P, R]):
    """A function that runs as a flow: started by a deployment, by another flow, or called by hand.

    Attributes:
        fn: The function.
        name: The flow's name.
        retries: How many more times its runs are tried.
        timeout_seconds: How long one attempt may take.
        log_prints: Whether what it prints is kept with its log; None to do as the flow around it does.
    """

    def __init__(  # noqa: PLR0913 - as the decorator has them
        self,
        fn: Callable[P, R],
        name: str | None = None,
        *,
        log_prints: bool | None = None,
        retries: int = 0,
        retry_delay_seconds: float = 0.0,
        timeout_seconds: float | None = None,
        description: str | None = None,
        version: str | None = None,
        validate_parameters: bool = True,
        task_runner: ThreadPoolTaskRunner | None = None,
        hooks: Mapping[str, Sequence[Hook]] | None = None,
    ) -> None:
        """Wrap a function; its name with dashes is the flow's name unless another is given.

        Raises:
            TypeError: The function is a generator, or takes parameters that have no name.
            ValueError: A number is out of bounds.
        """
        _check(fn, retries, retry_delay_seconds)
        functools.update_wrapper(self, fn)
        self.fn: Callable[..., Any] = fn
        self.name = name or dashed(fn.__name__)
        self.log_prints = log_prints
        self.retries = retries
        self.retry_delay_seconds = retry_delay_seconds
        self.timeout_seconds = timeout_seconds
        self.description = description or inspect.getdoc(fn) or ""
        self.version = version
        self.validates = validate_parameters
        self.task_runner = task_runner or ThreadPoolTaskRunner()
        self.is_async = inspect.iscoroutinefunction(fn)
        self._hooks = hooks or {}

    @overload
    def __call__(self, *args: Any, return_state: Literal[True], **kwargs: Any) -> State: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the flow here and now.

        Within another flow, and wherever the SDK is connected to a Whenflow, it gets a run of its own, and its states
        are told; else the function just runs. A coroutine function returns what is to be awaited. With
        `return_state=True` the state is returned and nothing raised.

        Raises:
            TypeError: It takes other parameters.
            Rejected: A parameter does not fit its annotation.
        """
        wants_state = bool(kwargs.pop("return_state", False))
        parameters: dict[str, Any] = resolved(self._bound(args, kwargs))
        context = current.get()
        backend = context.backend if context else runtime.connected()
        if backend is None:
            return self._just_run(parameters, wants_state)
        call = InProcess(self, context, backend, parameters)
        if self.is_async:
            return _awaited(call.work_async(), wants_state)
        state = call.work()
        return state if wants_state else state.result()

    def parameter_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of its parameters."""
        return parameter_schema(self.fn)

    def validated(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters as the function's annotations ask for them.

        Raises:
            Rejected: They do not fit; with the name of each and what is wrong.
            TypeError: The function does not take them.
        """
        if not self.validates:
            inspect.signature(self.fn).bind(**parameters)
            return dict(parameters)
        try:
            return validated(self.fn, parameters)
        except Rejected as error:
            told = "; ".join(f"{'.'.join(map(str, fault.loc))}: {fault.msg}" for fault in error.faults)
            raise Rejected(f"The parameters do not fit the flow {self.name}: {told}", error.faults) from None

    @property
    def policy(self) -> dict[str, Any]:
        """How its runs are tried again, as runs keep it."""
        return {"retries": self.retries, "retry_delay": self.retry_delay_seconds} if self.retries else {}

    def to_deployment(self, name: str, **options: Any) -> "Deployment":
        """Return a deployment of this flow, to be applied; `whenflow.flows.deployments.Deployment` has the options."""
        from whenflow.flows.deployments import Deployment

        return Deployment.of(self, name, **options)

    def deploy(self, name: str, **options: Any) -> str:
        """Deploy this flow and its triggers, and return the id of the deployment; the options are `to_deployment`'s."""
        return self.to_deployment(name, **options).apply()

    def tell_running(self, run: FlowRun) -> None:
        """Call what the author wants to be called at the beginning."""
        self._call_hooks("on_running", run, run.state)

    def tell_hooks(self, run: FlowRun, state: State) -> None:
        """Call what the author wants to be called at the end."""
        kinds = {"COMPLETED": "on_completion", "CANCELLED": "on_cancellation", "CRASHED": "on_crashed"}
        self._call_hooks(kinds.get(str(run.state.type), "on_failure"), run, state)

    def _call_hooks(self, kind: str, run: FlowRun, state: Any) -> None:
        for hook in self._hooks.get(kind) or ():
            try:
                hook(self, run, state)
            except Exception:  # a hook that fails changes nothing of what has happened
                get_run_logger().exception("A hook of flow %s failed (%s)", self.name, kind)

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        signature = inspect.signature(self.fn)
        given = dict(signature.bind(*args, **kwargs).arguments)
        for name, one in signature.parameters.items():
            if one.kind == inspect.Parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        return given

    def _just_run(self, parameters: dict[str, Any], wants_state: bool) -> Any:
        values = self.validated(parameters)
        if self.is_async:
            return self.fn(**values)
        with prints_logged(bool(self.log_prints)), timed("Flow run", self.timeout_seconds):
            value = self.fn(**values)
        state = value if isinstance(value, State) else State.completed(resolved(value))
        return state if wants_state else state.result()


async def _awaited(work: Coroutine[Any, Any, State], wants_state: bool) -> Any:
    state = await work
    return state if wants_state else state.result()


def _check(fn: Callable[..., Any], retries: int, delay: float) -> None:
    if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        raise TypeError(f"{fn.__name__} is a generator: a flow must be a function that returns.")
    nameless = [name for name, one in inspect.signature(fn).parameters.items() if one.kind in NAMELESS]
    if nameless:
        raise TypeError(f"A flow's parameters are given by name: {fn.__name__} cannot take {', '.join(nameless)} so.")
    if retries < 0 or delay < 0:
        raise ValueError("retries and retry_delay_seconds must not be negative")


def dashed(name: str) -> str:
    """Return a function's name as a flow is named."""
    return name.replace("_", "-")
