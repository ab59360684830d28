"""Triggers of a deployment, removed and made again as Prefect's client does it, or said once more as ours does."""

from typing import Any

import pytest
from tests.automations.test_registry import counting, missing, passes, places_order
from tests.world import World

OWNER = "prefect.deployment.0190163d-8694-7000-8000-0000000000aa"


def redeployed(world: World, *documents: dict[str, Any]) -> list[Any]:
    """Do what Prefect's client does: remove what the deployment owns, then make each of its triggers."""
    world.automations.delete_owned_by(OWNER)
    world.clock.advance(0.2)
    return [world.automations.create({"enabled": True, **one, "owner_resource": OWNER}) for one in documents]


def test_a_trigger_that_says_the_same_keeps_its_id(world):
    (before,) = redeployed(world, counting())

    (after,) = redeployed(world, counting())

    assert (after.id, after.trigger.id, after.created) == (before.id, before.trigger.id, before.created)


def test_a_trigger_that_was_paused_stays_paused_through_every_redeployment(world):
    (before,) = redeployed(world, counting())
    world.automations.switch(before.id, {"enabled": False})

    for _ in range(3):
        (after,) = redeployed(world, counting())

        assert (after.id, after.enabled) == (before.id, False)
    world.automations.switch(before.id, {"enabled": True})
    assert redeployed(world, counting())[0].enabled


def test_what_was_counted_goes_on(world):
    redeployed(world, counting())
    places_order(world)

    redeployed(world, counting())

    assert places_order(world) == 1


def test_what_was_counted_goes_on_though_the_sweep_comes_by(world):
    redeployed(world, counting())
    places_order(world)
    redeployed(world, counting())
    passes(world, 61)
    passes(world, 61)

    assert places_order(world) == 1


def test_a_silence_that_was_waited_for_goes_on(world):
    redeployed(world, missing(60))
    world.clock.advance(30)

    redeployed(world, missing(60))

    assert [passes(world, 29), passes(world, 1)] == [0, 1]


def test_made_again_after_minutes_it_knows_of_no_silence_that_nobody_watched(world):
    (before,) = redeployed(world, missing(60))
    world.automations.delete_owned_by(OWNER)
    world.clock.advance(600)

    after = world.automations.create(missing(60, owner_resource=OWNER))

    assert after.id == before.id
    assert [passes(world, 59), passes(world, 1)] == [0, 1]


def test_a_trigger_that_says_something_else_is_another(world):
    (before,) = redeployed(world, counting(2))
    world.automations.switch(before.id, {"enabled": False})

    (after,) = redeployed(world, counting(3))

    assert after.id != before.id
    assert after.enabled


def test_equal_triggers_are_told_apart(world):
    """Prefect's SDK calls every trigger of a deployment the same."""
    first, second = redeployed(world, counting(), counting())
    world.automations.switch(second.id, {"enabled": False})

    again = redeployed(world, counting(), counting())

    assert sorted((one.id, one.enabled) for one in again) == sorted([(first.id, True), (second.id, False)])


def test_a_client_that_died_between_the_two_comes_to_the_same_end(world):
    (before,) = redeployed(world, counting())
    world.automations.switch(before.id, {"enabled": False})
    world.automations.delete_owned_by(OWNER)

    (after,) = redeployed(world, counting())

    assert (after.id, after.enabled) == (before.id, False)


def test_after_an_hour_it_is_a_new_one(world):
    (before,) = redeployed(world, counting())
    world.automations.delete_owned_by(OWNER)
    world.clock.advance(3_601)

    assert world.automations.create(counting(owner_resource=OWNER)).id != before.id


def test_a_deployment_that_is_removed_leaves_nothing_behind(world):
    (before,) = redeployed(world, counting())
    world.automations.disown(OWNER)

    assert world.config.all("redeployment") == []
    assert world.automations.create(counting(owner_resource=OWNER)).id != before.id


@pytest.mark.parametrize("owner", [None, "whenflow.project.p.k"])
def test_what_no_deployment_owns_is_made_anew(world, owner):
    before = world.automations.create(counting(owner_resource=owner))
    world.automations.delete(before.id)

    assert world.automations.create(counting(owner_resource=owner)).id != before.id


def test_said_once_more_a_paused_trigger_stays_paused_whatever_else_changes(world):
    (before,) = world.automations.own(OWNER, [counting(2)])
    world.automations.switch(before.id, {"enabled": False})

    (same,) = world.automations.own(OWNER, [counting(2)])
    (changed,) = world.automations.own(OWNER, [counting(3)])

    assert (same.id, same.enabled) == (changed.id, changed.enabled) == (before.id, False)
    assert changed.trigger.threshold == 3


def test_said_to_be_switched_on_it_is(world):
    (before,) = world.automations.own(OWNER, [counting()])
    world.automations.switch(before.id, {"enabled": False})

    (after,) = world.automations.own(OWNER, [counting(enabled=True)])

    assert (after.id, after.enabled) == (before.id, True)


def test_one_that_another_client_made_keeps_its_id_when_it_is_said_by_its_name(world):
    (before,) = redeployed(world, counting())

    assert [one.id for one in world.automations.own(OWNER, [counting()])] == [before.id]


def test_of_several_of_one_name_one_is_left(world):
    ids = {one.id for one in redeployed(world, counting(), counting())}

    (left,) = world.automations.own(OWNER, [counting()])

    assert left.id in ids
    assert [one["id"] for one in world.config.all("automation")] == [left.id]
