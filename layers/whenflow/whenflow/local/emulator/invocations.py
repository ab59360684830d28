"""Asynchronous invocations as on AWS: queued, tried again under one request id, and not forgotten over a restart.

ministack starts a thread and a process for each at once, gives each try a new request id, and loses them when it stops.
"""

import contextvars
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from whenflow.local.emulator.capacity import Turns, limit
from whenflow.local.emulator.engine import engine, enter_scope
from whenflow.local.emulator.gate import GATE, Gate

DEFAULT_RETRIES = 2
DEFAULT_AGE_SECONDS = 6 * 60 * 60
RETRY_PAUSES_SECONDS = (1.0, 2.0)  # on AWS one minute, then two
NO_END_OF_PATIENCE = 10.0**6

_request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("whenflow_request_id", default=None)


@dataclass
class Invocation:
    """One asynchronous call that is not done with."""

    function: dict[str, Any]
    event: Any
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    tries: int = 0
    since: float = field(default_factory=time.time)

    @property
    def arn(self) -> str:
        """The function's name for AWS."""
        return str((self.function.get("config") or self.function).get("FunctionArn", ""))

    @property
    def rules(self) -> dict[str, Any]:
        """The function's settings for asynchronous calls."""
        configured = self.function.get("event_invoke_config") or (self.function.get("event_invoke_configs") or {}).get(
            "$LATEST"
        )
        return dict(configured or {})

    @property
    def is_exhausted(self) -> bool:
        """Whether a failure now is the last."""
        retries, age = self.rules.get("MaximumRetryAttempts"), self.rules.get("MaximumEventAgeInSeconds")
        allowed = DEFAULT_RETRIES if retries is None else int(retries)
        return self.tries >= allowed or time.time() - self.since > int(age or DEFAULT_AGE_SECONDS)


class Invocations:
    """All asynchronous calls that are waiting, running, or about to be tried again."""

    def __init__(
        self,
        execute: Callable[[Invocation], dict[str, Any]],
        give_up: Callable[[Invocation, dict[str, Any]], None],
        size: int,
        gate: Gate = GATE,
    ) -> None:
        """Set how a call is made, what follows when it failed for good, and how many a function gets at once."""
        self._execute, self._give_up, self._gate = execute, give_up, gate
        self._turns = Turns(size, NO_END_OF_PATIENCE)
        self._waiting: dict[str, Invocation] = {}

    def submit(self, invocation: Invocation) -> None:
        """Begin with a call; returns at once."""
        self._waiting[invocation.request_id] = invocation
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._see_through, invocation), daemon=True).start()

    def unfinished(self) -> list[Invocation]:
        """Return what would be lost if everything stopped now."""
        return list(self._waiting.values())

    def _see_through(self, invocation: Invocation) -> None:
        while True:
            result = self._call_in_turn(invocation)
            if result.get("error") and not self._gate.is_open:
                return  # the stack is stopping under the function: the call stays unfinished and is made again
            if not result.get("error"):
                break
            if not result.get("throttle"):
                if invocation.is_exhausted:
                    self._give_up(invocation, result)
                    break
                invocation.tries += 1
            time.sleep(RETRY_PAUSES_SECONDS[min(max(invocation.tries, 1), len(RETRY_PAUSES_SECONDS)) - 1])
        self._waiting.pop(invocation.request_id, None)

    def _call_in_turn(self, invocation: Invocation) -> dict[str, Any]:
        turn = self._turns.take(invocation.arn)
        try:
            while not self._gate.wait(NO_END_OF_PATIENCE):
                continue
            return self._execute(invocation)
        finally:
            if turn is not None:
                turn.release()


def apply() -> Invocations:
    """Put the queue where ministack starts its threads, and return it."""
    functions = engine("services.lambda_svc")
    invocations = Invocations(_execute, _give_up, limit())

    def invoke_asynchronously(func: dict[str, Any], event: Any) -> None:
        invocations.submit(Invocation(func, event))

    functions.invoke_async_with_retry = invoke_asynchronously
    _keep_request_ids(functions)
    return invocations


def _keep_request_ids(functions: Any) -> None:
    """Let an execution run under the request id of its invocation, where it has one."""
    dispatch = functions._execute_function_dispatch

    def dispatch_with_id(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        return dispatch(func, config, event, _request_id.get() or request_id, started)

    functions._execute_function_dispatch = dispatch_with_id


def _execute(invocation: Invocation) -> dict[str, Any]:
    functions = engine("services.lambda_svc")
    _enter_scope_of(invocation, functions)
    _request_id.set(invocation.request_id)
    result: dict[str, Any] = functions._execute_function(invocation.function, invocation.event)
    return result


def _give_up(invocation: Invocation, result: dict[str, Any]) -> None:
    """Tell the failure destination of the function, if it has one."""
    functions = engine("services.lambda_svc")
    _enter_scope_of(invocation, functions)
    config = invocation.function.get("config") or invocation.function
    destination = ((invocation.rules.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    target = destination or (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        functions._route_async_failure(target, config.get("FunctionName", ""), invocation.event, result)


def _enter_scope_of(invocation: Invocation, functions: Any) -> None:
    account, region = functions._account_region_from_function_config(
        invocation.function.get("config") or invocation.function
    )
    enter_scope(account, region)
