"""Deployments that let only so many runs work at once: never more, and none waits for ever (D6)."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.world import World

from whenflow.deployments import RunRequest
from whenflow.runs import FlowRun, StateType

WORKING = {StateType.PENDING, StateType.RUNNING, StateType.CANCELLING}


def limited(world: World, limit: int, strategy: str | None = None, grace: int | None = None):
    options = (
        {"collision_strategy": strategy or "ENQUEUE", "grace_period_seconds": grace} if strategy or grace else None
    )
    return world.deployment(concurrency_limit=limit, concurrency_options=options)


def asked_for(world: World, deployment) -> FlowRun:
    """Ask for a run, and let the timer start it if it may."""
    run, _ = world.desk.maker.create(deployment, RunRequest())
    world.wait(0)
    return world.ledger.get(run.id)


def names(world: World, run: FlowRun) -> list[str]:
    return [state.name for state in world.ledger.get(run.id).states]


def works(world: World, deployment) -> int:
    return sum(run.state.type in WORKING for run in world.runs.newest(200) if run.deployment_id == deployment["id"])


def test_d6_one_too_many_waits_for_a_slot(world):
    deployment = limited(world, 1)
    first, second = asked_for(world, deployment), asked_for(world, deployment)

    assert names(world, first) == ["Scheduled", "Pending"]
    assert names(world, second) == ["Scheduled", "AwaitingConcurrencySlot"]
    assert (second.due - world.clock.now()).total_seconds() == 30
    assert [run.id for run in world.launcher.launched] == [first.id]


@pytest.mark.parametrize("end", [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED])
def test_d6_a_slot_that_is_free_again_goes_at_once_to_the_run_that_waits_longest(world, end):
    deployment = limited(world, 1)
    first, second, third = (asked_for(world, deployment) for _ in range(3))
    world.clock.advance(1)

    world.ledger.move(first.id, end)
    world.wait(0)

    assert [run.id for run in world.launcher.launched] == [first.id, second.id]
    assert names(world, third)[-1] == "AwaitingConcurrencySlot"


def test_d6_a_run_that_waits_asks_again_even_if_nobody_tells_it(world):
    deployment = limited(world, 1)
    first, second = asked_for(world, deployment), asked_for(world, deployment)
    world.timers.launches.clear()
    world.ledger.move(first.id, StateType.COMPLETED)
    world.timers.launches.clear()

    world.clock.advance(60)
    world.schedule.sweep()
    world.wait(0)

    assert names(world, second)[-1] == "Pending"


def test_d6_waiting_on_makes_no_new_states(world):
    deployment = limited(world, 1)
    asked_for(world, deployment)
    second = asked_for(world, deployment)

    for _ in range(20):
        world.wait(60)
        world.schedule.sweep()

    assert names(world, second) == ["Scheduled", "AwaitingConcurrencySlot"]
    assert len(world.timers.launches) <= 3


def test_d6_one_too_many_is_cancelled_where_new_ones_are(world):
    deployment = limited(world, 1, "CANCEL_NEW")
    first, second = asked_for(world, deployment), asked_for(world, deployment)

    assert names(world, first) == ["Scheduled", "Pending"]
    assert names(world, second) == ["Scheduled", "Cancelled"]
    assert second.state.message == "All of the deployment's concurrency slots are taken."


def test_d6_a_limit_of_none_lets_no_run_start(world):
    run = asked_for(world, limited(world, 0))

    assert names(world, run) == ["Scheduled", "Cancelled"]
    assert world.launcher.launched == []


def test_d6_a_limit_that_was_raised_lets_those_in_that_wait(world):
    deployment = limited(world, 1)
    _, second = asked_for(world, deployment), asked_for(world, deployment)

    world.desk.registry.patch(deployment["id"], {"concurrency_limit": 2})
    world.wait(31)

    assert names(world, second)[-1] == "Pending"


def test_a_run_that_waited_and_was_removed_holds_nobody_up(world):
    deployment = limited(world, 1)
    first, second, third = (asked_for(world, deployment) for _ in range(3))
    world.ledger.delete(second.id)

    world.ledger.move(first.id, StateType.COMPLETED)
    world.wait(0)

    assert names(world, third)[-1] == "Pending"


def test_a_run_that_worked_and_was_removed_gives_its_slot_back(world):
    deployment = limited(world, 1)
    first, second = asked_for(world, deployment), asked_for(world, deployment)

    world.ledger.delete(first.id)
    world.wait(0)

    assert names(world, second)[-1] == "Pending"


def test_a_retry_gives_the_slot_back_and_takes_one_again(world):
    deployment = limited(world, 1)
    run, _ = world.desk.maker.create(deployment, RunRequest(empirical_policy={"retries": 1, "retry_delay": 10}))
    world.wait(0)
    world.ledger.start(run.id, "launch-1")

    world.ledger.move(run.id, StateType.FAILED)
    assert world.runs.slots_taken(deployment["id"]) == 0

    world.wait(10)
    assert names(world, run)[-2:] == ["AwaitingRetry", "Pending"]
    assert world.runs.slots_taken(deployment["id"]) == 1


# ---- the grace period ----


def minutes_pass(world: World, minutes: int) -> None:
    for _ in range(minutes):
        world.wait(60)
        world.schedule.sweep()
        world.wait(0)


def test_a_run_whose_code_does_not_begin_gives_its_slot_to_the_one_that_waits_after_its_grace_period(world):
    deployment = limited(world, 1, grace=120)
    first, second = asked_for(world, deployment), asked_for(world, deployment)

    minutes_pass(world, 1)
    assert names(world, second)[-1] == "AwaitingConcurrencySlot"
    minutes_pass(world, 2)

    assert names(world, first) == ["Scheduled", "Pending"]
    assert names(world, second)[-1] == "Pending"
    assert world.runs.slots_taken(deployment["id"]) == 1


def test_a_run_that_begins_after_all_works_without_a_slot_and_gives_none_back(world):
    deployment = limited(world, 1, grace=60)
    first, second, third = (asked_for(world, deployment) for _ in range(3))
    minutes_pass(world, 1)
    world.ledger.start(second.id, "launch-1")

    world.ledger.start(first.id, "launch-1")
    world.ledger.move(first.id, StateType.COMPLETED)
    world.wait(0)

    assert names(world, first)[-2:] == ["Running", "Completed"]
    assert names(world, second)[-1] == "Running"
    assert names(world, third)[-1] == "AwaitingConcurrencySlot"
    assert world.runs.slots_taken(deployment["id"]) == 1


@pytest.mark.parametrize("grace", [None, 60])
def test_a_run_that_works_keeps_its_slot_however_long_it_takes(world, grace):
    deployment = limited(world, 1, grace=grace)
    first, second = asked_for(world, deployment), asked_for(world, deployment)
    world.ledger.start(first.id, "launch-1")

    minutes_pass(world, 15)

    assert (names(world, first)[-1], names(world, second)[-1]) == ("Running", "AwaitingConcurrencySlot")


def test_without_a_grace_period_a_run_that_is_pending_keeps_its_slot(world):
    deployment = limited(world, 1)
    _, second = asked_for(world, deployment), asked_for(world, deployment)

    minutes_pass(world, 60)

    assert names(world, second)[-1] == "AwaitingConcurrencySlot"


def test_a_run_that_gave_its_slot_back_still_ends_if_its_code_never_begins(world):
    deployment = limited(world, 1, grace=60)
    first = asked_for(world, deployment)

    minutes_pass(world, 6 * 60 + 20)

    assert names(world, first) == ["Scheduled", "Pending", "Crashed"]
    assert world.runs.slots_taken(deployment["id"]) == 0


def test_a_run_that_moved_on_while_its_slot_was_to_be_given_back_keeps_it(world, monkeypatch):
    deployment = limited(world, 1, grace=60)
    first = asked_for(world, deployment)
    whole: Callable[[FlowRun], FlowRun] = world.ledger.give_slot_back

    def begun_meanwhile(seen: FlowRun) -> FlowRun:
        world.ledger.start(first.id, "launch-1")
        return whole(seen)

    monkeypatch.setattr(world.ledger, "give_slot_back", begun_meanwhile)
    minutes_pass(world, 3)

    assert names(world, first)[-1] == "Running"
    assert world.runs.slots_taken(deployment["id"]) == 1


steps = st.lists(
    st.sampled_from(["ask", "ask", "end", "crash", "cancel", "suspend", "delete", "lose rings", "tick"]), max_size=40
)


@given(limit=st.integers(1, 3), steps=steps, pick=st.randoms(use_true_random=False))
def test_d6_never_more_work_than_there_are_slots_and_no_slot_is_ever_lost(limit, steps, pick):
    world = World()
    deployment = limited(world, limit)
    for step in steps:
        open_runs = [run for run in world.runs.newest(100) if not run.state.type.is_final]
        if step == "ask":
            asked_for(world, deployment)
        elif step == "lose rings":
            world.timers.launches.clear()
        elif step == "tick":
            world.schedule.sweep()
            world.wait(60)
        elif open_runs:
            chosen = pick.choice(open_runs).id
            if step == "delete":
                world.ledger.delete(chosen)
            elif step == "suspend":
                world.control.suspend(chosen, "wait")
            else:
                end = {"end": StateType.COMPLETED, "crash": StateType.CRASHED, "cancel": StateType.CANCELLING}[step]
                world.ledger.move(chosen, end)
        assert works(world, deployment) <= limit
        assert world.runs.slots_taken(deployment["id"]) == works(world, deployment)

    for _ in range(60):  # all that can end, ends: whatever waits gets its turn
        for run in world.runs.newest(100):
            if run.state.type in WORKING:
                world.ledger.move(run.id, StateType.CANCELLED)
        world.schedule.sweep()
        world.wait(301)
    waiting = [run for run in world.runs.newest(100) if run.state.type == StateType.SCHEDULED]
    assert waiting == []
