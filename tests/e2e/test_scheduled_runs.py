"""Runs that are to start later, on the whole stack: not before their time, soon after, whatever was down meanwhile."""

from datetime import datetime, timedelta

import pytest
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Document, Stack, eventually, unique

pytestmark = pytest.mark.stack

SOON = 3
WHILE_IT_IS_DOWN = 5
BEFORE_ANY_SWEEP = timedelta(seconds=45)


def welcomed(stack: Stack, seconds: float) -> tuple[Document, Document]:
    """Let an event make a run that is to start some seconds later; return the deployment and the run, which waits."""
    deployment, order = stack.deployment("new_user_flow"), unique("order")
    trigger = {"posture": "Reactive", "expect": ["order.placed"], "match": {"prefect.resource.id": order}}
    run = {"type": "run-deployment", "deployment_id": deployment["id"], "schedule_after": seconds}
    action = run | {"parameters": {"name": "{{ event.resource.id }}"}}
    stack._make("/automations", {"name": unique("later"), "trigger": trigger, "actions": [action]})
    stack.settle()
    stack.emit("order.placed", order)
    (made,) = eventually(lambda: stack.runs(deployment, among=10) or None, "a run that waits")
    return deployment, made


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_run_starts_not_before_its_time_and_soon_after(stack: Stack) -> None:
    deployment, made = welcomed(stack, SOON)

    (run,) = stack.ended_runs(deployment)

    assert stack.states(run) == ["Scheduled", "Pending", "Running", "Completed"]
    due = moment(run["expected_start_time"])
    # The run is dated an instant after its time was reckoned.
    assert due == moment(made["expected_start_time"]) >= moment(run["created"]) + timedelta(seconds=SOON - 0.05)
    assert due <= moment(run["start_time"]) < due + BEFORE_ANY_SWEEP
    stack.event("prefect.automation.action.executed", flow_run_id=run["id"])


def test_a_run_whose_time_came_while_the_stack_was_down_is_started_once_when_it_is_up(
    stack: Stack, machine: LocalStack
) -> None:
    deployment, made = welcomed(stack, WHILE_IT_IS_DOWN)
    assert made["state_name"] == "Scheduled"

    machine.restart(stack)

    (run,) = stack.ended_runs(deployment)
    assert stack.states(run) == ["Scheduled", "Pending", "Running", "Completed"]
    assert moment(run["start_time"]) >= moment(made["next_scheduled_start_time"])
    said = stack.said(run)
    assert sorted(set(said)) == sorted(said) != []
