"""The stack is stopped, with work under way, and started again: all is still there, and nothing is done twice."""

import pytest
from tests.e2e.local import LocalStack
from tests.e2e.stacks import Stack, unique

pytestmark = pytest.mark.stack

LATE = 5


def test_a_restart_forgets_nothing_repeats_nothing_and_goes_on(stack: Stack, machine: LocalStack) -> None:
    deployment, order = stack.deployment("new_user_flow"), unique("order")
    stack.automation("order.*", order, deployment["id"], {"name": "{{ event.name }}"})
    stack.settle()
    first = stack.emit("order.placed", order)
    (before,) = stack.ended_runs(deployment)
    event, states = stack.get(f"/events/{first}"), stack.states(before)
    late = [stack.emit(f"order.changed-{number}", order) for number in range(LATE)]

    machine.restart(stack)

    assert stack.get(f"/events/{first}") == event
    assert stack.get(f"/flow_runs/{before['id']}") == before
    stack.emit("order.archived", order)
    runs = stack.ended_runs(deployment, LATE + 2)
    assert [run["state_name"] for run in runs] == ["Completed"] * (LATE + 2)
    expected = {"order.placed", "order.archived", *(f"order.changed-{number}" for number in range(LATE))}
    assert {run["parameters"]["name"] for run in runs} == expected
    assert {run["event_id"] for run in runs} >= {first, *late}
    assert stack.states(before) == states
    on_the_order = [one["id"] for one in stack.events() if one["resource"]["prefect.resource.id"] == order]
    assert len(on_the_order) == len(set(on_the_order)) == LATE + 2
