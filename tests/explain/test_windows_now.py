"""`GET /api/explain` also says what is stored at this moment: the window of the event's key."""

from typing import Any

import pytest
from tests.api.conftest import Api, api, handler
from tests.stories import order_placed
from tests.world import World

from whenflow.automations import Automation
from whenflow.events import Event

__all__ = ["api", "handler"]
ID = "prefect.resource.id"
KEYED = {"posture": "Reactive", "expect": ["order.placed"], "for_each": [ID], "threshold": 5, "within": 600}


def watching(world: World, trigger: dict[str, Any]) -> Automation:
    return world.automations.create({"name": "watch", "trigger": {"type": "event", **trigger}, "actions": []})


def places_order(world: World, number: int) -> Event:
    """Let an order be placed now, and be matched."""
    world.clock.advance(1)
    event = order_placed(number, id=world.ids.new(), occurred=world.clock.now())
    world.happens(event)
    return event


def explained(api: Api, automation: Automation, event: Event) -> tuple[Any, list[str]]:
    """Return the windows of an explanation, and what its text says of them."""
    answer = api("GET", "/explain", query={"automation": automation.id, "event": event.id})
    assert answer.status == 200
    said = [line for line in answer.document["text"].splitlines() if line.startswith("  now ")]
    return answer.document["explanation"]["window_now"], said


def test_the_window_of_the_events_key_is_told_as_it_is_stored_now(api, world):
    automation = watching(world, KEYED)
    event = places_order(world, 7)
    places_order(world, 7)
    places_order(world, 8)

    [now], [sentence] = explained(api, automation, event)
    assert now == {
        "trigger": automation.trigger.id,
        "labels": {ID: event.resource_id},
        "threshold": 5,
        "window": {"start": "2026-11-20T11:45:01.000000Z", "end": "2026-11-20T12:10:01.000000Z", "count": 2},
    }
    assert sentence == (
        f"  now      the window for {ID}={event.resource_id} has counted 2 of 5, and ends at 2026-11-20 12:10:01 UTC"
    )


def test_a_window_without_a_deadline_has_no_end(api, world):
    automation = watching(world, {"posture": "Reactive", "expect": ["order.placed"], "threshold": 5})
    event = places_order(world, 7)

    [now], [sentence] = explained(api, automation, event)
    assert (now["window"]["count"], now["window"]["end"]) == (1, None)
    assert sentence == "  now      the window has counted 1 of 5, and has no deadline"


def test_where_no_window_is_open_that_is_said(api, world):
    trigger = {"posture": "Proactive", "after": ["order.shipped"], "expect": ["order.placed"], "within": 60}
    automation = watching(world, trigger)
    event = places_order(world, 7)

    [now], [sentence] = explained(api, automation, event)
    assert now["window"] is None
    assert sentence == "  now      no window is open"


def test_what_was_counted_before_it_was_switched_off_and_on_is_not_told(api, world):
    automation = watching(world, KEYED)
    event = places_order(world, 7)
    for enabled in (False, True):
        world.clock.advance(1)
        world.automations.switch(automation.id, {"enabled": enabled})

    [now], _ = explained(api, automation, event)
    assert now["window"] is None


@pytest.mark.parametrize(
    "trigger",
    [{"posture": "Reactive", "expect": ["order.placed"]}, KEYED | {"expect": ["order.paid"]}],
    ids=["keeps none", "looks at others"],
)
def test_a_trigger_without_a_window_for_the_event_tells_of_none(api, world, trigger):
    assert explained(api, watching(world, trigger), places_order(world, 7)) == ([], [])


def test_an_automation_that_is_off_tells_of_none(api, world):
    automation = watching(world, KEYED)
    event = places_order(world, 7)
    world.automations.switch(automation.id, {"enabled": False})

    assert explained(api, automation, event) == ([], [])
