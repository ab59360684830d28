"""A story that is told again and again, each time with another AWS call failing; AWS delivers again what failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from tests.functions.stack import Stack
from tests.outages import refusal, unreachable

from whenflow.aws import wiring
from whenflow.runs import FlowRun

CLIENTS = ("dynamodb", "sqs", "lambda", "stepfunctions")
DELIVERIES = frozenset({"ReceiveMessage", "DeleteMessage"})  # what Lambda does itself
READS = frozenset({"BatchGetItem", "DescribeExecution", "GetItem", "Query"})
PATIENCE = 12


class Died(BaseException):
    """The process is gone."""


KINDS: dict[str, tuple[Callable[[], BaseException], bool]] = {
    "throttled": (lambda: refusal("ThrottlingException"), False),
    "the answer lost": (unreachable, True),
    "the process dead before it": (Died, False),
    "the process dead after it": (Died, True),
}


class Calls:
    """Counts the calls of all clients, and lets one of them fail.

    Attributes:
        made: The operations, in order.
        failing: The number of the call that fails.
    """

    def __init__(self, kind: str) -> None:
        self.made: list[str] = []
        self.failing = -1
        self._error, self._answer_lost = KINDS[kind]
        self._is_spared = False
        self._spares_flows = self._answer_lost or self._error is Died

    def before(self, model: Any, **_: Any) -> None:
        if not self._counts(model.name):
            return
        self.made.append(model.name)
        if not self._answer_lost and len(self.made) - 1 == self.failing:
            raise self._error()

    def after(self, model: Any, **_: Any) -> None:
        if self._counts(model.name) and self._answer_lost and len(self.made) - 1 == self.failing:
            raise self._error()

    def _counts(self, operation: str) -> bool:
        return operation not in DELIVERIES and not self._is_spared

    @contextmanager
    def spared(self, *, all_kinds: bool = True) -> Iterator[None]:
        """Let calls be while this is open; unless of all kinds, not those that are throttled."""
        self._is_spared = all_kinds or self._spares_flows
        try:
            yield
        finally:
            self._is_spared = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count and fail while this is open."""
        events = [wiring.client(name).meta.events for name in CLIENTS]
        for one in events:
            one.register_first("before-call", self.before)
            one.register("after-call", self.after)
        try:
            yield
        finally:
            for one in events:
                one.unregister("before-call", self.before)
                one.unregister("after-call", self.after)


class Ordeal:
    """Tells stories on a stack whose calls fail.

    Attributes:
        calls: Which call fails.
    """

    def __init__(self, stack: Stack, kind: str, *, reads: bool = True) -> None:
        """Let calls fail in this way; without `reads` only those that may change something."""
        self.stack, self.calls = stack, Calls(kind)
        self._reads_matter = reads and not KINDS[kind][1]
        self._kind = kind
        self._time = time_machine.travel(datetime.now(UTC))
        self._moved: Any = None

    def told(self, story: Callable[[str], None]) -> dict[str, object]:
        """Tell a story once, and then once for each call that it made, with that call failing.

        A read whose answer is lost is a read that failed; of many reads in a row, the first and the last stand for all.

        Returns:
            What failed, by the name under which the story was told.
        """
        with self._time as self._moved, self.calls.watched():
            self.minutes()  # the first sweep looks back further than any other
            self.calls.made.clear()
            story("nothing fails")
            failed: dict[str, object] = {"nothing fails": None}
            for number in self._worth_failing(list(self.calls.made)):
                self.calls.made.clear()
                self.calls.failing, name = number, f"call {number} fails"
                story(name)
                failed[name] = (self._kind, *self.calls.made[number : number + 1])
            self.calls.failing = -1
        return failed

    def _worth_failing(self, made: list[str]) -> list[int]:
        around = [None, *made, None]
        return [
            number
            for number, name in enumerate(made)
            if name not in READS or (self._reads_matter and not around[number] == name == around[number + 2])
        ]

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._moved.shift(timedelta(seconds=seconds))

    def settle(self, *, streams: bool = False) -> None:
        """Deliver rings and invocations until there are none; where streams matter, what is in them as well."""
        stack = self.stack
        while True:
            delivered = [self.deliver("timer", stack.rings())]
            if streams:
                delivered.append(self.deliver("matcher", stack.new_records("EventsTable")))
                delivered.append(self.deliver("action", stack.new_records("FiringsTable")))
                delivered.append(self.deliver("action", stack.retries()))
            for payload in stack.waiting_invocations():
                with self.calls.spared(all_kinds=False):
                    delivered.append(until(lambda payload=payload: stack.invoke("flows", payload)))  # type: ignore[misc]
            if not any(delivered):
                return

    def minutes(self, count: int = 1) -> None:
        """Let minutes pass, each with a sweep; calls of these do not fail."""
        for _ in range(count):
            self.wait(60)
            with self.calls.spared():
                self.stack.sweep()
            self.settle()

    def minute_that_counts(self) -> None:
        """Let a minute pass, with a sweep whose calls may fail; Lambda tries it three times."""
        self.wait(60)
        for _ in range(3):
            try:
                self.stack.sweep()
            except (Died, Exception):
                continue
            break
        self.settle()

    def deliver(self, function: str, batch: dict[str, Any]) -> bool:
        """Hand a batch over until all of it is done; tell whether there was anything in it."""
        left = batch["Records"]
        for _ in range(PATIENCE):
            if not left:
                return bool(batch["Records"])
            try:
                answer = self.stack.invoke(function, {"Records": left})
            except (Died, Exception):
                continue
            failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            names = [one.get("messageId") or one["dynamodb"]["SequenceNumber"] for one in left]
            left = left[min(map(names.index, failed)) :] if failed else []
        raise AssertionError(f"{function} never got done with {len(left)} records")

    def tell(self, name: str, status: str, **more: str) -> None:
        """Have EventBridge tell how an execution is, until the tracker has taken it in."""
        detail = {"name": name, "status": status, **more}
        notification = {"source": "aws.states", "detail": detail}
        until(lambda: self.stack.invoke("tracker", notification) is None)

    def ask(self, method: str, path: str, body: Any) -> Any:
        """Call the API until it answers."""
        answers: list[Any] = []

        def call() -> bool:
            answers.append(self.stack.api(method, path, body))
            return bool(answers[-1].status < 300)

        until(call)
        return answers[-1].document


def until(work: Callable[[], object]) -> bool:
    """Do something until it works."""
    for _ in range(PATIENCE):
        try:
            if work():
                return True
        except (Died, Exception):
            continue
    raise AssertionError("it never worked")


def states_of(run: FlowRun) -> list[str]:
    """Return the states that a run was in, without those that only another delivery of its launch makes."""
    return [state.name for state in run.states if state.name != "Retrying"]


def assert_each_state_told_once(stack: Stack, runs: list[FlowRun], what: object) -> None:
    """Look for one event of each state of these runs, and no other."""
    events = wiring.events().newest(10_000).events
    for run in runs:
        told = sorted(
            one.id for one in events if one.resource_id == run.resource_id and one.event.startswith("prefect.flow-run.")
        )
        assert told == sorted(state.id for state in run.states), (what, told)
