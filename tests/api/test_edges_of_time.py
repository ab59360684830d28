"""Events at either end of the calendar: no window can end after the last moment, and none begins before the first."""

import pytest
from tests.stories import order_document

MOMENTS = ["9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"]
TRIGGERS = {
    "a count": {"posture": "Reactive", "threshold": 1, "within": 60, "expect": ["order.placed"]},
    "an absence": {"posture": "Proactive", "within": 60, "after": ["order.placed"], "expect": ["order.paid"]},
    "an absence for each": {
        "posture": "Proactive",
        "threshold": 1,
        "within": 60,
        "expect": ["order.placed"],
        "for_each": ["prefect.resource.id"],
    },
}


@pytest.mark.parametrize("occurred", MOMENTS)
@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=TRIGGERS.keys())
def test_an_event_at_the_edge_of_the_calendar_is_matched(world, api, trigger, occurred):
    world.automation({"name": "edge", "trigger": {"type": "event", **trigger}, "actions": []})
    number = len(world.firings.stored)

    assert api("POST", "/events", [order_document(occurred=occurred)]).status == 204
    world.settle()

    assert len(world.firings.stored) - number == (trigger["posture"] == "Reactive")


@pytest.mark.parametrize("occurred", MOMENTS)
def test_a_composite_takes_an_event_at_the_edge_of_the_calendar(world, api, occurred):
    child = {"type": "event", "posture": "Reactive", "expect": ["order.placed"]}
    trigger = {
        "type": "compound",
        "require": "all",
        "within": 60,
        "triggers": [child, {**child, "expect": ["order.*"]}],
    }
    world.automation({"name": "edge", "trigger": trigger, "actions": []})

    assert api("POST", "/events", [order_document(occurred=occurred)]).status == 204
    world.settle()

    assert len(world.firings.stored) == 1
