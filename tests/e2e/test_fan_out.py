"""One event fires many automations at once, on the whole stack."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.e2e.stacks import Document, Stack, eventually, unique

pytestmark = pytest.mark.stack

AUTOMATIONS = 40
CALLERS = 4


def test_one_event_that_fires_forty_automations_starts_forty_runs(stack: Stack) -> None:
    deployment, order = stack.deployment("new_user_flow"), unique("order")

    def automation(number: int) -> Document:
        return stack.automation("order.placed", order, deployment["id"], {"name": f"number {number}"})

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(automation, range(AUTOMATIONS)))
    stack.settle()

    stack.emit("order.placed", order)

    runs = stack.ended_runs(deployment, AUTOMATIONS, patience=180)
    assert {run["state_name"] for run in runs} == {"Completed"}
    assert sorted(run["parameters"]["name"] for run in runs) == sorted(f"number {one}" for one in range(AUTOMATIONS))
    eventually(lambda: executed(stack, deployment) == AUTOMATIONS or None, "an event for each action that was executed")


def executed(stack: Stack, deployment: Document) -> int:
    """Return how many actions were told as executed for a deployment."""
    about = f"prefect.deployment.{deployment['id']}"
    return sum(
        event["event"] == "prefect.automation.action.executed"
        and about in {labels["prefect.resource.id"] for labels in event["related"]}
        for event in stack.events(pages=10)
    )
