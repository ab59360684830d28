"""Work pools that let only so many runs work at once, alone and together with a limit of the deployment."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stories import ann_signs_up
from tests.world import World

from whenflow.deployments import RunRequest
from whenflow.deployments.pools import POOL, pool_id_of, read_work_pool, store
from whenflow.runs import FlowRun, StateType
from whenflow.runs.bookkeeping import WITH_SLOT
from whenflow.runs.slots import LONGEST_QUEUE

LAMBDA = pool_id_of("lambda")


def limit_pool(world: World, limit: int | None, name: str = "lambda") -> None:
    """Set, or take away, a pool's limit; it holds a second later."""
    found = read_work_pool(world.config, pool_id_of(name))
    assert found
    store(world.config, POOL, found, found.document | {"concurrency_limit": limit, "updated": "now"})
    world.clock.advance(1)


def asked_for(world: World, deployment: dict[str, Any]) -> FlowRun:
    """Ask for a run, and let the timer start it if it may."""
    run, _ = world.desk.maker.create(deployment, RunRequest())
    world.wait(0)
    return world.ledger.get(run.id)


def state(world: World, run: FlowRun) -> str:
    return world.ledger.get(run.id).state.name


def working(world: World, **wanted: str) -> int:
    found = [run for run in world.runs.newest(200) if run.state.type in WITH_SLOT]
    return sum(all(getattr(run, name) == value for name, value in wanted.items()) for run in found)


def test_one_too_many_of_a_pool_waits_and_says_for_what(world):
    limit_pool(world, 1)
    first, second = asked_for(world, world.deployment()), asked_for(world, world.deployment(name="other"))

    assert (state(world, first), state(world, second)) == ("Pending", "AwaitingConcurrencySlot")
    assert second.state.message == "All of the work pool's concurrency slots are taken."
    assert [run.id for run in world.launcher.launched] == [first.id]


@pytest.mark.parametrize("final", [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED])
def test_a_slot_of_a_pool_goes_at_once_to_the_run_that_waits_longest(world, final):
    limit_pool(world, 1)
    first, second, third = (asked_for(world, world.deployment(name=name)) for name in "abc")
    world.clock.advance(1)

    world.ledger.move(first.id, final)
    world.wait(0)

    assert [state(world, run) for run in (second, third)] == ["Pending", "AwaitingConcurrencySlot"]


def test_runs_of_other_pools_do_not_wait(world):
    limit_pool(world, 1)
    asked_for(world, world.deployment())
    machine = {"state_machine_arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:m"}
    other = world.deployment(name="other", work_pool_name="step-functions", job_variables=machine)

    assert state(world, asked_for(world, other)) == "Pending"


def test_a_run_that_an_automation_starts_at_once_waits_likewise(world):
    limit_pool(world, 1)
    asked_for(world, world.deployment(name="other"))
    world.welcomes_new_users()

    world.happens(ann_signs_up(occurred=world.clock.now()))

    (waiting,) = (run for run in world.runs.newest(9) if run.firing_id)
    assert waiting.state.name == "AwaitingConcurrencySlot"
    assert world.events.names()[-1] == "prefect.automation.action.executed"
    world.ledger.move(world.launcher.launched[0].id, StateType.COMPLETED)
    world.wait(0)
    assert state(world, waiting) == "Pending"


def test_a_limit_holds_for_runs_that_were_made_before_it(world):
    asked_for(world, world.deployment())
    later, _ = world.desk.maker.create(world.deployment(), RunRequest())
    limit_pool(world, 1)
    world.wait(0)
    assert state(world, later) == "Pending", "the run that works has no slot: it began before there were any"
    third = asked_for(world, world.deployment())

    assert state(world, third) == "AwaitingConcurrencySlot"


def test_a_pool_without_slots_is_like_a_pause(world):
    limit_pool(world, 0)
    run = asked_for(world, world.deployment())
    assert state(world, run) == "AwaitingConcurrencySlot"

    limit_pool(world, 1)
    world.wait(31)

    assert state(world, run) == "Pending"


@pytest.mark.parametrize("limit", [2, None])
def test_a_limit_that_is_raised_or_taken_away_lets_those_in_that_wait(world, limit):
    limit_pool(world, 1)
    _, second = (asked_for(world, world.deployment()) for _ in range(2))

    limit_pool(world, limit)
    world.wait(31)

    assert state(world, second) == "Pending"
    assert world.runs.waiting(LAMBDA, 9) == []


def test_a_run_takes_a_slot_of_its_deployment_and_of_its_pool_or_none(world):
    limit_pool(world, 1)
    limited = world.deployment(concurrency_limit=5)
    first, second = asked_for(world, limited), asked_for(world, limited)

    assert (world.runs.slots_taken(LAMBDA), world.runs.slots_taken(limited["id"])) == (1, 1)
    assert second.queued == (LAMBDA,)
    world.ledger.move(first.id, StateType.COMPLETED)
    world.wait(0)
    assert (world.runs.slots_taken(LAMBDA), world.runs.slots_taken(limited["id"])) == (1, 1)
    assert state(world, second) == "Pending"
    world.ledger.move(second.id, StateType.COMPLETED)
    assert (world.runs.slots_taken(LAMBDA), world.runs.slots_taken(limited["id"])) == (0, 0)


def test_who_waits_for_a_deployment_s_slot_holds_up_nobody_who_waits_for_the_pool_s(world):
    limit_pool(world, 2)
    limited, other = world.deployment(concurrency_limit=1), world.deployment(name="other")
    at_work, waits_for_deployment = asked_for(world, limited), asked_for(world, limited)
    last, waits_for_pool = asked_for(world, other), asked_for(world, other)
    assert waits_for_deployment.queued == (limited["id"],)
    assert waits_for_pool.queued == (LAMBDA,)

    world.ledger.move(last.id, StateType.COMPLETED)
    world.wait(0)

    assert state(world, waits_for_pool) == "Pending"
    assert state(world, at_work) == "Pending"


def test_who_is_called_for_one_slot_and_lacks_another_lets_the_next_one_pass(world):
    limit_pool(world, 1)
    limited, other = world.deployment(concurrency_limit=1), world.deployment(name="other")
    at_work = asked_for(world, other)
    first = asked_for(world, limited)
    second = asked_for(world, other)
    assert (first.queued, second.queued) == ((LAMBDA,), (LAMBDA,))
    world.desk.registry.patch(limited["id"], {"concurrency_limit": 0})

    world.ledger.move(at_work.id, StateType.COMPLETED)
    world.wait(0)
    world.wait(0)

    assert state(world, first) == "Cancelled", "its deployment lets none start any more"
    assert state(world, second) == "Pending"


@pytest.mark.parametrize("strategy", ["CANCEL_NEW", "ENQUEUE"])
def test_a_full_pool_makes_runs_wait_whatever_their_deployment_does_with_those_that_are_too_many(world, strategy):
    limit_pool(world, 1)
    options = {"collision_strategy": strategy}
    limited = world.deployment(concurrency_limit=5, concurrency_options=options)
    _, second = asked_for(world, limited), asked_for(world, limited)

    assert second.state.name == "AwaitingConcurrencySlot"


def test_a_suspended_run_gives_both_slots_back_and_takes_both_again(world):
    limit_pool(world, 1)
    limited = world.deployment(concurrency_limit=1)
    run = asked_for(world, limited)
    world.ledger.start(run.id, "launch")
    world.control.suspend(run.id, "wait")
    assert (world.runs.slots_taken(LAMBDA), world.runs.slots_taken(limited["id"])) == (0, 0)

    world.control.resume(run.id)
    world.wait(1)

    assert (world.runs.slots_taken(LAMBDA), world.runs.slots_taken(limited["id"])) == (1, 1)


def test_a_run_whose_code_does_not_begin_gives_both_slots_back_after_its_grace_period(world):
    limit_pool(world, 1)
    options = {"collision_strategy": "ENQUEUE", "grace_period_seconds": 60}
    deployment = world.deployment(concurrency_limit=1, concurrency_options=options)
    first, other = asked_for(world, deployment), asked_for(world, world.deployment(name="other"))

    world.clock.advance(61)
    world.schedule.sweep()
    world.wait(0)
    world.wait(0)

    assert (state(world, first), state(world, other)) == ("Pending", "Pending")
    assert world.runs.slots_taken(deployment["id"]) == 0
    assert world.runs.slots_taken(LAMBDA) == 1
    world.ledger.move(first.id, StateType.CRASHED)
    assert world.runs.slots_taken(LAMBDA) == 1, "it is the other's"


def test_a_run_from_before_there_were_pool_slots_leaves_the_queue_of_its_deployment(world):
    limited = world.deployment(concurrency_limit=1)
    first, second = asked_for(world, limited), asked_for(world, limited)
    world.ledger.adjust(second.id, lambda run: replace(run, queued=()))

    world.ledger.move(first.id, StateType.COMPLETED)
    world.wait(0)

    assert state(world, second) == "Pending"
    assert world.runs.waiting(limited["id"], 9) == []


def test_a_process_of_the_user_s_own_is_told_to_wait_as_well(world):
    limit_pool(world, 1)
    first, second = asked_for(world, world.deployment()), world.desk.maker.create(world.deployment(), RunRequest())[0]

    verdict = world.ledger.set_state(
        second.id,
        lambda: world.ledger.new_state(second.id, StateType.PENDING),
        limits=world.desk.rules.limits_of(second),
    )

    assert verdict.run.state.name == "AwaitingConcurrencySlot"
    assert state(world, first) == "Pending"


def test_a_flood_of_runs_for_few_slots_comes_to_its_end_and_none_is_forgotten(world):
    limit_pool(world, 20)
    deployment = world.deployment(concurrency_limit=10)
    for _ in range(4 * LONGEST_QUEUE):
        world.desk.maker.create(deployment, RunRequest())
    world.wait(0)
    assert len(world.runs.waiting(deployment["id"], 999)) == LONGEST_QUEUE

    for _ in range(200):
        assert working(world) <= 10
        for run in world.runs.newest(999):
            if run.state.type == StateType.PENDING:
                world.ledger.move(run.id, StateType.COMPLETED)
        world.schedule.sweep()
        world.wait(60)

    assert {run.state.name for run in world.runs.newest(999)} == {"Completed"}
    assert (world.runs.waiting(deployment["id"], 9), world.runs.slots_taken(LAMBDA)) == ([], 0)


def end(world: World, how: str, run_id: str) -> None:
    if how == "delete":
        world.ledger.delete(run_id)
    elif how == "suspend":
        world.control.suspend(run_id, "wait")
    else:
        ends = {"end": StateType.COMPLETED, "crash": StateType.CRASHED, "cancel": StateType.CANCELLING}
        world.ledger.move(run_id, ends[how])


steps = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "end", "crash", "cancel", "suspend", "delete", "lose rings", "tick"]),
        st.integers(0, 3),
    ),
    max_size=40,
)


@given(
    pool=st.integers(1, 3),
    limits=st.tuples(*[st.sampled_from([None, 1, 2])] * 2),
    steps=steps,
    pick=st.randoms(use_true_random=False),
)
def test_never_more_work_than_there_are_slots_of_pool_and_deployment_and_no_slot_is_ever_lost(
    pool, limits, steps, pick
):
    world = World()
    limit_pool(world, pool)
    deployments = [world.deployment(name=f"d{place}", concurrency_limit=one) for place, one in enumerate(limits)]
    for step, which in steps:
        open_runs = [run for run in world.runs.newest(100) if not run.state.type.is_final]
        if step == "ask":
            asked_for(world, deployments[which % 2])
        elif step == "lose rings":
            world.timers.launches.clear()
        elif step == "tick":
            world.schedule.sweep()
            world.wait(60)
        elif open_runs:
            end(world, step, pick.choice(open_runs).id)
        assert working(world) == world.runs.slots_taken(LAMBDA) <= pool
        for deployment, limit in zip(deployments, limits, strict=True):
            if limit is not None:
                taken = world.runs.slots_taken(deployment["id"])
                assert working(world, deployment_id=deployment["id"]) == taken <= limit

    for _ in range(60):  # all that can end, ends: whatever waits gets its turn
        for run in world.runs.newest(100):
            if run.state.type in WITH_SLOT:
                world.ledger.move(run.id, StateType.CANCELLED)
        world.schedule.sweep()
        world.wait(301)
    waiting = [run for run in world.runs.newest(100) if run.state.type == StateType.SCHEDULED]
    assert waiting == []
    assert [world.runs.waiting(owner, 9) for owner in (LAMBDA, *(one["id"] for one in deployments))] == [[], [], []]
