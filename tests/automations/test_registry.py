"""What becomes of windows when automations are replaced, switched and removed; what they are told to be."""

from typing import Any

import pytest
from tests.stories import NOON, order_placed
from tests.world import World

from whenflow.automations import Automation


def counting(threshold: int = 2, **changes: Any) -> dict[str, Any]:
    trigger = {"posture": "Reactive", "expect": ["order.placed"], "threshold": threshold, "within": 3_600}
    return {"name": "orders", "trigger": trigger, "actions": [{"type": "do-nothing"}], **changes}


def missing(within: int = 60, **changes: Any) -> dict[str, Any]:
    trigger = {"posture": "Proactive", "expect": ["order.placed"], "within": within}
    return {"name": "no order", "trigger": trigger, "actions": [{"type": "do-nothing"}], **changes}


def both(*expected: str) -> dict[str, Any]:
    triggers = [{"posture": "Reactive", "expect": [one]} for one in expected]
    trigger = {"type": "compound", "require": "all", "within": 3_600, "triggers": triggers}
    return {"name": "both", "trigger": trigger, "actions": [{"type": "do-nothing"}]}


def places_order(world: World, **changes: Any) -> int:
    """Let an order be placed now; return how many firings come of it."""
    return world.matcher.match(order_placed(**{"id": world.ids.new(), "occurred": world.clock.now(), **changes}))


def passes(world: World, seconds: float) -> int:
    """Let time pass; return how many firings come of it."""
    world.clock.advance(seconds)
    return world.matcher.pass_time()


@pytest.fixture
def half(world: World) -> Automation:
    """An automation that wants two orders and has seen one."""
    made = world.automations.create(counting())
    places_order(world)
    return made


def test_what_was_counted_stays_when_the_trigger_says_the_same(world, half):
    world.automations.replace(half.id, counting(name="renamed", actions=[]))

    assert places_order(world) == 1


def test_what_was_counted_is_forgotten_when_the_trigger_says_something_else(world, half):
    world.automations.replace(half.id, counting(3))

    assert [places_order(world) for _ in range(3)] == [0, 0, 1]


def test_switched_off_and_on_it_counts_from_the_beginning(world, half):
    world.clock.advance(1)
    for enabled in (False, True):
        world.automations.switch(half.id, {"enabled": enabled})

    assert [places_order(world) for _ in range(2)] == [0, 1]


def test_replaced_by_itself_switched_off_and_then_on_it_counts_from_the_beginning(world, half):
    world.clock.advance(1)
    for enabled in (False, True):
        world.automations.replace(half.id, counting(enabled=enabled))

    assert [places_order(world) for _ in range(2)] == [0, 1]


def test_switched_on_though_it_is_on_it_goes_on_counting(world, half):
    world.automations.switch(half.id, {"enabled": True})

    assert places_order(world) == 1


def test_while_it_is_off_nothing_is_counted(world, half):
    world.clock.advance(1)
    world.automations.switch(half.id, {"enabled": False})
    places_order(world)
    world.automations.switch(half.id, {"enabled": True})

    assert places_order(world) == 0


def test_removed_and_made_again_it_counts_from_the_beginning(world, half):
    world.automations.delete(half.id)
    world.automations.create(counting())

    assert places_order(world) == 0


def test_children_that_say_the_same_keep_what_they_counted(world):
    made = world.automations.create(both("order.placed", "order.paid"))
    places_order(world)
    world.automations.replace(made.id, both("order.placed", "order.paid") | {"name": "renamed"})

    assert places_order(world, name="order.paid") == 1


def test_a_silence_is_waited_for_from_the_moment_an_automation_is_made(world):
    world.automations.create(missing())

    assert [passes(world, 59), passes(world, 1)] == [0, 1]


def test_a_silence_is_waited_for_from_the_moment_an_automation_is_switched_on(world):
    made = world.automations.create(missing(enabled=False))
    world.clock.advance(30)
    world.automations.switch(made.id, {"enabled": True})

    assert [passes(world, 59), passes(world, 1)] == [0, 1]


def test_a_silence_is_waited_for_anew_when_the_trigger_says_something_else(world):
    made = world.automations.create(missing(60))
    world.clock.advance(30)
    world.automations.replace(made.id, missing(90))

    assert [passes(world, 89), passes(world, 1)] == [0, 1]


def test_a_silence_goes_on_being_waited_for_when_the_trigger_says_the_same(world):
    made = world.automations.create(missing())
    world.clock.advance(30)
    world.automations.replace(made.id, missing(name="renamed"))

    assert passes(world, 30) == 1


def test_when_it_was_switched_on_is_nobodys_business_but_ours(world):
    made = world.automations.create(counting(enabled=False))
    world.clock.advance(5)

    switched = world.automations.switch(made.id, {"enabled": True})

    assert (made.active_since, switched.active_since) == (NOON, world.clock.now())
    assert "since" not in switched.as_document()
    assert world.automations.get(made.id).active_since == world.clock.now()


def test_an_automation_made_switched_off_begins_nothing(world):
    world.automations.create(missing(enabled=False))

    assert passes(world, 600) == 0


def remembered(world: World) -> int:
    """Return how many rows there are after some minutes."""
    passes(world, 61)
    passes(world, 61)
    return len(world.matcher.windows.rows)


def test_what_a_removed_automation_remembered_is_removed(world, half):
    assert remembered(world) == 1
    world.automations.delete(half.id)

    assert remembered(world) == 0


def test_what_an_automation_remembered_is_removed_when_it_is_switched_off(world, half):
    world.automations.switch(half.id, {"enabled": False})

    assert remembered(world) == 0


def test_what_the_automations_of_a_deployment_remembered_is_removed_with_them(world):
    world.automations.create(counting(owner_resource="prefect.deployment.d"))
    places_order(world)
    world.automations.delete_owned_by("prefect.deployment.d")

    assert remembered(world) == 0


def test_what_a_trigger_remembered_that_was_replaced_by_another_is_removed_and_no_more(world):
    made = world.automations.create(both("order.placed", "order.paid"))
    places_order(world)
    world.automations.create(counting())
    places_order(world)
    assert remembered(world) == 2

    world.automations.replace(made.id, counting(5))
    assert remembered(world) == 1
    assert places_order(world) == 1


def test_what_an_automation_remembers_that_is_only_renamed_stays(world, half):
    world.automations.replace(half.id, counting(name="renamed"))

    assert remembered(world) == 1


def test_a_trigger_is_noted_before_its_automation_changes_so_that_a_crash_between_leaves_nothing(world, half):
    def crash(*_: Any, **__: Any) -> None:
        raise ConnectionError

    world.config.delete = crash
    with pytest.raises(ConnectionError):
        world.automations.delete(half.id)
    assert list(world.matcher.windows.noted) == [half.trigger.id]
    assert remembered(world) == 1, "it was not removed after all"
