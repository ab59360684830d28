"""Which state may follow which. Decisions are values: a new run, or a refusal with its reason."""

from dataclasses import dataclass, replace

from whenflow.runs.model import FlowRun
from whenflow.runs.states import State, StateType

BEFORE_RUNNING = frozenset({StateType.SCHEDULED, StateType.PENDING})
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
    """Put a run into its next state, if that state may follow the present one."""
    present = run.state.type
    if present.is_final:
        return Refused(f"The flow run has already ended: it is {run.state.name}.")
    if state.type not in ALLOWED.get(present, frozenset()):
        return Refused(f"A flow run that is {run.state.name} cannot become {state.name}.")
    return _moved(run, state)


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
    return replace(
        run,
        states=(*run.states, state),
        run_count=run.run_count + starts,
        start_time=run.start_time or (state.timestamp if starts else None),
        end_time=state.timestamp if state.type.is_final else None,
    )
