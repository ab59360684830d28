"""The timer: a sweep each minute, and rings at their second."""

import json
from typing import Any

import pytest
from tests.functions.stack import Stack, later, queue_record
from tests.outages import failing, refusal
from tests.stories import order_document

from whenflow.automations import Firing
from whenflow.aws import wiring
from whenflow.aws.records import firing_of
from whenflow.errors import Transient
from whenflow.events import Event

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
