"""What a run's row says after it has moved into a state: counts, times, the slot, and when the timer is to look."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from whenflow.runs.heartbeats import FIRST_LOOK, pulse_of
from whenflow.runs.model import FlowRun
from whenflow.runs.states import AWAITING_RETRY, RESUMING, RETRYING, State, StateType
from whenflow.runs.targets import LAMBDA, time_limit

KEPT_FIRST = 10
KEPT_STATES = 100
"""States kept of one run: the first ten, which tell how it began, and the latest. All are in the feed."""
LOOK_AFTER = timedelta(minutes=20)
"""When a run that was launched is surely over on Lambda, where no function works for longer than 15 minutes."""
SURE_TO_BE_FOUND = FIRST_LOOK - timedelta(minutes=1)
"""A run that begins to run so soon after it was made is found by that."""
WITH_SLOT = frozenset({StateType.PENDING, StateType.RUNNING, StateType.CANCELLING})


def moved(run: FlowRun, state: State) -> FlowRun:
    """Return the run in that state, whatever may follow what."""
    present = run.state
    starts = state.type == StateType.RUNNING
    if state.type == StateType.PENDING:
        state = replace(state, details=replace(state.details, scheduled_time=run.due))
    if starts and run.run_count and state.name == StateType.RUNNING.title():
        state = replace(state, name=_name_of_another_start(run))
    keeps_slot = state.type in WITH_SLOT or _waits_in_its_process(state)
    next_ = replace(
        run,
        states=_bounded((*run.states, state)),
        run_count=run.run_count + starts,
        start_time=run.start_time or (state.timestamp if starts else None),
        end_time=state.timestamp if state.type.is_final else None,
        run_time=run.run_time + _ran(present, state.timestamp),
        attempt=run.attempt + (state.type == StateType.SCHEDULED != present.type),
        launch=None if state.type in {StateType.SCHEDULED, StateType.PENDING} else run.launch,
        empirical_policy=_policy(run, state),
        unknown=0,
        has_slot=run.has_slot and keeps_slot,
        pool_slot=run.pool_slot and keeps_slot,
        queued=(),
    )
    return replace(next_, watch=_watch(run, next_))


def _name_of_another_start(run: FlowRun) -> str:
    last = next((one.name for one in reversed(run.states) if one.type == StateType.SCHEDULED), "")
    if run.state.type == StateType.PAUSED or last == RESUMING:
        return StateType.RUNNING.title()
    return RETRYING if last == AWAITING_RETRY else "Rerunning"


def _bounded(states: tuple[State, ...]) -> tuple[State, ...]:
    return states if len(states) <= KEPT_STATES else states[:KEPT_FIRST] + states[KEPT_FIRST - KEPT_STATES :]


def _ran(present: State, until: datetime) -> float:
    return max(0.0, (until - present.timestamp).total_seconds()) if present.type == StateType.RUNNING else 0.0


def _policy(run: FlowRun, state: State) -> Any:
    key = state.details.pause_key if state.type == StateType.PAUSED else None
    if not key:
        return run.empirical_policy
    return {**run.empirical_policy, "pause_keys": [*run.empirical_policy.get("pause_keys", ()), key]}


def _waits_in_its_process(state: State) -> bool:
    return state.type == StateType.PAUSED and not state.details.pause_reschedule


def _watch(before: FlowRun, run: FlowRun) -> datetime | None:
    """Return when the timer is to look.

    A run that is started at once is in no index, which saves write units: it is found by when it was made
    (`LookingAfter.sweep`). One that waited is in the index already, and stays there as it is: if it has not ended by
    the next sweep, that puts it on the watch.
    """
    state = run.state
    match state.type:
        case StateType.SCHEDULED:
            return run.due if run.deployment_id else None
        case StateType.PENDING:
            return before.watch if run.is_ours else None
        case StateType.RUNNING:
            return _watch_at_work(before, run)
        case StateType.PAUSED:
            return state.details.pause_timeout
        case StateType.CANCELLING:
            pulse = pulse_of(run)
            return state.timestamp if run.is_looked_after else state.timestamp + pulse.silence if pulse else None
        case _:
            return None


def _watch_at_work(before: FlowRun, run: FlowRun) -> datetime | None:
    begun, pulse = run.state.timestamp, pulse_of(run)
    if run.is_ours:
        limit = time_limit(run.job_variables)
        soon = [min(limit, LOOK_AFTER)] if limit else []  # it may be over long before, and the news of that lost
        if pulse and run.target_type == LAMBDA and pulse.silence < FIRST_LOOK:
            soon.append(pulse.silence)
        if soon:
            return begun + min(soon)
        return min(before.watch, begun + LOOK_AFTER) if before.watch else None
    if before.watch is None and run.deployment_id is None and begun < run.created + SURE_TO_BE_FOUND:
        return None
    if pulse:
        return begun + pulse.silence
    return begun + LOOK_AFTER if run.is_looked_after else None
