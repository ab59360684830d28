"""Which state may follow which."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow.runs import FlowRun, Refused, State, StateDetails, StateType
from whenflow.runs.transitions import claim, propose, reserve

T = StateType
FINAL = {T.COMPLETED, T.FAILED, T.CANCELLED, T.CRASHED}
LEGAL = (
    {(T.SCHEDULED, next_) for next_ in {T.SCHEDULED, T.PENDING, T.RUNNING} | FINAL}
    | {(T.PENDING, next_) for next_ in {T.RUNNING} | FINAL}
    | {(T.RUNNING, next_) for next_ in FINAL}
)
EVERY = [(present, next_) for present in T for next_ in T]


def state(type_: StateType, name: str | None = None) -> State:
    return State(NOBODY, type_, name or type_.title(), NOON)


def a_run(present: StateType, **changes) -> FlowRun:
    run = FlowRun(
        id=NOBODY,
        name="quick-fox",
        flow_id=NOBODY,
        flow_name="new-user-flow",
        deployment_id=None,
        deployment_name=None,
        work_pool_name=None,
        parameters={},
        tags=(),
        created=NOON,
        states=(state(present),),
    )
    return replace(run, **changes)


@pytest.mark.parametrize(("present", "next_"), [pair for pair in EVERY if pair in LEGAL])
def test_a_state_that_may_follow_follows(present, next_):
    moved = propose(a_run(present), state(next_))

    assert isinstance(moved, FlowRun)
    assert [one.type for one in moved.states] == [present, next_]


@pytest.mark.parametrize(("present", "next_"), [pair for pair in EVERY if pair not in LEGAL])
def test_a_state_that_may_not_follow_is_refused(present, next_):
    refusal = propose(a_run(present), state(next_))

    assert isinstance(refusal, Refused)
    assert refusal.reason


@pytest.mark.parametrize("present", sorted(FINAL))
def test_a_run_that_ended_says_so(present):
    refusal = propose(a_run(present), state(T.RUNNING))

    assert refusal == Refused(f"The flow run has already ended: it is {present.title()}.")


def test_a_refusal_names_both_states():
    refusal = propose(a_run(T.RUNNING), state(T.SCHEDULED, "AwaitingRetry"))

    assert refusal == Refused("A flow run that is Running cannot become AwaitingRetry.")


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


@pytest.mark.parametrize("type_", [T.PENDING, T.RUNNING])
@pytest.mark.parametrize("name", ["Scheduled", "Late", "AwaitingRetry"])
def test_a_run_is_never_started_before_its_time(type_, name):
    refusal = propose(waiting(name=name), state(type_))

    assert refusal == Refused("The flow run is scheduled for 2026-11-20T12:00:01.000000Z.")


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
