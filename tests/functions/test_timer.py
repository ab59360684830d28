"""The timer: a sweep each minute, and rings at their second."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.functions.stack import Stack, later, queue_record
from tests.outages import failing, refusal
from tests.stories import ANN, order_document, run_of, welcoming

from whenflow.automations import Firing
from whenflow.aws import wiring
from whenflow.aws.records import firing_of
from whenflow.errors import Transient
from whenflow.events import Event
from whenflow.runs import FlowRun

ALL_WELL: dict[str, Any] = {"batchItemFailures": []}
LEADER, FOLLOWER = (f"0190163d-8694-7000-8000-{number:012d}" for number in (1, 2))


def missing_orders(**changes: Any) -> dict[str, Any]:
    """An automation that misses orders when none came for a minute."""
    trigger = {"posture": "Proactive", "expect": ["order.placed"], "within": 60, **changes}
    return {"name": "no order", "trigger": trigger, "actions": [{"type": "do-nothing"}]}


def on_orders(**changes: Any) -> dict[str, Any]:
    trigger = {"posture": "Reactive", "expect": ["order.placed"]}
    return {"name": "on order", "trigger": trigger, "actions": [{"type": "do-nothing"}], **changes}


def matched(stack: Stack) -> None:
    """Hand the new events to the matcher."""
    assert stack.invoke("matcher", stack.new_records("EventsTable")) == ALL_WELL


def rung(stack: Stack) -> None:
    """Answer the rings that are due."""
    assert stack.invoke("timer", stack.rings()) == ALL_WELL


def fired(stack: Stack) -> list[Firing]:
    return [firing_of(record) for record in stack.new_records("FiringsTable")["Records"]]


def posted(stack: Stack, **changes: Any) -> None:
    assert stack.api("POST", "/events", order_document(**changes)).status == 204


def test_without_automations_a_sweep_finds_nothing(stack):
    assert stack.sweep() == {"asked": 0}


def test_a_sweep_asks_for_the_rings_of_the_next_minutes(stack):
    stack.automation(missing_orders())

    assert stack.sweep() == {"asked": 1}


def test_a_sweep_asks_for_no_ring_that_is_far_away(stack):
    stack.automation(missing_orders(within=3_600))

    assert stack.sweep() == {"asked": 0}


def test_a_silence_is_told_of_when_its_window_ends(stack):
    made = stack.automation(missing_orders())

    with later(61):
        rung(stack)

    (firing,) = fired(stack)
    assert (firing.automation_id, firing.posture, firing.event) == (made["id"], "Proactive", None)


def test_nothing_rings_before_the_window_ends(stack):
    stack.automation(missing_orders())

    with later(50):
        assert stack.rings()["Records"] == []


def test_what_came_in_time_is_no_silence(stack):
    stack.automation(missing_orders())
    with later(30):
        posted(stack, occurred=wiring.clock().now().isoformat())
        matched(stack)

    with later(61):
        rung(stack)

    assert fired(stack) == []


def test_a_ring_that_is_given_twice_fires_once(stack):
    stack.automation(missing_orders())

    with later(61):
        rings = stack.rings()
        for _ in range(2):
            assert stack.invoke("timer", rings) == ALL_WELL

    assert len(fired(stack)) == 1


def test_the_next_window_is_told_of_as_well(stack):
    stack.automation(missing_orders())
    for seconds in (61, 121):
        with later(seconds):
            stack.sweep()
            rung(stack)

    assert len(fired(stack)) == 2


def test_a_silence_becomes_an_event(stack):
    stack.automation(missing_orders())
    with later(61):
        rung(stack)
        stack.invoke("action", stack.new_records("FiringsTable"))

    assert "prefect.automation.action.executed" in stack.names()


def test_an_automation_that_was_removed_is_silent(stack):
    made = stack.automation(missing_orders())
    stack.api("DELETE", f"/automations/{made['id']}")

    with later(61):
        rung(stack)

    assert fired(stack) == []


def test_an_event_that_follows_an_unknown_one_waits(stack):
    stack.automation(on_orders())
    posted(stack, id=FOLLOWER, follows=LEADER)

    matched(stack)

    assert fired(stack) == []


def test_a_held_event_is_matched_when_the_one_it_follows_is_known(stack):
    stack.automation(on_orders())
    posted(stack, id=FOLLOWER, follows=LEADER)
    matched(stack)
    posted(stack, id=LEADER, number=8)
    matched(stack)

    with later(10):
        rung(stack)

    assert [followed(firing).id for firing in fired(stack)] == [LEADER, FOLLOWER]


def test_a_held_event_that_still_has_to_wait_is_asked_for_again(stack):
    stack.automation(on_orders())
    posted(stack, id=FOLLOWER, follows=LEADER)
    matched(stack)

    with later(3):
        rung(stack)
    with later(10):
        (ring,) = stack.rings()["Records"]

    assert json.loads(ring["body"]) == {"held": FOLLOWER, "attempt": 1}
    assert fired(stack) == []


def test_a_held_event_is_matched_once_however_often_it_is_delivered(stack):
    stack.automation(on_orders())
    posted(stack, id=FOLLOWER, follows=LEADER)
    records = stack.new_records("EventsTable")
    for _ in range(3):
        assert stack.invoke("matcher", records) == ALL_WELL

    with later(901):
        rings = stack.rings()
        for _ in range(2):
            assert stack.invoke("timer", rings) == ALL_WELL
        assert stack.invoke("matcher", records) == ALL_WELL

    assert [followed(firing).id for firing in fired(stack)] == [FOLLOWER]


def test_runs_that_fail_are_told_of_by_the_sweeps(stack):
    metric = {"name": "successes", "operator": "<", "threshold": 0.5, "range": 3_600, "firing_for": 300}
    made = stack.automation(on_orders(trigger={"type": "metric", "metric": metric}))
    run = {"prefect.resource.id": "prefect.flow-run.1", "prefect.state-type": "FAILED", "prefect.state-name": "Failed"}
    now = wiring.clock().now().isoformat()
    posted(stack, event="prefect.flow-run.Failed", resource=run, occurred=now)
    matched(stack)
    stack.sweep()

    with later(301):
        stack.sweep()

    assert [(firing.automation_id, firing.value) for firing in fired(stack)] == [(made["id"], 0.0)]


def test_a_ring_that_fails_is_reported_alone(stack):
    stack.automation(missing_orders())
    with later(61):
        (good,) = stack.rings()["Records"]
        answer = stack.invoke("timer", {"Records": [queue_record("no json", "bad"), good]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(fired(stack)) == 1


def test_a_ring_in_a_time_of_need_is_given_again(stack):
    stack.automation(missing_orders())
    with later(61):
        rings = stack.rings()
        with failing(wiring.dynamodb(), "TransactWriteItems", refusal("ThrottlingException")):
            answer = stack.invoke("timer", rings)
        assert answer == {"batchItemFailures": [{"itemIdentifier": rings["Records"][0]["messageId"]}]}

        assert stack.invoke("timer", rings) == ALL_WELL

    assert len(fired(stack)) == 1


def test_a_sweep_that_fails_raises_so_that_it_is_tried_again(stack):
    with failing(wiring.dynamodb(), "Query", refusal("ThrottlingException")), pytest.raises(Transient):
        stack.sweep()


def followed(firing: Firing) -> Event:
    assert firing.event is not None
    return firing.event


# ---- scheduled runs ----


@pytest.fixture
def welcomed(stack: Stack) -> Callable[[float], FlowRun]:
    """A function that has Ann welcomed some seconds after she signs up; it returns the run, which waits."""

    def signs_up(seconds: float) -> FlowRun:
        deployment = stack.deployment()
        action = run_of(deployment, parameters={"name": "Ann"}, schedule_after=seconds)
        stack.automation(welcoming(deployment, actions=[action]))
        stack.hook(stack.webhook(), ANN)
        stack.settle()
        return stack.run()

    return signs_up


def test_a_run_that_waits_starts_at_its_second_and_completes(stack, welcomed):
    run = welcomed(3)
    assert (run.state.name, stack.invocations.calls) == ("Scheduled", [])

    with later(2):
        assert stack.rings()["Records"] == []
    with later(4):
        rung(stack)
        stack.settle()

    assert [state.name for state in stack.run().states] == ["Scheduled", "Pending", "Running", "Completed"]
    assert stack.run().start_time >= run.due


def test_a_run_that_waits_for_long_is_found_by_a_sweep(stack, welcomed):
    welcomed(3_600)
    with later(3_000):
        assert stack.sweep() == {"asked": 0}

    with later(3_550):
        assert stack.sweep() == {"asked": 1}
    with later(3_601):
        rung(stack)

    assert len(stack.invocations.calls) == 1


def test_a_run_that_was_missed_by_days_is_started_by_the_next_sweep_once(stack, welcomed):
    welcomed(3_600)

    with later(5 * 86_400):
        assert [stack.sweep(), stack.sweep()] == [{"asked": 1}, {"asked": 1}]
        rings = stack.rings()
        for _ in range(2):
            assert [len(rings["Records"]), stack.invoke("timer", rings)] == [2, ALL_WELL]

    assert len(stack.invocations.calls) == 2, "the ring that started the run was delivered twice"
    assert len({json.loads(ring["body"])["ring"] for ring in rings["Records"]}) == 2


def test_windows_that_cannot_be_swept_hold_up_no_run(stack, welcomed):
    welcomed(3_600)

    with later(3_601):
        with failing(wiring.dynamodb(), "GetItem", refusal("ThrottlingException")), pytest.raises(Transient):
            stack.sweep()
        rung(stack)

    assert len(stack.invocations.calls) == 1


def test_runs_that_cannot_be_found_hold_up_no_window(stack):
    stack.automation(missing_orders())
    stack.rings()

    with later(61):
        with (
            failing(wiring.dynamodb(), "Query", refusal("ThrottlingException"), when=of_runs),
            pytest.raises(Transient),
        ):
            stack.sweep()
        rung(stack)

    assert len(fired(stack)) == 1


def test_a_target_that_is_busy_has_the_ring_given_again(stack, welcomed):
    welcomed(3)

    with later(4):
        rings = stack.rings()
        with failing(wiring.client("lambda"), "Invoke", refusal("TooManyRequestsException")):
            answer = stack.invoke("timer", rings)
        assert answer == {"batchItemFailures": [{"itemIdentifier": rings["Records"][0]["messageId"]}]}
        assert stack.invoke("timer", rings) == ALL_WELL

    assert stack.run().state.name == "Pending"


def test_a_target_that_refuses_crashes_the_run_and_the_ring_is_over(stack, welcomed):
    welcomed(3)

    with later(4), failing(wiring.client("lambda"), "Invoke", refusal("ResourceNotFoundException")):
        rung(stack)

    assert stack.run().state.name == "Crashed"
    assert "ResourceNotFoundException" in stack.run().state.message


def test_a_run_whose_execution_ended_unheard_ends_with_the_next_questions(stack):
    role = wiring.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    machines = wiring.client("stepfunctions")
    arn = machines.create_state_machine(name="m", definition="{}", roleArn=role)["stateMachineArn"]
    deployment = stack.deployment(work_pool_name="step-functions", job_variables={"state_machine_arn": arn})
    stack.automation(welcoming(deployment, actions=[run_of(deployment, parameters={"name": "Ann"})]))
    stack.hook(stack.webhook(), ANN)
    stack.settle()
    (execution,) = machines.list_executions(stateMachineArn=arn)["executions"]
    machines.stop_execution(executionArn=execution["executionArn"], error="Gone", cause="by hand")
    assert stack.run().state.name == "Pending"

    with later(21 * 60):
        stack.sweep()

    assert stack.run().state.name == "Cancelled"


def of_runs(params: Any) -> bool:
    return bool(params["TableName"] == "RunsTable")
