"""Which state may follow which. Decisions are values: a new run, or a refusal with its reason."""

from dataclasses import dataclass, replace

from whenflow.events.times import iso
from whenflow.runs.model import FlowRun
from whenflow.runs.states import State, StateType

BEFORE_RUNNING = frozenset({StateType.SCHEDULED, StateType.PENDING})
STARTING = frozenset({StateType.PENDING, StateType.RUNNING})
ALLOWED: dict[StateType, frozenset[StateType]] = {
    StateType.SCHEDULED: BEFORE_RUNNING | {StateType.RUNNING, *(t for t in StateType if t.is_final)},
    StateType.PENDING: frozenset({StateType.RUNNING, *(t for t in StateType if t.is_final)}),
    StateType.RUNNING: frozenset(t for t in StateType if t.is_final),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """The run stays as it is."""

    reason: str


def propose(run: FlowRun, state: State) -> FlowRun | Refused:
    """Put a run into its next state, if that state may follow the present one, and not before its scheduled time."""
    present = run.state.type
    if present.is_final:
        return Refused(f"The flow run has already ended: it is {run.state.name}.")
    if state.type not in ALLOWED.get(present, frozenset()):
        return Refused(f"A flow run that is {run.state.name} cannot become {state.name}.")
    if run.due and run.due > state.timestamp and state.type in STARTING:
        return Refused(f"The flow run is scheduled for {iso(run.due)}.")
    return _moved(run, state)


def reserve(run: FlowRun, state: State) -> FlowRun | Refused:
    """Make a run Pending for the one who is about to start its code, named by the state's transition id.

    Whoever comes again finds the run as he left it, since he may have died before the start; another is refused.
    """
    if run.state.type == StateType.PENDING:
        if run.state.details.transition_id == state.details.transition_id:
            return run
        return Refused("The flow run is being started already.")
    return propose(run, state)


def claim(run: FlowRun, state: State, launch: str) -> FlowRun | Refused:
    """Start the run's code for one launch.

    AWS may deliver one launch again after the process that worked on it died: that delivery takes the run over, as
    `Retrying`. A second launch of the same run finds it taken and is refused.
    """
    if run.state.type == StateType.RUNNING:
        if run.launch != launch:
            return Refused("The flow run is already running under another launch.")
        return replace(_moved(run, replace(state, name="Retrying")), launch=launch)
    decision = propose(run, state)
    return decision if isinstance(decision, Refused) else replace(decision, launch=launch)


def _moved(run: FlowRun, state: State) -> FlowRun:
    starts = state.type == StateType.RUNNING
    if state.type == StateType.PENDING:
        state = replace(state, details=replace(state.details, scheduled_time=run.due))
    return replace(
        run,
        states=(*run.states, state),
        run_count=run.run_count + starts,
        start_time=run.start_time or (state.timestamp if starts else None),
        end_time=state.timestamp if state.type.is_final else None,
    )
