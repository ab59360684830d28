"""No run stays Pending, Running, Paused or Cancelling for ever, whoever dies."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stories import file_deployment

from whenflow.deployments import RunRequest
from whenflow.deployments.pools import pool_id_of
from whenflow.errors import Transient
from whenflow.events import iso
from whenflow.runs import FlowRun, Refused, StateDetails, StateType
from whenflow.runs.schedule import Known
from whenflow.runs.track import Tracker

MACHINE = file_deployment()
EXPRESS = file_deployment(job_variables={**MACHINE["job_variables"], "state_machine_type": "EXPRESS"})


@pytest.fixture
def launch(world):
    """A function that launches a run at once, as an action does."""

    def launched(deployment=None, *, begun: bool = True, **request) -> FlowRun:
        made = world.deployment(**(deployment or {}))
        run, _ = world.desk.maker.create(made, RunRequest(at_once=True, **request))
        world.schedule.start(run.id)
        if begun:
            world.ledger.start(run.id, "launch-1")
        found: FlowRun = world.ledger.get(run.id)
        return found

    return launched


def minutes_pass(world, minutes: int) -> None:
    for _ in range(minutes):
        world.wait(60)
        world.schedule.sweep()
        world.wait(0)


def state_of(world, run: FlowRun) -> tuple[str, str | None]:
    state = world.ledger.get(run.id).state
    return state.name, state.message


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


# ---- executions whose news were lost ----


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


# ---- executions that are not there, or that nobody may ask about ----


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


# ---- cancelling ----


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


# ---- pausing ----


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


# ---- news of an earlier start ----


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


# ---- what people and automations change ----


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
