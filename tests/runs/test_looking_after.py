"""No run stays Pending, Running, Paused or Cancelling for ever, whoever dies."""

import pytest
from tests.runs.looking import EXPRESS, MACHINE, minutes_pass, state_of

from whenflow.deployments import RunRequest
from whenflow.runs import StateType
from whenflow.runs.track import Tracker


def test_a_run_that_ends_in_time_is_never_looked_after(world, launch):
    run = launch()
    world.ledger.move(run.id, StateType.COMPLETED)

    minutes_pass(world, 40)

    assert world.timers.launches == []
    assert state_of(world, run)[0] == "Completed"


def test_a_run_whose_function_is_gone_is_crashed(world, launch):
    run = launch()

    minutes_pass(world, 19)
    assert state_of(world, run)[0] == "Running"
    minutes_pass(world, 3)

    assert state_of(world, run) == ("Crashed", "Its process is gone: no function works for that long.")


def test_a_run_that_was_taken_over_is_given_the_life_of_another_function(world, launch):
    run = launch()
    minutes_pass(world, 15)
    world.ledger.start(run.id, "launch-1")

    minutes_pass(world, 15)
    assert state_of(world, run)[0] == "Retrying"
    minutes_pass(world, 8)
    assert state_of(world, run)[0] == "Crashed"


def test_a_run_that_waited_for_its_time_is_looked_after_too(world):
    made = world.deployment()
    run, _ = world.desk.maker.create(made, RunRequest())
    world.wait(0)
    world.ledger.start(run.id, "launch-1")

    minutes_pass(world, 25)

    assert state_of(world, run)[0] == "Crashed"


def test_a_run_that_never_started_is_crashed_when_lambda_has_given_it_up(world, launch):
    run = launch(begun=False)

    minutes_pass(world, 6 * 60)
    assert state_of(world, run)[0] == "Pending"
    minutes_pass(world, 20)

    assert state_of(world, run) == ("Crashed", "Its code was never started.")


def test_an_execution_may_last_as_long_as_it_likes(world, launch):
    run = launch(MACHINE)

    minutes_pass(world, 120)

    assert state_of(world, run)[0] == "Running"


def test_an_express_execution_that_did_not_tell_how_it_went_is_crashed(world, launch):
    run = launch(EXPRESS)

    minutes_pass(world, 25)

    assert state_of(world, run) == ("Crashed", "Its execution is over and did not tell how it went.")


def test_an_express_execution_tells_itself_how_it_went(world, launch):
    run = launch(EXPRESS, begun=False)
    tracker = Tracker(world.ledger)

    for status in ("RUNNING", "SUCCEEDED", "SUCCEEDED"):
        tracker.execution_changed({"detail": {"flow_run_id": run.id, "status": status}})

    assert state_of(world, run)[0] == "Completed"


@pytest.mark.parametrize("deployment", [{}, MACHINE])
def test_a_run_that_takes_longer_than_it_may_is_timed_out_and_stopped(world, launch, deployment):
    run = launch(deployment, job_variables={"timeout_seconds": 90})

    minutes_pass(world, 3)

    assert state_of(world, run) == ("TimedOut", "The flow run exceeded its time limit of 90 seconds.")
    assert [one.id for one in world.launcher.stopped] == [run.id]


def test_a_time_out_with_a_retry_left_is_tried_again(world, launch):
    run = launch(job_variables={"timeout_seconds": 90}, empirical_policy={"retries": 1})

    minutes_pass(world, 3)

    assert [state.name for state in world.ledger.get(run.id).states][-2:] == ["AwaitingRetry", "Pending"]


@pytest.mark.parametrize("limit", ["soon", True, -1, 0, None, 1e300, float("nan")])
def test_a_time_limit_that_is_none_limits_nothing(world, launch, limit):
    run = launch(MACHINE, job_variables={"timeout_seconds": limit})

    minutes_pass(world, 3)

    assert state_of(world, run)[0] == "Running"
