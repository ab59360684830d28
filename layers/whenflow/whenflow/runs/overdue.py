"""What becomes of runs that do not move on: none stays Pending, Running, Paused or Cancelling for ever.

Only what nobody else would tell is decided here. Lambda tells of invocations that failed, Step Functions of executions
that ended, the code of its own end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from whenflow.runs.bookkeeping import LOOK_AFTER
from whenflow.runs.model import FlowRun
from whenflow.runs.states import TIMED_OUT, StateType
from whenflow.runs.targets import EXPRESS_LIFE, LAMBDA, STEP_FUNCTIONS, is_express, time_limit
from whenflow.runs.transitions import NEVER_RESUMED

NEVER_STARTED_AFTER = timedelta(hours=6, minutes=15)
"""Lambda keeps an invocation that it cannot begin for up to six hours."""
STOPPING = timedelta(seconds=60)
MARGIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class End:
    """The state that a run is put into; `stop` asks for its code to be stopped as well."""

    type: StateType
    name: str | None
    message: str
    stop: bool = False


def overdue(run: FlowRun, now: datetime) -> End | datetime | None:
    """Say what becomes of a run: an end, another look at a time, or nothing.

    Args:
        run: Of any state but SCHEDULED.
        now: This moment.
    """
    match run.state.type:
        case StateType.PAUSED:
            return _paused(run, now)
        case StateType.PENDING if run.is_looked_after:
            return _silent(run.state.timestamp + NEVER_STARTED_AFTER, now, "Its code was never started.")
        case StateType.RUNNING if run.is_looked_after:
            return _running(run, now)
        case StateType.CANCELLING if run.is_looked_after:
            return _cancelling(run, now)
        case _:
            return None


def _paused(run: FlowRun, now: datetime) -> End | datetime | None:
    until = run.state.details.pause_timeout
    if until is None or until > now:
        return until
    return End(StateType.FAILED, None, NEVER_RESUMED)


def _running(run: FlowRun, now: datetime) -> End | datetime | None:
    since = run.running_since() or run.state.timestamp
    limit = time_limit(run.job_variables)
    if limit and since + limit <= now:
        text = f"The flow run exceeded its time limit of {limit.total_seconds():g} seconds."
        return End(StateType.FAILED, TIMED_OUT, text, stop=True)
    lost = _lost(run, since, now)
    if limit and not isinstance(lost, End):
        return min(since + limit, lost or since + limit)
    return lost


def _lost(run: FlowRun, since: datetime, now: datetime) -> End | datetime | None:
    if run.target_type == LAMBDA:
        return _silent(since + LOOK_AFTER, now, "Its process is gone: no function works for that long.")
    if run.target_type == STEP_FUNCTIONS and is_express(run.job_variables):
        return _silent(since + EXPRESS_LIFE + MARGIN, now, "Its execution is over and did not tell how it went.")
    return None


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
    return until if until > now else End(StateType.CANCELLED, None, "The flow run was cancelled.", stop=True)
