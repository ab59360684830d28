"""The events that tell what an automation did (SPEC 1.7; case A1 of 8.7)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stories import NOON, order_placed

from whenflow.actions.outcome import Executed
from whenflow.actions.registry import PERFORMERS

NOTHING = {"type": "do-nothing"}
ORDER = replace(order_placed(), received=NOON + timedelta(seconds=1))
LIFE = (
    "prefect.automation.triggered",
    "prefect.automation.action.triggered",
    "prefect.automation.action.executed",
)


@pytest.fixture
def told(world):
    """The three events of an automation that did nothing about order 7, by the last word of their names."""
    world.automation(
        {
            "name": "on order",
            "trigger": {"type": "event", "posture": "Reactive", "expect": ["order.placed"]},
            "actions": [NOTHING],
        }
    )
    world.clock.advance(1)
    firing = world.firing(ORDER)
    world.clock.advance(1)
    world.dispatcher.dispatch(firing)
    events = [world.events.named(name)[0] for name in LIFE]
    return firing, *events


def test_an_automation_is_told_to_have_fired_when_it_fired(told):
    firing, fired, _, _ = told

    assert fired.occurred == firing.triggered == NOON + timedelta(seconds=1)
    assert fired.resource == {
        "prefect.resource.id": f"prefect.automation.{firing.automation_id}",
        "prefect.resource.name": "on order",
        "prefect.posture": "Reactive",
    }


def test_what_fired_it_is_shown(told):
    firing, fired, _, _ = told

    assert fired.payload == {
        "triggering_labels": {},
        "triggering_event": ORDER.as_document(),
        "invocation": firing.id,
    }
    assert fired.related == (
        {
            "prefect.resource.id": f"prefect.event.{order_placed().id}",
            "prefect.resource.role": "triggering-event",
        },
    )


def test_a_very_large_event_is_shown_without_its_payload(world, fire):
    import random

    large = order_placed(payload={"noise": random.Random(7).randbytes(100_000).hex()})

    world.dispatcher.dispatch(fire(event=large))

    (fired,) = world.events.named("prefect.automation.triggered")
    assert fired.payload["triggering_event"] == large.as_document() | {"payload": {}}


def test_a1_actions_relate_to_the_firing_and_to_its_cause(told):
    _, fired, begun, done = told

    causes = (
        {
            "prefect.resource.id": f"prefect.event.{fired.id}",
            "prefect.resource.role": "automation-triggered-event",
        },
        {
            "prefect.resource.id": f"prefect.event.{order_placed().id}",
            "prefect.resource.role": "triggering-event",
        },
    )
    assert begun.related == done.related == causes


def test_a1_each_event_follows_its_cause(told):
    _, _, begun, done = told

    assert begun.follows == order_placed().id
    assert done.follows == begun.id


def test_actions_are_told_with_place_and_type(told):
    firing, _, begun, done = told

    assert (
        begun.payload
        == done.payload
        == {
            "action_index": 0,
            "action_type": "do-nothing",
            "invocation": firing.id,
        }
    )
    assert begun.resource["prefect.trigger-type"] == "event"


def test_an_action_ends_when_it_ends(told):
    assert told[3].occurred == NOON + timedelta(seconds=2)


def test_an_action_that_ends_within_a_second_bears_the_time_at_which_it_was_called_for(world, fire, monkeypatch):
    takes(world, monkeypatch, 0.9)

    world.dispatcher.dispatch(fire(NOTHING))

    (done,) = world.events.named("prefect.automation.action.executed")
    assert (done.occurred, done.received) == (NOON, NOON + timedelta(seconds=0.9))


def test_an_action_that_takes_longer_bears_the_time_at_which_it_ended(world, fire, monkeypatch):
    takes(world, monkeypatch, 1.1)

    world.dispatcher.dispatch(fire(NOTHING))

    (done,) = world.events.named("prefect.automation.action.executed")
    assert done.occurred == done.received == NOON + timedelta(seconds=1.1)


def takes(world, monkeypatch, seconds) -> None:
    """Let doing nothing take so long."""

    def slowly(*_) -> Executed:
        world.clock.advance(seconds)
        return Executed()

    monkeypatch.setitem(PERFORMERS, "do-nothing", slowly)


def test_told_again_it_is_the_same_events(world, told):
    before = world.events.names()
    world.clock.advance(60)

    world.dispatcher.dispatch(told[0])

    assert world.events.names() == before


def test_the_events_of_two_firings_are_apart(world, fire):
    world.dispatcher.dispatch(fire(NOTHING))
    second = order_placed(8)
    world.events.put(second)
    world.matcher.match(second)
    world.dispatcher.dispatch(list(world.firings.stored.values())[-1])

    assert [len(world.events.named(name)) for name in LIFE] == [2, 2, 2]


@pytest.fixture
def silence(world):
    """An automation that misses orders, and fired because none came for a minute."""
    world.automation(
        {
            "name": "no order",
            "trigger": {"type": "event", "posture": "Proactive", "expect": ["order.placed"], "within": 60},
            "actions": [NOTHING],
            "actions_on_trigger": [NOTHING],
        }
    )
    world.matcher.pass_time()
    world.clock.advance(60)
    world.matcher.pass_time()
    (firing,) = world.firings.stored.values()
    world.dispatcher.dispatch(firing)
    return firing


def test_an_absence_is_told_without_an_event_that_triggered_it(world, silence):
    (fired,) = world.events.named(LIFE[0])

    assert (fired.payload["triggering_event"], fired.related) == (None, ())
    assert fired.resource["prefect.posture"] == "Proactive"


def test_actions_on_an_absence_relate_to_the_firing_alone(world, silence):
    (fired,) = world.events.named(LIFE[0])

    for event in world.events.named(LIFE[1]):
        assert [one["prefect.resource.id"] for one in event.related] == [f"prefect.event.{fired.id}"]
        assert event.follows is None


def test_actions_on_the_trigger_follow_those_on_the_event(world, silence):
    assert [event.payload["action_index"] for event in world.events.named(LIFE[2])] == [0, 1]
    assert [silence.is_on_event(index) for index in (0, 1)] == [True, False]
