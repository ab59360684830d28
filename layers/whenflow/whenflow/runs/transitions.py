"""Which state may follow which (SPEC 6.2). Decisions are values: a new run, or a refusal with its reason.

`orchestrate` says what becomes of a state that somebody proposes. What Whenflow itself does with runs goes by the same
rules: `reserve` before it starts their code, `claim` when the code begins.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from whenflow.events.times import iso
from whenflow.runs.bookkeeping import moved
from whenflow.runs.model import FlowRun
from whenflow.runs.states import (
    AWAITING_RETRY,
    AWAITING_SLOT,
    RETRYING,
    State,
    StateDetails,
    StateType,
    heartbeat_interval,
)
from whenflow.runs.targets import LAUNCHED_AFTER_START

FINAL = frozenset(type_ for type_ in StateType if type_.is_final)
BEFORE_RUNNING = frozenset({StateType.SCHEDULED, StateType.PENDING})
ALLOWED: dict[StateType, frozenset[StateType]] = {
    StateType.SCHEDULED: BEFORE_RUNNING | FINAL | {StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING},
    StateType.PENDING: FINAL | {StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING},
    StateType.RUNNING: FINAL | {StateType.PAUSED, StateType.CANCELLING},
    StateType.PAUSED: FINAL | {StateType.SCHEDULED, StateType.RUNNING, StateType.CANCELLING},
    StateType.CANCELLING: frozenset({StateType.CANCELLED}),
}
"""What may follow where no other rule says more; an end is followed by nothing but a manual retry."""

RETRIED = frozenset({StateType.FAILED, StateType.CRASHED, StateType.COMPLETED})
NEVER_RESUMED = "The flow was paused and never resumed."
ENDED_CANCELLED = "The flow run ended while it was being cancelled."


class Status(StrEnum):
    """What becomes of a proposed state."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    WAIT = "WAIT"
    ABORT = "ABORT"


@dataclass(frozen=True, slots=True)
class Refused:
    """The run stays as it is."""

    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a proposed state.

    Attributes:
        status: ACCEPT: it is in that state; REJECT: in another, which was there or was put instead; WAIT: propose it
            again later; ABORT: whoever proposed it is to stop.
        run: The run as it is now to be; the very one that was given where nothing changes.
        reason: Why it was not accepted.
        delay_seconds: How long to wait.
        changed: Whether a state was made.
    """

    status: Status
    run: FlowRun
    reason: str | None = None
    delay_seconds: float = 0.0
    changed: bool = False


Rule = Callable[[FlowRun, State], Verdict | None]


def orchestrate(run: FlowRun, state: State, *, force: bool = False) -> Verdict:
    """Say what becomes of a state that is proposed for a run; `force` skips the rules, but makes none twice."""
    for rule in (_the_same_again,) if force else RULES:
        if verdict := rule(run, state):
            return verdict
    return Verdict(Status.ACCEPT, moved(run, state))


def propose(run: FlowRun, state: State) -> FlowRun | Refused:
    """Put a run into its next state, or into the one that the rules put instead, or say why it stays."""
    verdict = orchestrate(run, state)
    return verdict.run if verdict.run is not run else Refused(verdict.reason or "")


def reserve(run: FlowRun, state: State) -> FlowRun | Refused:
    """Make a run Pending for the one who is about to start its code, named by the state's transition id.

    Whoever comes again finds the run as he left it, since he may have died before the start; another is refused. A run
    that waits for a slot may try before its time.
    """
    if run.state.type == StateType.PENDING:
        if run.state.details.transition_id == state.details.transition_id:
            return run
        return Refused("The flow run is being started already.")
    if run.due and run.due > state.timestamp and run.state.name != AWAITING_SLOT:
        return Refused(_not_yet(run.due))
    if run.state.type == StateType.SCHEDULED:
        return moved(run, state)
    return propose(run, state)


def claim(run: FlowRun, state: State, launch: str) -> FlowRun | Refused:
    """Start the run's code for one launch.

    AWS may deliver one launch again after the process that worked on it died: that delivery takes the run over, as
    `Retrying`. A second launch of the same run finds it taken and is refused. Where the code shows that it lives, it
    does so as often as the deployment says, if that says anything.
    """
    if state.details.heartbeat_seconds and (wanted := heartbeat_interval(run.job_variables.get("heartbeat_seconds"))):
        state = replace(state, details=replace(state.details, heartbeat_seconds=wanted))
    if run.state.type == StateType.RUNNING:
        if run.launch != launch:
            return Refused("The flow run is already running under another launch.")
        return replace(moved(run, replace(state, name=RETRYING)), launch=launch)
    if run.state.type == StateType.PAUSED:
        return Refused(f"The flow run is {run.state.name}; it goes on when it is resumed.")
    decision = propose(run, state)
    return decision if isinstance(decision, Refused) else replace(decision, launch=launch)


# ---- the rules, in their order ----


def _the_same_again(run: FlowRun, state: State) -> Verdict | None:
    given = state.details.transition_id
    if given and given == run.state.details.transition_id:
        return Verdict(Status.REJECT, run, "This transition was made already.")
    return None


def _ended(run: FlowRun, state: State) -> Verdict | None:
    """Let a run that ended be, unless it is scheduled anew; what is Completed and has kept its result is not."""
    present = run.state
    if not present.type.is_final:
        return None
    if state.type != StateType.SCHEDULED or present.type not in RETRIED or present.data is not None:
        return Verdict(Status.ABORT, run, f"The flow run has already ended: it is {present.name}.")
    if run.deployment_id is None:
        return Verdict(Status.ABORT, run, "A flow run without a deployment cannot be scheduled again.")
    named = replace(state, name=AWAITING_RETRY) if state.name == StateType.SCHEDULED.title() else state
    return Verdict(Status.ACCEPT, moved(run, named))


def _being_cancelled(run: FlowRun, state: State) -> Verdict | None:
    """Whatever ends while it is being cancelled is Cancelled; what is not to end is told to stop."""
    if run.state.type != StateType.CANCELLING:
        return None
    if state.type == StateType.CANCELLED:
        return Verdict(Status.ACCEPT, moved(run, state))
    if state.type.is_final:
        put = replace(state, type=StateType.CANCELLED, name="Cancelled", message=state.message or ENDED_CANCELLED)
        return Verdict(Status.REJECT, moved(run, put), ENDED_CANCELLED)
    status = Status.REJECT if state.type == StateType.CANCELLING else Status.ABORT
    return Verdict(status, run, "The flow run is being cancelled.")


def _taken(run: FlowRun, state: State) -> Verdict | None:
    if state.type == StateType.PENDING and run.state.type in {StateType.PENDING, StateType.RUNNING}:
        return Verdict(Status.ABORT, run, f"This run is already {run.state.type.lower()}: another process has it.")
    if state.type == run.state.type == StateType.RUNNING:
        return Verdict(Status.REJECT, run, "This run is already running.")
    return None


def _pausing(run: FlowRun, state: State) -> Verdict | None:
    if state.type != StateType.PAUSED or state.type not in ALLOWED[run.state.type]:
        return None
    if run.state.type != StateType.RUNNING and not state.details.pause_reschedule:
        return Verdict(Status.ABORT, run, f"Only a run that is running can be paused; this one is {run.state.name}.")
    if state.details.pause_reschedule and run.deployment_id is None:
        return Verdict(Status.ABORT, run, "A flow run without a deployment cannot be suspended.")
    if state.details.pause_key and state.details.pause_key in run.empirical_policy.get("pause_keys", ()):
        return Verdict(Status.REJECT, run, "This pause was made already.")
    return None


def _too_late_to_resume(run: FlowRun, state: State) -> Verdict | None:
    until = run.state.details.pause_timeout
    if run.state.type != StateType.PAUSED or state.type.is_final or until is None or state.timestamp < until:
        return None
    details = StateDetails(transition_id=state.details.transition_id)
    failed = replace(state, type=StateType.FAILED, name="Failed", message=NEVER_RESUMED, details=details, data=None)
    return Verdict(Status.REJECT, moved(run, failed), NEVER_RESUMED)


def _nothing_to_stop(run: FlowRun, state: State) -> Verdict | None:
    """A run of which nothing works yet is Cancelled at once; so is one that its target would not begin any more."""
    if state.type != StateType.CANCELLING:
        return None
    present = run.state
    idle = present.type == StateType.SCHEDULED or present.details.pause_reschedule
    if not idle and not (present.type == StateType.PENDING and run.target_type in LAUNCHED_AFTER_START):
        return None
    put = replace(state, type=StateType.CANCELLED, name="Cancelled")
    return Verdict(Status.REJECT, moved(run, put), "Nothing of the flow run had begun: it is Cancelled at once.")


def _not_possible(run: FlowRun, state: State) -> Verdict | None:
    if state.type in ALLOWED[run.state.type]:
        return None
    return Verdict(Status.ABORT, run, f"A flow run that is {run.state.name} cannot become {state.name}.")


def _too_early(run: FlowRun, state: State) -> Verdict | None:
    due = run.state.details.scheduled_time
    if state.type != StateType.RUNNING or run.state.type not in BEFORE_RUNNING or not due or due <= state.timestamp:
        return None
    if run.state.name == AWAITING_SLOT or _is_started_early(run):
        return None
    return Verdict(Status.WAIT, run, _not_yet(due), (due - state.timestamp).total_seconds())


def _tried_again(run: FlowRun, state: State) -> Verdict | None:
    if run.state.type != StateType.RUNNING or state.type != StateType.FAILED or not run.retries_left:
        return None
    at = state.timestamp + timedelta(seconds=float(run.empirical_policy.get("retry_delay") or 0))
    details = StateDetails(scheduled_time=at, transition_id=state.details.transition_id)
    put = replace(state, type=StateType.SCHEDULED, name=AWAITING_RETRY, details=details, data=None)
    return Verdict(Status.REJECT, moved(run, put), "The flow run is tried again.")


def _is_started_early(run: FlowRun) -> bool:
    """Whether it came from the wait for a slot, whose time is only when to ask again."""
    return len(run.states) > 1 and run.state.type == StateType.PENDING and run.states[-2].name == AWAITING_SLOT


def _not_yet(due: datetime) -> str:
    return f"The flow run is scheduled for {iso(due)}."


RULES: tuple[Rule, ...] = (
    _the_same_again,
    _ended,
    _being_cancelled,
    _taken,
    _too_late_to_resume,
    _not_possible,
    _pausing,
    _nothing_to_stop,
    _too_early,
    _tried_again,
)
