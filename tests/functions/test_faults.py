"""Each AWS call on the way from a request to a run that is over fails once, in each way: nothing is lost or doubled.

Functions, adapters and clients are the real ones. Streams and queues deliver again what failed, as AWS would. A flow
whose process dies is for `tests/e2e`: here its code would see the end coming, and say so.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from tests.functions.stack import Stack
from tests.outages import refusal, unreachable
from tests.stories import ANN, welcoming

from whenflow.aws import wiring
from whenflow.events import Event
from whenflow.runs import FlowRun

CLIENTS = ("dynamodb", "sqs", "lambda")
DELIVERIES = frozenset({"ReceiveMessage", "DeleteMessage"})  # what Lambda does itself
PATIENCE = 12
OK = 204
TOLD = {
    "user.signed-up": 1,
    "prefect.automation.triggered": 1,
    "prefect.automation.action.triggered": 1,
    "prefect.automation.action.executed": 1,
}


class Died(BaseException):
    """The process is gone."""


class Calls:
    """Counts the calls of all clients, and lets one of them fail.

    Attributes:
        made: The operations, in order.
        failing: The number of the call that fails.
    """

    def __init__(self, error: Callable[[], BaseException], *, answer_lost: bool) -> None:
        self.made: list[str] = []
        self.failing = -1
        self._error, self._answer_lost = error, answer_lost
        self._is_in_flow = False
        self._spares_flows = answer_lost or error is Died

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
        return operation not in DELIVERIES and not (self._is_in_flow and self._spares_flows)

    @contextmanager
    def in_flow(self) -> Iterator[None]:
        """Let flows be while this is open, but for calls that are throttled."""
        self._is_in_flow = True
        yield
        self._is_in_flow = False

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


KINDS: dict[str, tuple[Callable[[], BaseException], bool]] = {
    "throttled": (lambda: refusal("ThrottlingException"), False),
    "the answer lost": (unreachable, True),
    "the process dead before it": (Died, False),
    "the process dead after it": (Died, True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whichever_call_fails_there_is_one_event_one_firing_and_one_run_that_completes(stack: Stack, kind: str) -> None:
    stack.automation(welcoming(stack.deployment()))
    slug = stack.webhook(delivery_id="{{ body.userid }}")
    error, answer_lost = KINDS[kind]
    calls = Calls(error, answer_lost=answer_lost)
    with calls.watched():
        see_through(stack, slug, "nothing fails", calls)
        usual, failed = len(calls.made), {}
        for number in range(usual):
            calls.made.clear()
            calls.failing, person = number, f"call {number} fails"
            see_through(stack, slug, person, calls)
            failed[person] = (kind, *calls.made[number : number + 1])
    events, runs = wiring.events().newest(10_000).events, wiring.runs().newest(1_000)
    for person, what in failed.items():
        assert_done_once(events, runs, person, (person, what))


def see_through(stack: Stack, slug: str, person: str, calls: Calls) -> None:
    """Sign somebody up, and deliver what comes of it until nothing does."""
    until(lambda: stack.hook(slug, ANN | {"userid": person, "name": person}).status == OK)
    while True:
        delivered = [deliver(stack, "matcher", stack.new_records("EventsTable"))]
        delivered.append(deliver(stack, "action", stack.new_records("FiringsTable")))
        delivered.append(deliver(stack, "action", stack.retries()))
        for payload in stack.invocations.payloads[stack._ran :]:
            stack._ran += 1
            with calls.in_flow():
                delivered.append(until(lambda payload=payload: stack.invoke("flows", payload)))  # type: ignore[misc]
        if not any(delivered):
            return


def deliver(stack: Stack, function: str, batch: dict[str, Any]) -> bool:
    """Hand a batch over until all of it is done; tell whether there was anything in it."""
    left = batch["Records"]
    for _ in range(PATIENCE):
        if not left:
            return bool(batch["Records"])
        try:
            answer = stack.invoke(function, {"Records": left})
        except (Died, Exception):
            continue
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        names = [one.get("messageId") or one["dynamodb"]["SequenceNumber"] for one in left]
        left = left[min(map(names.index, failed)) :] if failed else []
    raise AssertionError(f"{function} never got done with {len(left)} records")


def until(work: Callable[[], object]) -> bool:
    """Do something until it works."""
    for _ in range(PATIENCE):
        try:
            if work():
                return True
        except (Died, Exception):
            continue
    raise AssertionError("it never worked")


def assert_done_once(events: Sequence[Event], runs: Sequence[FlowRun], person: str, what: object) -> None:
    """Look for one event, one firing, one run that completed, and each state of it told."""
    signed_up = [one for one in events if one.payload.get("name") == person]
    made = [one for one in runs if one.parameters.get("name") == person]
    assert (len(signed_up), len(made)) == (1, 1), what
    about = {made[0].resource_id, f"prefect.event.{signed_up[0].id}"}
    told = Counter(
        one.event
        for one in events
        if one is signed_up[0] or about & {labels["prefect.resource.id"] for labels in one.involved()}
    )
    assert {name: told[name] for name in TOLD} == TOLD, (what, told)
    assert not told["prefect.automation.action.failed"], what
    states = [state.name for state in made[0].states]
    assert [name for name in states if name != "Retrying"] == ["Scheduled", "Pending", "Running", "Completed"], what
    assert all(told[f"prefect.flow-run.{name}"] == states.count(name) for name in states), (what, told)
