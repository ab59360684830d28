"""However the code of a run ends, the run ends, and each of its states is an event."""

from collections.abc import Iterator

import pytest
from tests.e2e.functions import function_of_ones_own
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Document, Stack, eventually, unique

pytestmark = pytest.mark.stack

LIMIT_SECONDS = 5
NAME = "Endings"
CODE = """
import time
from whenflow import flow, serve_lambda

@flow
def raises(name: str) -> None:
    raise ValueError(f"nobody is called {name}")

@flow
def sleeps(name: str) -> None:
    time.sleep(60)

@flow(timeout_seconds=1)
def dawdles(name: str) -> None:
    time.sleep(3)

@flow
def rests(name: str) -> None:
    time.sleep(3)

handler = serve_lambda(raises, sleeps, dawdles, rests)
"""
ENDINGS = {
    "raises": (["Scheduled", "Pending", "Running", "Failed"], "nobody is called Ann"),
    "sleeps": (["Scheduled", "Pending", "Running", "Retrying", "Retrying", "Crashed"], "timed out"),
    "dawdles": (["Scheduled", "Pending", "Running", "TimedOut"], "1"),
}


@pytest.fixture(scope="module")
def function(lasting: Stack, ground: object) -> Iterator[str]:
    """A function with flows that end badly; the stack may invoke it."""
    if getattr(ground, "machine", None) is None:
        pytest.skip("deploys a function of its own, so it is for the local stack only")
    with function_of_ones_own(lasting, NAME, CODE, LIMIT_SECONDS) as arn:
        yield arn


@pytest.mark.parametrize("flow", ENDINGS)
def test_a_flow_that_does_not_end_well_ends_all_the_same_and_each_state_is_told(
    stack: Stack, function: str, flow: str
) -> None:
    deployment, order = deployed(stack, function, flow), unique("order")
    stack.automation("order.placed", order, deployment["id"], {"name": "Ann"})
    stack.settle()

    stack.emit("order.placed", order)
    (run,) = stack.ended_runs(deployment)

    states, reason = ENDINGS[flow]
    assert stack.states(run) == states
    assert reason in run["state"]["message"]
    assert_each_state_is_told(stack, run)


def test_a_flow_whose_process_is_killed_once_is_taken_over_and_completes(
    stack: Stack, function: str, machine: LocalStack
) -> None:
    deployment, order = deployed(stack, function, "rests"), unique("order")
    stack.automation("order.placed", order, deployment["id"], {"name": "Ann"})
    stack.settle()

    stack.emit("order.placed", order)
    eventually(lambda: any(map(is_running, stack.runs(deployment, among=10))) or None, "a run whose code is running")
    assert machine.kill(NAME) != []

    (run,) = stack.ended_runs(deployment)
    assert stack.states(run) == ["Scheduled", "Pending", "Running", "Retrying", "Completed"]
    assert_each_state_is_told(stack, run)


def test_one_event_runs_a_flow_on_lambda_and_one_on_step_functions(stack: Stack) -> None:
    order = unique("order")
    on_lambda = stack.deployment("new_user_flow")
    on_machine = stack.deployment("process_new_file", machine=True)
    stack.automation("order.placed", order, on_lambda["id"], {"name": "Ann"})
    stack.automation("order.placed", order, on_machine["id"], {"file_name": "order.csv"})
    stack.settle()

    stack.emit("order.placed", order)

    for deployment in (on_lambda, on_machine):
        (run,) = stack.ended_runs(deployment)
        assert stack.states(run) == ["Scheduled", "Pending", "Running", "Completed"]
        assert_each_state_is_told(stack, run)


def deployed(stack: Stack, function: str, flow: str) -> Document:
    """Make a deployment of a flow of the function here."""
    target = {"work_pool_name": "lambda", "job_variables": {"function_arn": function}}
    return stack._make("/deployments", {"name": unique("ending"), "flow_name": flow, **target})


def is_running(run: Document) -> bool:
    """Tell whether the code of a run is running."""
    return bool(run["state_name"] == "Running")


def assert_each_state_is_told(stack: Stack, run: Document) -> None:
    """Compare the states of a run with the events that tell of it, in their order."""
    about = f"prefect.flow-run.{run['id']}"

    def told() -> list[str] | None:
        found = [one for one in stack.events(pages=3) if one["resource"]["prefect.resource.id"] == about]
        names = [
            one["event"].removeprefix("prefect.flow-run.") for one in sorted(found, key=lambda one: one["occurred"])
        ]
        return names if names == stack.states(run) else None

    eventually(told, f"events of all states of {run['id']}, which are {stack.states(run)}", patience=10)
