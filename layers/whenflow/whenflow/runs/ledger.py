"""The one way in which flow runs are made and changed: row and event together, over the version that was read."""

from collections.abc import Callable
from dataclasses import replace

from whenflow.errors import Conflict, NotFound, Transient
from whenflow.ports import Clock, Ids, RunStore
from whenflow.runs.events import state_event
from whenflow.runs.model import FLOW_RUN, FlowRun
from whenflow.runs.states import MAX_MESSAGE_CHARS, State, StateDetails, StateType
from whenflow.runs.transitions import Refused, claim, propose, reserve

TRIES = 8
NO_DETAILS = StateDetails()


class RunLedger:
    """Makes flow runs and moves them from state to state. Every call may be repeated."""

    def __init__(self, runs: RunStore, clock: Clock, ids: Ids) -> None:
        """Work on this store, with this clock and these ids."""
        self._runs = runs
        self._clock = clock
        self._ids = ids

    def create(self, run: FlowRun) -> FlowRun:
        """Store a new run and its first event; a run of that id that is there already is returned as it is."""
        if self._runs.create(run, state_event(run)):
            return replace(run, version=1)
        return self.get(run.id)

    def get(self, run_id: str) -> FlowRun:
        """Return a run.

        Raises:
            NotFound: There is no run of this id.
        """
        run = self._runs.get(run_id)
        if run is None:
            raise NotFound(f"There is no flow run {run_id}.")
        return run

    def move(
        self,
        run_id: str,
        type_: StateType,
        name: str | None = None,
        message: str | None = None,
        details: StateDetails = NO_DETAILS,
    ) -> FlowRun | Refused:
        """Put a run into a state, or say why not."""
        return self._change(run_id, lambda: self.new_state(run_id, type_, name, message, details), propose)

    def reserve(self, run_id: str, transition_id: str | None) -> FlowRun | Refused:
        """Make a run Pending for one who is about to start its code; for the same one again, it stays as it is."""
        details = StateDetails(transition_id=transition_id)
        return self._change(run_id, lambda: self.new_state(run_id, StateType.PENDING, details=details), reserve)

    def start(self, run_id: str, launch: str) -> FlowRun | Refused:
        """Claim a run for one launch of its code."""
        return self._change(
            run_id, lambda: self.new_state(run_id, StateType.RUNNING), lambda run, state: claim(run, state, launch)
        )

    def new_state(
        self,
        run_id: str,
        type_: StateType,
        name: str | None = None,
        message: str | None = None,
        details: StateDetails = NO_DETAILS,
    ) -> State:
        """Make a state of this moment for a run."""
        now = self._clock.now()
        return State(
            id=self._ids.event_id(now, FLOW_RUN + run_id),
            type=type_,
            name=name or type_.title(),
            timestamp=now,
            message=message[:MAX_MESSAGE_CHARS] if message else None,
            details=details,
        )

    def _change(
        self, run_id: str, new_state: Callable[[], State], decide: Callable[[FlowRun, State], FlowRun | Refused]
    ) -> FlowRun | Refused:
        for _ in range(TRIES):
            present = self.get(run_id)
            decision = decide(present, new_state())
            if isinstance(decision, Refused) or decision is present:
                return decision
            try:
                self._runs.save(decision, state_event(decision))
            except Conflict:
                continue
            return replace(decision, version=decision.version + 1)
        raise Transient(f"Flow run {run_id} changed under every one of {TRIES} tries.")
