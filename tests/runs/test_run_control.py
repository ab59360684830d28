"""What people, automations and news of another start do to a run: cancel it, pause it, change its state."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.runs.looking import MACHINE, minutes_pass, state_of

from whenflow.runs import FlowRun, Refused, StateDetails, StateType
from whenflow.runs.track import Tracker


def test_an_execution_that_is_cancelled_is_stopped_at_once(world, launch):
    world.launcher.can_stop = True
    run = launch(MACHINE)

    world.control.cancel(run.id, "enough")
    assert state_of(world, run)[0] == "Cancelling"
    world.wait(0)

    assert state_of(world, run)[0] == "Cancelled"
    assert [one.id for one in world.launcher.stopped] == [run.id]


def test_an_execution_that_cannot_be_stopped_is_cancelled_after_a_minute(world, launch):
    run = launch(MACHINE)
    world.control.cancel(run.id, "enough")

    minutes_pass(world, 3)

    assert state_of(world, run)[0] == "Cancelled"


def test_a_function_is_given_the_time_that_it_can_live_to_see_that_it_is_cancelled(world, launch):
    run = launch()
    world.control.cancel(run.id, "enough")

    minutes_pass(world, 18)
    assert state_of(world, run)[0] == "Cancelling"
    minutes_pass(world, 4)

    assert state_of(world, run)[0] == "Cancelled"


def test_a_function_that_ends_well_while_it_is_cancelled_is_cancelled(world, launch):
    run = launch()
    world.control.cancel(run.id, "enough")

    world.ledger.move(run.id, StateType.COMPLETED)

    assert state_of(world, run)[0] == "Cancelled"


@pytest.mark.parametrize("begun", [True, False])
def test_cancelling_twice_is_cancelling_once(world, launch, begun):
    run = launch(begun=begun)
    world.control.cancel(run.id, "enough")
    before = world.events.names()

    assert isinstance(world.control.cancel(run.id, "enough"), FlowRun)

    assert world.events.names() == before


def test_a_run_that_ended_cannot_be_cancelled(world, launch):
    run = launch()
    world.ledger.move(run.id, StateType.COMPLETED)

    assert isinstance(world.control.cancel(run.id, "enough"), Refused)


def test_a_run_that_is_suspended_starts_anew_when_it_is_resumed(world, launch):
    run = launch()
    world.control.suspend(run.id, "wait for Ann")
    assert state_of(world, run) == ("Suspended", "wait for Ann")

    world.control.resume(run.id, "Ann is here")
    world.wait(0)

    names = [state.name for state in world.ledger.get(run.id).states]
    assert names[-3:] == ["Suspended", "Resuming", "Pending"]
    assert len(world.launcher.launched) == 2
    world.ledger.start(run.id, "launch-2")
    assert state_of(world, run)[0] == "Running"


def test_a_run_that_is_suspended_for_too_long_has_failed(world, launch):
    run = launch()
    world.control.suspend(run.id, "wait for Ann")

    minutes_pass(world, 59)
    assert state_of(world, run)[0] == "Suspended"
    minutes_pass(world, 2)

    assert state_of(world, run) == ("Failed", "The flow was paused and never resumed.")


def test_a_run_that_is_paused_goes_on_in_its_process(world, launch):
    run = launch()
    details = StateDetails(pause_timeout=world.clock.now() + timedelta(minutes=10))
    world.ledger.move(run.id, StateType.PAUSED, details=details)

    world.control.resume(run.id)

    assert state_of(world, run)[0] == "Running"
    assert len(world.launcher.launched) == 1


def test_what_is_not_paused_cannot_be_resumed(world, launch):
    assert isinstance(world.control.resume(launch().id), Refused)


def test_what_is_resumed_too_late_has_failed(world, launch):
    run = launch()
    world.control.suspend(run.id, "wait", timeout=timedelta(seconds=5))
    world.clock.advance(6)

    assert isinstance(world.control.resume(run.id), Refused)
    assert state_of(world, run)[0] == "Failed"


def test_news_of_an_earlier_execution_say_nothing_of_the_present_one(world, launch):
    run = launch(MACHINE, empirical_policy={"retries": 1})
    tracker = Tracker(world.ledger)
    tracker.execution_changed({"detail": {"name": run.id, "status": "FAILED"}})
    world.schedule.sweep()
    world.wait(0)

    tracker.execution_changed({"detail": {"name": run.id, "status": "FAILED"}})
    assert state_of(world, run)[0] == "Pending"

    tracker.execution_changed({"detail": {"name": f"{run.id}-1", "status": "RUNNING"}})
    tracker.execution_changed({"detail": {"name": f"{run.id}-1", "status": "FAILED"}})
    assert state_of(world, run)[0] == "Failed"


def test_an_invocation_that_failed_before_a_retry_does_not_crash_the_retry(world, launch):
    run = launch(empirical_policy={"retries": 1})
    world.ledger.move(run.id, StateType.FAILED)
    world.wait(0)

    record = {"requestPayload": {"flow_run_id": run.id, "launch": "launch-1"}, "responsePayload": {}}
    assert isinstance(Tracker(world.ledger).invocation_failed(record), Refused)

    assert state_of(world, run)[0] == "Pending"


def test_a_state_is_changed_as_the_rules_allow_and_with_force_beyond(world, launch):
    run = launch()
    world.ledger.move(run.id, StateType.COMPLETED)

    refused = world.control.change_state(run.id, StateType.RUNNING, "Running", "again")
    assert isinstance(refused, Refused)

    forced = world.control.change_state(run.id, StateType.FAILED, "Wrong", "the numbers are off", force=True)
    assert isinstance(forced, FlowRun)
    assert state_of(world, run) == ("Wrong", "the numbers are off")


def test_a_run_that_failed_is_scheduled_again_by_hand_and_started(world, launch):
    run = launch()
    world.ledger.move(run.id, StateType.FAILED)

    world.control.change_state(run.id, StateType.SCHEDULED, "Scheduled", "once more")
    world.wait(0)

    assert [state.name for state in world.ledger.get(run.id).states][-2:] == ["AwaitingRetry", "Pending"]
    assert len(world.launcher.launched) == 2


def test_a_run_that_was_deleted_is_gone_and_a_late_ring_does_no_harm(world, launch):
    run = launch()

    assert world.control.delete(run.id) == run.name

    assert world.runs.get(run.id) is None
    assert isinstance(world.schedule.ring(run.id, "ring-1"), Refused)


def test_what_is_no_state_is_adjusted_without_an_event(world, launch):
    run = launch()
    before = world.events.names()

    world.ledger.adjust(run.id, lambda one: replace(one, name="renamed"))

    assert world.ledger.get(run.id).name == "renamed"
    assert world.events.names() == before
