"""States of flow runs as pages show them: always by name, and in a colour as well."""

from dataclasses import dataclass
from datetime import datetime

from whenflow.runs import FlowRun, State, StateType
from whenflow.ui.text import Moment, between, cut, moment, span


@dataclass(frozen=True, slots=True)
class Badge:
    """A state's name, and the word that its colour goes by."""

    name: str
    tone: str


@dataclass(frozen=True, slots=True)
class Step:
    """One state on a run's way.

    Attributes:
        after: How long after the state before it; nothing for the first.
    """

    event_id: str
    badge: Badge
    at: Moment
    after: str
    message: str


def tone_of(state_type: str) -> str:
    """Return the colour word of a type of state, or nothing where there is no such type."""
    return state_type.lower() if state_type in StateType.__members__ else ""


def badge(state: State) -> Badge:
    """Return the badge of a state."""
    return Badge(cut(state.name), tone_of(str(state.type)))


def steps_of(run: FlowRun, now: datetime) -> list[Step]:
    """Return the states of a run, oldest first."""
    steps = []
    before: State | None = None
    for state in run.states:
        after = between(before.timestamp, state.timestamp) if before else ""
        steps.append(Step(state.id, badge(state), moment(state.timestamp, now), after, state.message or ""))
        before = state
    return steps


def duration_of(run: FlowRun, now: datetime) -> str:
    """Return how long a run took, or has been running; nothing where it has not started."""
    if run.start_time is None:
        return ""
    return span(max(0.0, ((run.end_time or now) - run.start_time).total_seconds()))
