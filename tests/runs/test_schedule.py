"""The code of runs is started in time: not before, hardly after, once, and whatever was down meanwhile."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stories import NOBODY, NOON, ann_signs_up, run_of, welcoming
from tests.world import World

from whenflow.errors import Rejected, Transient
from whenflow.runs import FlowRun, Refused, StateDetails, StateType
from whenflow.runs.schedule import AHEAD

HOUR = 3_600
BEYOND = AHEAD.total_seconds() + 60


def scheduled_in(world: World, seconds: float) -> FlowRun:
    """Return a run that is to start some seconds from now."""
    deployment = world.deployment(parameters={"name": "Ann"})
    automation = world.automation(welcoming(deployment, actions=[run_of(deployment, schedule_after=seconds)]))
    known = {run.id for run in world.runs.newest(100)}
    world.happens(ann_signs_up(id=world.ids.new()))
    world.config.delete("automation", automation.id)
    (run,) = [run for run in world.runs.newest(100) if run.id not in known]
    return run


@pytest.fixture
def run(world: World) -> FlowRun:
    """A run that is to start an hour past noon."""
    return scheduled_in(world, HOUR)


@pytest.fixture
def due(world: World, run: FlowRun) -> FlowRun:
    """The same, an hour past noon."""
    world.clock.advance(HOUR)
    return run


@pytest.fixture
def state(world: World) -> Callable[[], str]:
    """A function that tells the state of the one run."""
    return lambda: world.run().state.name


# ---- sweeps ----


def test_a_sweep_asks_for_what_is_due_before_the_next_but_one(world, run):
    world.clock.advance(HOUR - AHEAD.total_seconds())
    assert world.schedule.sweep() == 0

    world.clock.advance(1)
    assert world.schedule.sweep() == 1
    assert [(at, id_) for at, id_, _ in world.timers.launches] == [(NOON + timedelta(hours=1), run.id)]


def test_after_a_down_time_a_sweep_asks_at_once_for_what_was_missed(world, run):
    now = world.clock.advance(90 * 24 * HOUR)

    assert world.schedule.sweep() == 1
    assert [(at, id_) for at, id_, _ in world.timers.launches] == [(now, run.id)]


def test_a_ring_that_was_lost_is_asked_for_again(world, due):
    world.schedule.sweep()
    world.timers.launches.clear()

    world.clock.advance(60)
    world.schedule.sweep()
    world.wait(0)

    assert len(world.launcher.launched) == 1


def test_however_often_it_is_rung_a_run_is_launched_once(world, due):
    for _ in range(3):
        world.schedule.sweep()

    world.wait(0)

    assert [run.id for run in world.launcher.launched] == [due.id]
    assert world.schedule.sweep() == 0


@given(
    waits=st.lists(st.floats(0.001, 3 * HOUR), min_size=1, max_size=4),
    steps=st.lists(st.floats(0.1, 40), min_size=1, max_size=12),
)
def test_every_run_is_launched_once_never_early_and_with_the_first_ring_after_its_time(waits, steps):
    world = World()
    runs = [scheduled_in(world, wait) for wait in waits]
    last_sweep = world.clock.now()
    for step in [*steps, 60.0, 4 * HOUR, 0.0]:
        world.wait(step)
        launched = [run.id for run in world.launcher.launched]
        due = {run.id for run in runs if run.due and run.due <= world.clock.now()}
        asked_for = {run.id for run in runs if run.due and run.due < last_sweep + AHEAD}
        assert due & asked_for <= set(launched) <= due
        assert len(launched) == len(set(launched))
        world.schedule.sweep()
        last_sweep = world.clock.now()

    assert len(world.launcher.launched) == len(runs)


# ---- rings ----


def test_a_ring_makes_a_run_pending_and_launches_it(world, due, state):
    seen = []
    world.launcher.launch = lambda run: seen.append((run.id, state()))

    assert isinstance(world.schedule.ring(due.id, "ring-1"), FlowRun)

    assert seen == [(due.id, "Pending")]


def test_a_ring_that_comes_too_early_starts_nothing_and_is_asked_for_again(world, run, state):
    world.clock.advance(HOUR - 1)

    assert isinstance(world.schedule.ring(run.id, "ring-1"), Refused)

    assert (state(), world.launcher.launched) == ("Scheduled", [])
    world.wait(1)
    assert [one.id for one in world.launcher.launched] == [run.id]


def test_a_ring_for_a_time_that_was_put_off_starts_nothing(world, run, state):
    world.clock.advance(HOUR - 1)
    later = StateDetails(scheduled_time=world.clock.now() + timedelta(seconds=BEYOND))
    world.ledger.move(run.id, StateType.SCHEDULED, "AwaitingRetry", details=later)
    world.clock.advance(1)

    assert isinstance(world.schedule.ring(run.id, "ring-1"), Refused)

    assert (state(), world.timers.launches) == ("AwaitingRetry", [])


@pytest.mark.parametrize("name", ["Late", "AwaitingRetry", "AwaitingConcurrencySlot", "Resuming"])
def test_a_run_in_any_scheduled_state_with_a_time_is_launched_then(world, run, name):
    soon = world.clock.now() + timedelta(seconds=30)
    moved = world.ledger.move(run.id, StateType.SCHEDULED, name, details=StateDetails(scheduled_time=soon))
    assert isinstance(moved, FlowRun)
    world.schedule.ask_soon(moved)

    world.wait(29)
    assert world.launcher.launched == []
    world.wait(1)
    assert [one.id for one in world.launcher.launched] == [run.id]


@pytest.mark.parametrize("type_", [StateType.CANCELLED, StateType.RUNNING, StateType.COMPLETED])
def test_a_ring_for_a_run_that_was_cancelled_or_started_meanwhile_does_no_harm(world, due, type_):
    world.ledger.move(due.id, type_)
    before = world.events.names()

    assert isinstance(world.schedule.ring(due.id, "ring-1"), Refused)

    assert (world.launcher.launched, world.events.names()) == ([], before)


def test_a_ring_for_a_run_that_is_not_there_does_no_harm(world):
    assert isinstance(world.schedule.ring(NOBODY, "ring-1"), Refused)


def test_a_second_ring_launches_nothing_while_the_first_is_at_it(world, due):
    refused = []
    world.launcher.launch = lambda run: refused.append(world.schedule.ring(run.id, "ring-2"))

    world.schedule.ring(due.id, "ring-1")

    assert isinstance(refused[0], Refused)
    assert len(world.events.named("prefect.flow-run.Pending")) == 1


def test_a_ring_that_died_before_the_launch_launches_when_it_is_delivered_again(world, due):
    world.launcher.errors = [MemoryError()]
    with pytest.raises(MemoryError):
        world.schedule.ring(due.id, "ring-1")

    for ring in ("ring-2", "ring-1"):
        world.schedule.ring(due.id, ring)

    assert [run.id for run in world.launcher.launched] == [due.id]
    assert world.events.names().count("prefect.flow-run.Pending") == 1


def test_a_target_that_is_busy_leaves_the_ring_to_the_queue(world, due, state):
    world.launcher.errors = [Transient("lambda: TooManyRequestsException")]

    with pytest.raises(Transient):
        world.schedule.ring(due.id, "ring-1")

    assert state() == "Pending"
    assert isinstance(world.schedule.ring(due.id, "ring-1"), FlowRun)


def test_a_target_that_refuses_crashes_the_run_for_that_reason_and_the_ring_is_over(world, due):
    world.launcher.errors = [Rejected("lambda refused to start the flow run: ResourceNotFoundException")]

    assert isinstance(world.schedule.ring(due.id, "ring-1"), Refused)

    assert world.run().state.type == StateType.CRASHED
    assert world.run().state.message == "lambda refused to start the flow run: ResourceNotFoundException"
    assert isinstance(world.schedule.ring(due.id, "ring-1"), Refused)
    assert world.events.names().count("prefect.flow-run.Crashed") == 1
