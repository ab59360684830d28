"""Which state may follow which."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow.runs import FlowRun, Refused, State, StateDetails, StateType, Status
from whenflow.runs.transitions import claim, orchestrate, propose, reserve

T = StateType
FINAL = {T.COMPLETED, T.FAILED, T.CANCELLED, T.CRASHED}
ACCEPTED = (
    {(T.SCHEDULED, next_) for next_ in {T.SCHEDULED, T.PENDING, T.RUNNING} | FINAL}
    | {(T.PENDING, next_) for next_ in {T.RUNNING} | FINAL}
    | {(T.RUNNING, next_) for next_ in {T.PAUSED, T.CANCELLING} | FINAL}
    | {(T.PAUSED, next_) for next_ in {T.SCHEDULED, T.RUNNING, T.CANCELLING} | FINAL}
    | {(present, T.SCHEDULED) for present in (T.COMPLETED, T.FAILED, T.CRASHED)}
    | {(T.CANCELLING, T.CANCELLED)}
)
REPLACED = {
    **{(T.CANCELLING, next_): T.CANCELLED for next_ in FINAL - {T.CANCELLED}},
    **{(present, T.CANCELLING): T.CANCELLED for present in (T.SCHEDULED, T.PENDING)},
}
REJECTED = {(T.RUNNING, T.RUNNING), (T.CANCELLING, T.CANCELLING)}
EVERY = [(present, next_) for present in T for next_ in T]
ABORTED = [pair for pair in EVERY if pair not in ACCEPTED | REJECTED | REPLACED.keys()]


def state(type_: StateType, name: str | None = None) -> State:
    return State(NOBODY, type_, name or type_.title(), NOON)


def a_run(present: StateType, **changes) -> FlowRun:
    run = FlowRun(
        id=NOBODY,
        name="quick-fox",
        flow_id=NOBODY,
        flow_name="new-user-flow",
        deployment_id=NOBODY,
        deployment_name="welcome",
        work_pool_name="lambda",
        parameters={},
        tags=(),
        created=NOON,
        states=(state(present),),
    )
    return replace(run, **changes)


@pytest.mark.parametrize(("present", "next_"), sorted(ACCEPTED))
def test_d5_a_state_that_may_follow_is_accepted(present, next_):
    verdict = orchestrate(a_run(present), state(next_))

    assert verdict.status == Status.ACCEPT
    assert [one.type for one in verdict.run.states] == [present, next_]


@pytest.mark.parametrize(("present", "next_"), sorted(REPLACED))
def test_d5_a_state_in_whose_place_another_is_put_is_rejected(present, next_):
    verdict = orchestrate(a_run(present), state(next_))

    assert verdict.status == Status.REJECT
    assert [one.type for one in verdict.run.states] == [present, REPLACED[present, next_]]
    assert verdict.reason


@pytest.mark.parametrize(("present", "next_"), sorted(REJECTED))
def test_d5_a_state_that_is_there_already_is_rejected_and_nothing_changes(present, next_):
    run = a_run(present)

    verdict = orchestrate(run, state(next_))

    assert (verdict.status, verdict.run) == (Status.REJECT, run)


@pytest.mark.parametrize(("present", "next_"), sorted(ABORTED))
def test_d5_whoever_proposes_a_state_that_may_not_follow_is_to_stop(present, next_):
    run = a_run(present)

    verdict = orchestrate(run, state(next_))

    assert (verdict.status, verdict.run) == (Status.ABORT, run)
    assert verdict.reason


@pytest.mark.parametrize(("present", "next_"), EVERY)
def test_d5_force_skips_the_rules(present, next_):
    verdict = orchestrate(a_run(present), state(next_), force=True)

    assert (verdict.status, verdict.run.state.type) == (Status.ACCEPT, next_)


@pytest.mark.parametrize(("present", "next_"), EVERY)
def test_what_is_proposed_within_goes_by_the_same_rules(present, next_):
    run = a_run(present)

    verdict, moved = orchestrate(run, state(next_)), propose(run, state(next_))

    assert moved == (Refused(verdict.reason or "") if verdict.run is run else verdict.run)


def test_d5_the_same_transition_again_changes_nothing():
    mine = replace(state(T.PENDING), details=StateDetails(transition_id="t-1"))
    run = a_run(T.PENDING, states=(mine,))

    verdict = orchestrate(run, mine)

    assert (verdict.status, verdict.run) == (Status.REJECT, run)


@pytest.mark.parametrize("present", [T.PENDING, T.RUNNING])
def test_d5_a_run_that_another_process_has_is_aborted(present):
    verdict = orchestrate(a_run(present), state(T.PENDING))

    assert verdict.status == Status.ABORT
    assert "already" in (verdict.reason or "")


@pytest.mark.parametrize("present", [T.FAILED, T.CRASHED])
def test_d5_a_manual_retry_is_awaited_and_counts_on(present):
    verdict = orchestrate(a_run(present, run_count=2, end_time=NOON, launch="l-1"), state(T.SCHEDULED))

    run = verdict.run
    assert (run.state.name, run.run_count, run.end_time, run.launch) == ("AwaitingRetry", 2, None, None)


def test_d5_what_is_completed_and_kept_its_result_does_not_run_again():
    done = replace(state(T.COMPLETED), data={"type": "reference"})

    assert orchestrate(a_run(T.COMPLETED, states=(done,)), state(T.SCHEDULED)).status == Status.ABORT


def test_a_run_that_nobody_could_launch_is_not_scheduled_again():
    assert orchestrate(a_run(T.FAILED, deployment_id=None), state(T.SCHEDULED)).status == Status.ABORT


@pytest.mark.parametrize("name", ["Scheduled", "Late", "AwaitingRetry"])
@pytest.mark.parametrize("present", [T.SCHEDULED, T.PENDING])
def test_d5_running_before_the_time_is_to_wait_for_the_rest_of_it(present, name):
    details = StateDetails(scheduled_time=NOON + timedelta(seconds=40))
    run = a_run(present, states=(replace(state(present, name), details=details),))

    verdict = orchestrate(run, state(T.RUNNING))

    assert (verdict.status, verdict.delay_seconds, verdict.run) == (Status.WAIT, 40, run)


def test_d5_pending_keeps_the_time_for_which_the_run_was_scheduled():
    pending = orchestrate(waiting(), state(T.PENDING)).run

    assert pending.state.details.scheduled_time == SOON.scheduled_time
    assert orchestrate(pending, state(T.RUNNING)).status == Status.WAIT


def test_d5_a_failure_with_retries_left_is_awaiting_its_retry():
    policy = {"retries": 2, "retry_delay": 30}
    run = a_run(T.RUNNING, empirical_policy=policy, run_count=1, launch="l-1")

    verdict = orchestrate(run, state(T.FAILED))

    assert verdict.status == Status.REJECT
    again = verdict.run
    assert (again.state.type, again.state.name) == (T.SCHEDULED, "AwaitingRetry")
    assert again.due == again.watch == NOON + timedelta(seconds=30)
    assert (again.attempt, again.launch, again.end_time) == (1, None, None)


def test_d5_a_failure_without_retries_left_is_one():
    run = a_run(T.RUNNING, empirical_policy={"retries": 2}, run_count=3, attempt=2)

    assert orchestrate(run, state(T.FAILED)).run.state.type == T.FAILED


def test_a_retry_that_runs_is_retrying():
    awaiting = a_run(T.RUNNING, empirical_policy={"retries": 1}, run_count=1)
    again = orchestrate(awaiting, state(T.FAILED)).run

    pending = reserve(again, state(T.PENDING))
    assert isinstance(pending, FlowRun)
    taken = claim(pending, state(T.RUNNING), "launch-2")

    assert isinstance(taken, FlowRun)
    assert (taken.state.name, taken.run_count) == ("Retrying", 2)


@pytest.mark.parametrize("present", [T.SCHEDULED, T.PENDING])
def test_d5_only_what_runs_is_paused_in_its_process(present):
    assert orchestrate(a_run(present), state(T.PAUSED)).status == Status.ABORT


@pytest.mark.parametrize("present", [T.SCHEDULED, T.PENDING, T.RUNNING])
def test_d5_what_has_a_deployment_may_be_suspended_any_time(present):
    suspended = replace(state(T.PAUSED, "Suspended"), details=StateDetails(pause_reschedule=True))

    assert orchestrate(a_run(present), suspended).status == Status.ACCEPT
    assert orchestrate(a_run(present, deployment_id=None), suspended).status == Status.ABORT


def test_d5_one_pause_of_the_code_pauses_once():
    pause = replace(state(T.PAUSED), details=StateDetails(pause_key="review"))
    paused = orchestrate(a_run(T.RUNNING), pause).run
    resumed = orchestrate(paused, state(T.RUNNING)).run

    again = orchestrate(resumed, pause)

    assert (again.status, again.run) == (Status.REJECT, resumed)


@pytest.mark.parametrize("next_", [T.RUNNING, T.SCHEDULED])
def test_d5_a_pause_that_lasted_too_long_fails_the_run(next_):
    paused = replace(state(T.PAUSED), details=StateDetails(pause_timeout=NOON))
    run = a_run(T.PAUSED, states=(paused,))

    verdict = orchestrate(run, state(next_))

    assert (verdict.status, verdict.run.state.type) == (Status.REJECT, T.FAILED)
    assert verdict.run.state.message == "The flow was paused and never resumed."


def test_d5_a_run_that_is_suspended_is_cancelled_at_once():
    suspended = replace(state(T.PAUSED, "Suspended"), details=StateDetails(pause_reschedule=True))

    verdict = orchestrate(a_run(T.PAUSED, states=(suspended,)), state(T.CANCELLING))

    assert (verdict.status, verdict.run.state.type) == (Status.REJECT, T.CANCELLED)


def test_d5_an_execution_that_was_started_is_cancelled_by_way_of_cancelling():
    run = a_run(T.PENDING, work_pool_name="step-functions")

    verdict = orchestrate(run, state(T.CANCELLING))

    assert (verdict.status, verdict.run.state.type) == (Status.ACCEPT, T.CANCELLING)
    assert verdict.run.watch == NOON


def test_the_time_that_a_run_ran_is_added_up():
    later = replace(state(T.PAUSED), timestamp=NOON + timedelta(seconds=7))
    paused = orchestrate(a_run(T.RUNNING), later).run
    resumed = orchestrate(paused, replace(state(T.RUNNING), timestamp=NOON + timedelta(seconds=20))).run
    done = orchestrate(resumed, replace(state(T.COMPLETED), timestamp=NOON + timedelta(seconds=25))).run

    assert done.run_time == 12


def test_of_very_many_states_the_first_and_the_latest_are_kept():
    run = a_run(T.SCHEDULED)
    for number in range(500):
        run = orchestrate(run, state(T.SCHEDULED, f"number {number}")).run

    names = [one.name for one in run.states]
    assert len(names) == 100
    assert names[:3] == ["Scheduled", "number 0", "number 1"]
    assert names[-1] == "number 499"


def test_a_refusal_names_both_states():
    refusal = propose(a_run(T.RUNNING), state(T.SCHEDULED, "Late"))

    assert refusal == Refused("A flow run that is Running cannot become Late.")


def test_starting_counts_and_is_dated():
    moved = propose(a_run(T.PENDING), state(T.RUNNING))

    assert isinstance(moved, FlowRun)
    assert (moved.run_count, moved.start_time, moved.end_time) == (1, NOON, None)


@pytest.mark.parametrize("final", sorted(FINAL))
def test_ending_is_dated(final):
    moved = propose(a_run(T.RUNNING, run_count=1, start_time=NOON), state(final))

    assert isinstance(moved, FlowRun)
    assert (moved.run_count, moved.start_time, moved.end_time) == (1, NOON, NOON)


def test_a_run_that_never_started_has_no_start():
    moved = propose(a_run(T.PENDING), state(T.CRASHED))

    assert isinstance(moved, FlowRun)
    assert (moved.run_count, moved.start_time) == (0, None)


@pytest.mark.parametrize("present", [T.SCHEDULED, T.PENDING])
def test_the_first_launch_takes_a_run(present):
    taken = claim(a_run(present), state(T.RUNNING), "launch-1")

    assert isinstance(taken, FlowRun)
    assert (taken.launch, taken.state.name, taken.run_count) == ("launch-1", "Running", 1)


def test_the_same_launch_takes_a_run_over_as_retrying():
    taken = claim(a_run(T.RUNNING, launch="launch-1", run_count=1, start_time=NOON), state(T.RUNNING), "launch-1")

    assert isinstance(taken, FlowRun)
    assert (taken.state.type, taken.state.name, taken.run_count) == (T.RUNNING, "Retrying", 2)


def test_another_launch_of_a_run_that_is_worked_on_is_refused():
    refusal = claim(a_run(T.RUNNING, launch="launch-1"), state(T.RUNNING), "launch-2")

    assert refusal == Refused("The flow run is already running under another launch.")


@pytest.mark.parametrize("final", sorted(FINAL))
@pytest.mark.parametrize("launch", ["launch-1", "launch-2"])
def test_no_launch_takes_a_run_that_ended(final, launch):
    assert isinstance(claim(a_run(final, launch="launch-1"), state(T.RUNNING), launch), Refused)


# ---- runs that wait for their time ----

SOON = StateDetails(scheduled_time=NOON + timedelta(seconds=1))


def waiting(details: StateDetails = SOON, name: str = "Scheduled") -> FlowRun:
    return a_run(T.SCHEDULED, states=(State(NOBODY, T.SCHEDULED, name, NOON, None, details),))


def reserved_by(starter: str | None, run: FlowRun, seconds: float = 0) -> FlowRun | Refused:
    at = NOON + timedelta(seconds=seconds)
    return reserve(run, State(NOBODY, T.PENDING, "Pending", at, None, StateDetails(transition_id=starter)))


@pytest.mark.parametrize("name", ["Scheduled", "Late", "AwaitingRetry"])
def test_a_run_is_never_started_before_its_time(name):
    refusal = Refused("The flow run is scheduled for 2026-11-20T12:00:01.000000Z.")

    assert propose(waiting(name=name), state(T.RUNNING)) == refusal
    assert reserved_by("ring-1", waiting(name=name)) == refusal


def test_a_run_that_waits_for_a_slot_may_be_reserved_when_one_is_free():
    assert isinstance(reserved_by("slot-1", waiting(name="AwaitingConcurrencySlot")), FlowRun)


def test_no_launch_takes_a_run_before_its_time():
    assert isinstance(claim(waiting(), state(T.RUNNING), "launch-1"), Refused)


@pytest.mark.parametrize("type_", sorted(FINAL | {T.SCHEDULED}))
def test_a_run_that_waits_may_be_ended_or_put_off(type_):
    assert isinstance(propose(waiting(), state(type_)), FlowRun)


def test_a_run_is_reserved_at_its_time_and_keeps_it():
    taken = reserved_by("ring-1", waiting(), seconds=1)

    assert isinstance(taken, FlowRun)
    assert taken.state.details == replace(SOON, transition_id="ring-1")
    assert taken.due is None


def test_whoever_reserved_a_run_finds_it_as_he_left_it():
    taken = reserved_by("ring-1", waiting(), seconds=1)

    assert isinstance(taken, FlowRun)
    assert reserved_by("ring-1", taken, seconds=400) is taken


@pytest.mark.parametrize("other", ["ring-2", None])
def test_a_run_that_is_reserved_is_refused_to_another(other):
    taken = reserved_by("ring-1", waiting(), seconds=1)

    assert isinstance(taken, FlowRun)
    assert reserved_by(other, taken, seconds=400) == Refused("The flow run is being started already.")


@pytest.mark.parametrize("type_", sorted(FINAL | {T.RUNNING}))
def test_a_run_that_runs_or_ended_is_reserved_by_nobody(type_):
    assert isinstance(reserved_by("ring-1", a_run(type_)), Refused)
