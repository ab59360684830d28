"""Flows outside of the stack that report to it: nested, tried again, stopped, and with tasks in the background."""

import time
from collections.abc import Iterator

import pytest
from tests.e2e.stacks import Stack, eventually, unique

from whenflow.flows import flow, run_deployment, task

pytestmark = pytest.mark.stack


@task
def send_welcome_email(name: str) -> None:
    """The task of functions/flows, which the stack works on."""


@task
def fetch(what: str) -> str:
    """Fetch a fact."""
    return f"a fact about a {what}"


@flow
def cat_fact() -> str:
    """Tell of cats."""
    return fetch("cat")


@pytest.fixture(autouse=True)
def _connected(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The SDK reports to the stack."""
    monkeypatch.setenv("WHENFLOW_API_URL", stack.url)
    monkeypatch.setenv("WHENFLOW_API_KEY", stack.api_key)
    yield


def the_run(stack: Stack, flow_name: str):
    (run,) = [one for one in stack.post("/flow_runs/filter", {"limit": 50}) if one["flow_name"] == flow_name]
    return run


def test_a_flow_with_a_nested_one_that_is_tried_again_and_one_that_takes_too_long(stack: Stack) -> None:
    left = [1]

    @flow(name=unique("flaky"), retries=1, retry_delay_seconds=1)
    def flaky() -> str:
        if left.pop() if left else False:
            raise LookupError("not yet")
        return cat_fact()

    @flow(name=unique("slow"), timeout_seconds=0.5)
    def slow() -> None:
        time.sleep(30)

    @flow(name=unique("animal-facts"))
    def animal_facts() -> str:
        assert slow(return_state=True).name == "TimedOut"
        return flaky()

    assert animal_facts() == "a fact about a cat"

    parent = the_run(stack, animal_facts.name)
    assert stack.states(parent) == ["Pending", "Running", "Completed"]
    assert stack.states(the_run(stack, flaky.name))[1:] == ["Running", "AwaitingRetry", "Retrying", "Completed"]
    assert stack.states(the_run(stack, slow.name))[-1] == "TimedOut"
    rows = stack.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [parent["id"]]}}})
    assert sorted(row["state_name"] for row in rows) == ["Completed", "TimedOut"]


def test_a_deployment_is_run_and_waited_for(stack: Stack) -> None:
    deployment = stack.deployment("new_user_flow")

    run = run_deployment(deployment["id"], parameters={"name": "Ann"}, timeout=120, poll_interval=1)

    assert run.state.name == "Completed"
    rows = stack.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [run.id]}}})
    assert [row["state_name"] for row in rows] == ["Completed"] * 3


def test_a_task_is_worked_on_in_the_background(stack: Stack) -> None:
    made = send_welcome_email.delay(unique("ann"))

    def ended():
        row = stack.get(f"/task_runs/{made.id}")
        return row if row["state_name"] == "Completed" else None

    assert eventually(ended, "a task that has been worked on")["run_count"] == 1
