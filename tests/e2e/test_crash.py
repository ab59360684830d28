"""A flow whose process dies, and dies again at every further attempt, ends as Crashed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Stack, eventually, unique

pytestmark = pytest.mark.stack


def test_a_flow_whose_process_is_killed_at_every_attempt_crashes_and_the_next_one_runs(
    stack: Stack, machine: LocalStack
) -> None:
    deployment, order = stack.deployment("new_user_flow"), unique("order")
    stack.automation("order.placed", order, deployment["id"], {"name": "Ann"})
    stack.settle()

    with every_process_killed(machine, "FlowsFunction"):
        stack.emit("order.placed", order)
        (run,) = stack.ended_runs(deployment)

    assert run["state_name"] == "Crashed"
    assert "killed" in run["state"]["message"]
    told = stack.event("prefect.flow-run.Crashed", f"prefect.flow-run.{run['id']}")
    assert told["resource"]["prefect.state-message"] == run["state"]["message"]
    eventually(lambda: stack.waiting_in("FlowFailuresQueue") == 0 or None, "the queue of failures to be worked off")
    stack.emit("order.placed", order)
    assert [one["state_name"] for one in stack.ended_runs(deployment, 2)] == ["Completed", "Crashed"]


@contextmanager
def every_process_killed(machine: LocalStack, function: str) -> Iterator[None]:
    """Kill every process of a function as soon as it is there."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.05):
            machine.kill(function)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()
