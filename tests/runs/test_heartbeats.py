"""A process that showed that it lives and does so no more is gone; one that is late, or never said it would, is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.runs.beating import EVERY, beat, live, message_of, stored
from tests.runs.looking import launcher_in, minutes_pass
from tests.stories import file_deployment
from tests.world import World

from whenflow.deployments import RunRequest
from whenflow.events import Event
from whenflow.runs import FlowRun, StateDetails, StateType
from whenflow.runs.heartbeats import FIRST_LOOK, pulse_of
from whenflow.runs.ledger import RunLedger

QUICK = {"heartbeat_seconds": EVERY}


@pytest.fixture
def launch(world: World):
    """A function that launches a run at once and has a process of the SDK claim it."""
    return launcher_in(world)


def state_of(world: World, run: FlowRun) -> str:
    return world.ledger.get(run.id).state.name


# ---- silence ----


def test_a_run_that_showed_that_it_lived_and_fell_silent_is_crashed_long_before_a_function_would_end(world, launch):
    run = launch(job_variables=QUICK)
    live(world, run, 3)

    minutes_pass(world, 3)
    assert state_of(world, run) == "Running"
    minutes_pass(world, 3)

    assert state_of(world, run) == "Crashed"
    assert message_of(world, run).startswith("Its process is gone: no heartbeat since 2026-11-20T12:03:00")
    assert message_of(world, run).endswith("there was to be one each 30 seconds.")


def test_a_run_that_shows_that_it_lives_goes_on_as_long_as_a_function_can(world, launch):
    run = launch(job_variables=QUICK)

    live(world, run, 19)

    assert state_of(world, run) == "Running"


def test_the_longest_life_of_a_function_ends_a_run_whatever_heartbeats_say(world, launch):
    run = launch(job_variables=QUICK)

    live(world, run, 19)
    live_on = world.ledger.get(run.id)
    minutes_pass(world, 2)

    assert pulse_of(live_on) is not None
    assert message_of(world, run) == "Its process is gone: no function works for that long."


def test_a_run_that_never_showed_that_it_lives_has_the_life_of_a_function(world, launch):
    run = launch(job_variables=QUICK)

    minutes_pass(world, 19)
    assert state_of(world, run) == "Running"
    minutes_pass(world, 3)

    assert state_of(world, run) == "Crashed"


def test_without_a_setting_silence_is_noticed_at_the_first_look(world, launch):
    run = launch()
    assert world.ledger.get(run.id).watch is None  # it costs no write
    minutes_pass(world, 3)
    beat(world, run, 1)

    minutes_pass(world, 11)
    assert state_of(world, run) == "Running"
    minutes_pass(world, 3)

    assert state_of(world, run) == "Crashed"
    assert world.clock.now() - run.state.timestamp <= timedelta(minutes=17)


def test_a_process_that_promised_no_heartbeats_is_not_missed(world):
    made = world.deployment(job_variables={**world.deployment()["job_variables"], **QUICK})
    run, _ = world.desk.maker.create(made, RunRequest(at_once=True))
    world.schedule.start(run.id)
    world.ledger.start(run.id, "launch-1")  # an SDK that is older, or none

    minutes_pass(world, 19)

    assert state_of(world, run) == "Running"


# ---- late, twice, in another order ----


def test_heartbeats_that_come_late_and_in_any_order_count_for_when_they_were_due(world, launch):
    run = launch(job_variables=QUICK)
    minutes_pass(world, 4)
    for number in (7, 2, 7, 5):
        beat(world, run, number)

    minutes_pass(world, 3)
    assert state_of(world, run) == "Running"
    minutes_pass(world, 3)

    assert "since 2026-11-20T12:03:30" in message_of(world, run)


def test_a_heartbeat_that_comes_after_the_end_changes_nothing(world, launch):
    run = launch(job_variables=QUICK)
    live(world, run, 2)
    minutes_pass(world, 6)
    ended = world.ledger.get(run.id)
    assert ended.state.name == "Crashed"

    stored(world, run, world.ids.event_id(world.clock.now(), run.resource_id), world.clock.now())
    minutes_pass(world, 5)

    assert world.ledger.get(run.id) == ended


def test_a_few_heartbeats_that_are_lost_are_no_end(world, launch):
    run = launch(job_variables=QUICK)
    for number in range(1, 30):
        world.wait(EVERY)
        if number % 8 < 3:
            beat(world, run, number)
        world.schedule.sweep()

    assert state_of(world, run) == "Running"


# ---- other starts, pauses, other targets ----


def test_heartbeats_of_an_earlier_start_say_nothing_of_the_present_one(world, launch):
    run = launch(job_variables=QUICK, empirical_policy={"retries": 1})
    live(world, run, 3)
    before = world.ledger.get(run.id)
    world.ledger.move(run.id, StateType.FAILED)
    world.wait(0)
    world.ledger.start(run.id, "launch-2", EVERY)
    old, new = pulse_of(before), pulse_of(world.ledger.get(run.id))
    assert old and new
    for number in range(1, 40):
        stored(world, run, old.id_of(number), old.at(number))
    beat(world, run, 1)

    minutes_pass(world, 8)

    assert state_of(world, run) == "Crashed"


def test_a_launch_that_was_delivered_twice_lives_as_long_as_one_of_its_processes_does(world, launch):
    run = launch(job_variables=QUICK)
    first = pulse_of(world.ledger.get(run.id))
    world.ledger.start(run.id, "launch-1", EVERY)  # Lambda delivers the launch again
    assert first
    for number in range(1, 20):
        world.wait(EVERY)
        stored(world, run, first.id_of(number), first.at(number))
        world.schedule.sweep()
    assert state_of(world, run) == "Retrying"

    minutes_pass(world, 7)

    assert state_of(world, run) == "Crashed"


def test_a_run_that_was_taken_over_while_it_was_looked_at_is_not_crashed(world, launch, monkeypatch):
    run = launch(job_variables=QUICK)
    live(world, run, 2)
    whole = RunLedger.move_from

    def taken_over_meanwhile(ledger, seen, *given):
        ledger.start(run.id, "launch-1", EVERY)
        return whole(ledger, seen, *given)

    monkeypatch.setattr(RunLedger, "move_from", taken_over_meanwhile)
    minutes_pass(world, 5)

    assert state_of(world, run) == "Retrying"


def test_a_run_that_is_paused_is_not_missed_and_is_watched_again_when_it_goes_on(world, launch):
    run = launch(job_variables=QUICK)
    live(world, run, 2)
    until = world.clock.now() + timedelta(hours=1)
    world.ledger.move(run.id, StateType.PAUSED, details=StateDetails(pause_timeout=until))
    minutes_pass(world, 30)
    assert state_of(world, run) == "Paused"

    world.control.resume(run.id)
    minutes_pass(world, 4)
    assert state_of(world, run) == "Running"
    minutes_pass(world, 3)

    assert state_of(world, run) == "Crashed"


def test_a_run_that_was_suspended_and_resumed_is_judged_by_its_new_start(world, launch):
    run = launch(job_variables=QUICK)
    live(world, run, 2)
    world.control.suspend(run.id, "wait for Ann")
    minutes_pass(world, 30)
    world.control.resume(run.id)
    world.wait(0)
    world.ledger.start(run.id, "launch-2", EVERY)

    live(world, run, 10)
    assert state_of(world, run) == "Running"
    minutes_pass(world, 7)

    assert state_of(world, run) == "Crashed"


def test_the_silence_of_an_execution_is_asked_about_and_no_end(world, launch):
    run = launch(file_deployment(), job_variables=QUICK)
    live(world, run, 3)

    minutes_pass(world, 60)

    assert state_of(world, run) == "Running"


# ---- processes of the user's own ----


def own_run(world: World, every: float = 180.0) -> FlowRun:
    """A run that a process of the user's own works on, without a deployment."""
    run, _ = world.desk.maker.create(world.deployment(work_pool_name=None), RunRequest(at_once=True))
    world.ledger.start(run.id, "here", every)
    return world.ledger.get(run.id)


@pytest.mark.parametrize("every", [30.0, 180.0, 600.0])
def test_a_process_of_the_users_own_that_falls_silent_is_gone_too(world, every):
    run = own_run(world, every)
    pulse = pulse_of(run)
    assert pulse
    for number in range(1, 9):
        world.wait(every)
        beat(world, run, number)
        world.schedule.sweep()
    assert state_of(world, run) == "Running"

    minutes_pass(world, int(pulse.silence / timedelta(minutes=1)) + 2)

    assert state_of(world, run) == "Crashed"


def test_a_process_of_the_users_own_may_work_for_weeks(world):
    run = own_run(world, 3_600.0)
    pulse = pulse_of(run)
    assert pulse
    for number in range(1, 24 * 14):
        world.wait(3_600.0)
        world.schedule.sweep()
        beat(world, run, number)
        world.events.stored.pop(pulse.id_of(number - 24 * 7), None)  # heartbeats are kept for a week
    assert state_of(world, run) == "Running"

    minutes_pass(world, 60 * 4)

    assert state_of(world, run) == "Crashed"


def test_a_process_of_the_users_own_that_never_showed_that_it_lives_is_let_be(world):
    run = own_run(world)

    minutes_pass(world, 120)

    assert state_of(world, run) == "Running"
    assert world.ledger.get(run.id).watch is None


def test_a_process_of_the_users_own_that_is_gone_while_it_is_cancelled_is_cancelled(world):
    run = own_run(world, EVERY)
    live(world, run, 2)
    world.control.cancel(run.id, "enough")
    assert state_of(world, run) == "Cancelling"

    minutes_pass(world, 8)

    assert state_of(world, run) == "Cancelled"


# ---- what it costs ----


def test_looking_after_a_run_reads_few_heartbeats(world, launch, monkeypatch):
    run = launch(job_variables=QUICK)
    reads: list[str] = []
    whole: Callable[[str], Event | None] = world.events.get

    def get(event_id: str) -> Event | None:
        reads.append(event_id)
        return whole(event_id)

    monkeypatch.setattr(world.events, "get", get)
    live(world, run, 15)
    alive = len(reads)

    minutes_pass(world, 6)

    assert state_of(world, run) == "Crashed"
    assert alive <= 20  # four looks
    assert len(reads) - alive <= 26  # two looks, of which one finds nothing any more


def test_the_first_look_is_when_silence_may_mean_something():
    assert timedelta(minutes=12) == FIRST_LOOK


# ---- runs that the sweep would not find by when they were made ----


def nested(world: World, parent: FlowRun) -> FlowRun:
    """A flow that was called in another, in its process."""
    state = world.ledger.new_state("nested", StateType.PENDING)
    run = replace(
        parent,
        id=world.ids.new(),
        deployment_id=None,
        work_pool_name=None,
        target="lambda",
        states=(state,),
        created=world.clock.now(),
    )
    world.ledger.create(run)
    return world.ledger.get(run.id)


@pytest.mark.parametrize("beats", [None, 180.0])
def test_a_nested_run_that_was_paused_for_long_and_resumed_is_looked_after(world, launch, beats):
    run = nested(world, launch())
    world.ledger.start(run.id, "in the process", beats)
    until = world.clock.now() + timedelta(hours=1)
    world.ledger.move(run.id, StateType.PAUSED, details=StateDetails(pause_timeout=until))
    minutes_pass(world, 30)

    world.control.resume(run.id)
    minutes_pass(world, 23)

    assert state_of(world, run) == "Crashed"


def test_a_nested_run_that_was_found_at_work_and_cancelled_is_cancelled_at_last(world, launch):
    run = nested(world, launch())
    world.ledger.start(run.id, "in the process", 180.0)
    minutes_pass(world, 14)

    world.control.cancel(run.id, "enough")
    minutes_pass(world, 10)

    assert state_of(world, run) == "Cancelled"


def test_a_run_that_was_pending_for_long_is_looked_after_from_its_start(world, launch):
    run = launch(begun=False)
    minutes_pass(world, 60)
    world.ledger.start(run.id, "launch-1")

    minutes_pass(world, 23)

    assert state_of(world, run) == "Crashed"


def test_a_run_whose_function_may_run_for_a_day_and_cannot_is_crashed_all_the_same(world, launch):
    run = launch(job_variables={"timeout_seconds": 86_400})

    minutes_pass(world, 23)

    assert state_of(world, run) == "Crashed"


def test_a_run_that_a_process_of_the_users_fetched_is_looked_after_from_its_start(world):
    made = world.deployment(work_pool_name=None)
    run, _ = world.desk.maker.create(made, RunRequest())
    minutes_pass(world, 60)
    world.ledger.reserve(run.id, "worker")
    world.ledger.start(run.id, "here", EVERY)
    live(world, run, 3)

    minutes_pass(world, 7)

    assert state_of(world, run) == "Crashed"
