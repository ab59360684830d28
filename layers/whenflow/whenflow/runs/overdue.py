"""What becomes of runs that do not move on: none stays Pending, Running, Paused or Cancelling for ever.

Only what nobody else would tell is decided here. Lambda tells of invocations that failed, Step Functions of executions
that ended, the code of its own end. Such news may be lost: a Standard execution that was silent is asked about, and a
process that showed that it lives and does so no more is gone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from whenflow.events.times import iso
from whenflow.runs.bookkeeping import LOOK_AFTER
from whenflow.runs.heartbeats import pulse_of
from whenflow.runs.model import FlowRun
from whenflow.runs.states import TIMED_OUT, StateType
from whenflow.runs.targets import DURABLE, EXPRESS_LIFE, LAMBDA, STEP_FUNCTIONS, is_express, is_standard, time_limit
from whenflow.runs.transitions import NEVER_RESUMED

NEVER_STARTED_AFTER = timedelta(hours=6, minutes=15)
"""Lambda keeps an invocation that it cannot begin for up to six hours."""
STOPPING = timedelta(seconds=60)
MARGIN = timedelta(minutes=1)
CANCELLED = "The flow run was cancelled."
NO_NAME = "Lambda knows no durable execution by the run's name."
SELDOM_ASKED = timedelta(days=1)
"""The longest time between two questions about an execution."""


@dataclass(frozen=True, slots=True)
class End:
    """The state that a run is put into; `stop` asks for its code to be stopped as well."""

    type: StateType
    name: str | None
    message: str
    stop: bool = False


def overdue(
    run: FlowRun, now: datetime, heard: datetime | None = None, unseen: timedelta | None = None
) -> End | datetime | None:
    """Say what becomes of a run: an end, another look at a time, or nothing.

    Args:
        run: Of any state but SCHEDULED.
        now: This moment.
        heard: When its latest heartbeat was, if it has shown that it lives.
        unseen: How long it may run where nobody can ask about it; None for as long as it does.
    """
    match run.state.type:
        case StateType.PAUSED:
            return _paused(run, now)
        case StateType.PENDING if run.is_looked_after:
            return _pending(run, now)
        case StateType.RUNNING if run.is_looked_after:
            return _running(run, now, heard, unseen)
        case StateType.RUNNING:
            return _unheard(run, now, heard)
        case StateType.CANCELLING if run.is_looked_after:
            return _cancelling(run, now)
        case StateType.CANCELLING:
            ended = _unheard(run, now, heard)
            return End(StateType.CANCELLED, None, CANCELLED) if isinstance(ended, End) else ended
        case _:
            return None


def given_up(run: FlowRun, now: datetime, unseen: timedelta | None, why: str) -> End | datetime | None:
    """Say what becomes of a run that nobody can ask about: it ends at last; None where it may go on for ever."""
    if unseen is None or run.state.type != StateType.RUNNING:
        return None
    hours = unseen / timedelta(hours=1)
    text = f"It has been running for {hours:g} hours, and nobody can tell whether it still does: {why}"
    return _silent((run.running_since() or run.state.timestamp) + unseen, now, text)


def is_to_be_asked(run: FlowRun, found: End | datetime | None, now: datetime) -> bool:
    """Tell whether Step Functions is to be asked how the run's execution is, before it is believed to work on.

    Args:
        run: Of any state but SCHEDULED.
        found: What `overdue` says of it: before an end is put, the execution is asked for its own.
        now: This moment.
    """
    if not _has_execution(run):
        return False
    asked_lately = run.watch is not None and run.watch > now
    return isinstance(found, End) or (now - run.state.timestamp >= LOOK_AFTER and not asked_lately)


def _has_execution(run: FlowRun) -> bool:
    begun = run.state.type in {StateType.PENDING, StateType.RUNNING}
    return begun and run.is_ours and is_standard(run.target_type, run.job_variables)


def _next_question(run: FlowRun, now: datetime) -> datetime:
    """Return when to ask about an execution: after 20 minutes of silence, then each time that has doubled, or daily."""
    if run.watch and run.watch > now:
        return run.watch
    silence = now - run.state.timestamp
    return run.state.timestamp + LOOK_AFTER if silence < LOOK_AFTER else now + min(silence, SELDOM_ASKED)


def _pending(run: FlowRun, now: datetime) -> End | datetime:
    found = _silent(run.state.timestamp + NEVER_STARTED_AFTER, now, "Its code was never started.")
    return min(found, _next_question(run, now)) if isinstance(found, datetime) and _has_execution(run) else found


def _paused(run: FlowRun, now: datetime) -> End | datetime | None:
    until = run.state.details.pause_timeout
    if until is None or until > now:
        return until
    return End(StateType.FAILED, None, NEVER_RESUMED)


def _running(run: FlowRun, now: datetime, heard: datetime | None, unseen: timedelta | None) -> End | datetime | None:
    since = run.running_since() or run.state.timestamp
    limit = time_limit(run.job_variables)
    if limit and since + limit <= now:
        text = f"The flow run exceeded its time limit of {limit.total_seconds():g} seconds."
        return End(StateType.FAILED, TIMED_OUT, text, stop=True)
    lost = given_up(run, now, unseen, NO_NAME) if run.target_type == DURABLE else _lost(run, since, now, heard)
    if limit and not isinstance(lost, End):
        return min(since + limit, lost or since + limit)
    return lost


def _lost(run: FlowRun, since: datetime, now: datetime, heard: datetime | None) -> End | datetime | None:
    if run.target_type == LAMBDA:
        found = _silent(since + LOOK_AFTER, now, "Its process is gone: no function works for that long.")
        unheard = _unheard(run, now, heard)
        if isinstance(found, End) or unheard is None:
            return found
        return unheard if isinstance(unheard, End) else min(found, unheard)
    if run.target_type == STEP_FUNCTIONS and is_express(run.job_variables):
        return _silent(since + EXPRESS_LIFE + MARGIN, now, "Its execution is over and did not tell how it went.")
    return _next_question(run, now) if _has_execution(run) else None


def _unheard(run: FlowRun, now: datetime, heard: datetime | None) -> End | datetime | None:
    """Say what becomes of a run by its heartbeats; nothing where it has not shown that it lives by when it should.

    Of a process of the user's own, nothing else says that it is gone.
    """
    pulse = pulse_of(run)
    if pulse is None:
        return None
    if heard is None:
        first = run.state.timestamp + pulse.silence
        return first if first > now else None
    seconds = pulse.every.total_seconds()
    text = f"Its process is gone: no heartbeat since {iso(heard)}, and there was to be one each {seconds:g} seconds."
    return _silent(max(heard, run.state.timestamp) + pulse.silence, now, text)


def _silent(until: datetime, now: datetime, message: str) -> End | datetime:
    return until if until > now else End(StateType.CRASHED, None, message)


def _cancelling(run: FlowRun, now: datetime) -> End | datetime:
    """Wait for the code to see that it is to stop, no longer than it can live; what can be stopped is stopped."""
    asked = run.state.timestamp
    if run.target_type == LAMBDA:
        alive = (run.running_since() or asked) + LOOK_AFTER
    elif run.target_type == STEP_FUNCTIONS and is_express(run.job_variables):
        alive = (run.running_since() or asked) + EXPRESS_LIFE + MARGIN
    else:
        alive = asked + STOPPING
    until = max(alive, asked + STOPPING)
    return until if until > now else End(StateType.CANCELLED, None, CANCELLED, stop=True)
