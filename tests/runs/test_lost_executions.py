"""Executions whose news were lost, that are not there, or that nobody may ask about: their runs end all the same."""

from datetime import timedelta

import pytest
from tests.runs.looking import EXPRESS, MACHINE, minutes_pass, state_of

from whenflow.deployments.pools import pool_id_of
from whenflow.errors import Transient
from whenflow.events import iso
from whenflow.runs.schedule import Known


@pytest.mark.parametrize(
    ("status", "state"), [("SUCCEEDED", "Completed"), ("FAILED", "Failed"), ("TIMED_OUT", "TimedOut")]
)
@pytest.mark.parametrize("begun", [True, False])
def test_an_execution_that_ended_while_the_news_was_lost_is_found_when_it_is_asked(world, launch, status, state, begun):
    run = launch(MACHINE, begun=begun)
    world.launcher.status = status

    minutes_pass(world, 19)
    assert world.launcher.asked == []
    minutes_pass(world, 3)

    assert state_of(world, run)[0] == state
    assert len(world.launcher.asked) == 1


def test_a_run_whose_start_was_lost_runs_and_its_end_is_found_later(world, launch):
    run = launch(MACHINE, begun=False)
    world.launcher.status = "RUNNING"
    minutes_pass(world, 22)
    assert state_of(world, run)[0] == "Running"

    world.launcher.status = "SUCCEEDED"
    minutes_pass(world, 60)

    assert state_of(world, run)[0] == "Completed"


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_an_execution_that_goes_on_is_asked_ever_more_seldom(world, launch, status):
    run = launch(MACHINE)
    world.launcher.status = status

    minutes_pass(world, 12 * 60)

    assert state_of(world, run)[0] == "Running"
    assert 4 <= len(world.launcher.asked) <= 7


def test_an_execution_of_many_days_is_asked_once_a_day(world, launch):
    run = launch(MACHINE)
    world.launcher.status = "RUNNING"
    minutes_pass(world, 22)
    for _ in range(20):
        world.wait(12 * 3_600)
        minutes_pass(world, 2)

    watch = world.ledger.get(run.id).watch
    assert watch is not None
    assert timedelta(0) < watch - world.clock.now() <= timedelta(days=1)
    assert len(world.launcher.asked) <= 20


def test_a_ring_that_is_given_twice_asks_once(world, launch):
    run = launch(MACHINE)
    world.launcher.status = "RUNNING"
    minutes_pass(world, 22)

    for _ in range(3):
        world.schedule.ring(run.id, "ring-1")

    assert len(world.launcher.asked) == 1


def test_before_a_run_is_timed_out_its_execution_is_asked_for_its_own_end(world, launch):
    run = launch(MACHINE, job_variables={"timeout_seconds": 90})
    world.launcher.status = "SUCCEEDED"

    minutes_pass(world, 3)

    assert state_of(world, run)[0] == "Completed"
    assert world.launcher.stopped == []


def test_a_run_with_a_distant_time_limit_is_asked_about_long_before(world, launch):
    run = launch(MACHINE, job_variables={"timeout_seconds": 86_400})
    world.launcher.status = "SUCCEEDED"

    minutes_pass(world, 22)

    assert state_of(world, run)[0] == "Completed"


def test_a_question_that_fails_holds_no_other_run_up_and_is_asked_again(world, launch, monkeypatch):
    lost, gone = launch(MACHINE), launch()
    world.launcher.status = "SUCCEEDED"
    answer, errors = world.launcher.news, [Transient("busy")]
    monkeypatch.setattr(world.launcher, "news", lambda run: answer(run) if not errors else throw(errors.pop()))

    world.wait(22 * 60)  # without a sweep, so that the next one asks itself
    minutes_pass(world, 4)

    assert (state_of(world, lost)[0], state_of(world, gone)[0]) == ("Completed", "Crashed")


def test_an_execution_that_failed_unheard_is_tried_again(world, launch):
    run = launch(MACHINE, empirical_policy={"retries": 1})
    world.launcher.status = "FAILED"

    minutes_pass(world, 22)

    assert [state.name for state in world.ledger.get(run.id).states][-2:] == ["AwaitingRetry", "Pending"]


def test_a_run_whose_execution_is_not_there_is_crashed_when_that_was_said_three_times(world, launch):
    run = launch(MACHINE)
    world.launcher.status = None

    minutes_pass(world, 38)
    assert state_of(world, run)[0] == "Running"
    minutes_pass(world, 7)

    assert state_of(world, run)[0] == "Crashed"
    assert "knows no execution of it" in str(state_of(world, run)[1])
    assert len(world.launcher.asked) == 3


def test_rings_that_come_in_between_ask_for_no_answer_and_forget_none(world, launch):
    run = launch(MACHINE)
    world.launcher.status = None
    for _ in range(45):
        minutes_pass(world, 1)
        for number in range(2):
            world.schedule.ring(run.id, f"stray {number}")

    assert state_of(world, run)[0] == "Crashed"
    assert len(world.launcher.asked) == 3


def test_an_execution_that_is_found_after_all_is_missed_anew_later(world, launch):
    run = launch(MACHINE)
    world.launcher.status = None
    minutes_pass(world, 32)
    assert world.ledger.get(run.id).unknown == 2

    world.launcher.status = "RUNNING"
    minutes_pass(world, 60)

    assert state_of(world, run)[0] == "Running"
    assert world.ledger.get(run.id).unknown == 0


def test_a_run_that_has_not_begun_is_not_crashed_since_there_is_no_execution_yet(world, launch):
    run = launch(MACHINE, begun=False)
    world.launcher.status = None

    minutes_pass(world, 6 * 60)
    assert state_of(world, run)[0] == "Pending"
    minutes_pass(world, 20)

    assert state_of(world, run) == ("Crashed", "Its code was never started.")


def test_a_run_that_nobody_may_ask_about_is_told_of_once_and_ends_after_a_day(world, launch):
    run = launch(MACHINE)
    world.launcher.refusal = "AccessDeniedException: no identity-based policy allows states:DescribeExecution"

    minutes_pass(world, 23 * 60)
    (told,) = world.events.named("whenflow.flow-run.unseen")
    assert told.resource_id == run.resource_id
    assert told.payload == {"reason": world.launcher.refusal, "ends": iso(run.state.timestamp + timedelta(days=1))}
    assert state_of(world, run)[0] == "Running"
    assert len(world.launcher.asked) <= 8
    minutes_pass(world, 70)

    name, message = state_of(world, run)
    assert (name, str(message).startswith("It has been running for 24 hours")) == ("Crashed", True)
    assert len(world.events.named("whenflow.flow-run.unseen")) == 1
    assert world.launcher.stopped == []


def test_a_run_that_nobody_may_ask_about_runs_on_where_no_limit_is_set(world, launch):
    world.schedule = world.schedule_with(Known(world.progress, world.events, unseen=None))
    run = launch(MACHINE)
    world.launcher.refusal = "AccessDeniedException"

    minutes_pass(world, 30)
    for _ in range(50):
        world.wait(3_600)
        minutes_pass(world, 1)

    assert state_of(world, run)[0] == "Running"
    assert world.events.named("whenflow.flow-run.unseen")[0].payload["ends"] is None


def test_an_execution_that_may_be_asked_about_again_ends_as_it_does(world, launch):
    run = launch(MACHINE)
    world.launcher.refusal = "AccessDeniedException"
    minutes_pass(world, 30)

    world.launcher.refusal, world.launcher.status = None, "SUCCEEDED"
    minutes_pass(world, 60)

    assert state_of(world, run)[0] == "Completed"


def test_a_time_limit_ends_a_run_that_nobody_may_ask_about(world, launch):
    run = launch(MACHINE, job_variables={"timeout_seconds": 90})
    world.launcher.refusal = "AccessDeniedException"

    minutes_pass(world, 3)

    assert state_of(world, run)[0] == "TimedOut"


def test_a_durable_execution_that_tells_nothing_any_more_ends_after_a_day(world, launch):
    pool = {"name": "steps", "type": "lambda-durable", "is_paused": False, "base_job_template": {}}
    world.config.create("work-pool", pool_id_of("steps"), pool)
    run = launch({"work_pool_name": "steps"})

    minutes_pass(world, 25)
    world.wait(23 * 3_600)
    minutes_pass(world, 2)
    assert state_of(world, run)[0] == "Running"
    minutes_pass(world, 40)

    assert state_of(world, run)[0] == "Crashed"


@pytest.mark.parametrize("deployment", [{}, EXPRESS])
def test_what_cannot_be_asked_about_is_not(world, launch, deployment):
    launch(deployment)

    minutes_pass(world, 25)

    assert world.launcher.asked == []


def throw(error: Exception) -> None:
    raise error
