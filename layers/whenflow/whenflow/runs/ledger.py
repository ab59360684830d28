"""The one way in which flow runs are made and changed: row and event together, over the version that was read."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from whenflow.errors import Conflict, NoSlot, NotFound, Transient
from whenflow.ports import Clock, Ids, RunStore, TimerQueue
from whenflow.runs.bookkeeping import moved
from whenflow.runs.events import events_so_far, state_event
from whenflow.runs.model import FLOW_RUN, FlowRun
from whenflow.runs.slots import Limit, given_back, out_of_queues, slot_changes, with_slots, without_slot
from whenflow.runs.states import MAX_MESSAGE_CHARS, State, StateDetails, StateType
from whenflow.runs.transitions import Refused, Status, Verdict, claim, orchestrate, propose, reserve

TRIES = 8
AHEAD = timedelta(minutes=2)
WAKE = "slot-"
"""What the id of a ring begins with that tells of a free slot, and so may come before the run's time."""
NO_DETAILS = StateDetails()
logger = logging.getLogger("whenflow.runs")


class RunLedger:
    """Makes flow runs and moves them from state to state. Every call may be repeated."""

    def __init__(self, runs: RunStore, clock: Clock, ids: Ids, timers: TimerQueue | None = None) -> None:
        """Work on this store, with this clock and these ids.

        Args:
            runs: Where runs are kept.
            clock: Tells the time.
            ids: Makes ids of states.
            timers: Rings for what is due before the timer's next sweep; without it, such a run waits for the sweep.
        """
        self._runs = runs
        self._clock = clock
        self._ids = ids
        self._timers = timers

    def create(self, run: FlowRun) -> FlowRun:
        """Store a new run and the events of its states; a run of that id that is there already is returned as it is."""
        return self.create_once(run)[0]

    def create_once(self, run: FlowRun) -> tuple[FlowRun, bool]:
        """Do the same, and tell whether it was made now."""
        run = replace(run, watch=run.due if run.deployment_id else None)
        if not self._runs.create(run, *events_so_far(run)):
            return self.get(run.id), False
        self.ask_soon(run)
        return replace(run, version=1), True

    def reserved(self, run: FlowRun) -> FlowRun:
        """Return a run that is not stored yet as one that somebody is about to start: Pending, if nothing forbids it.

        Scheduled and Pending are then stored in one transaction; each is a state, and an event, of its own.
        """
        decision = reserve(run, self.new_state(run.id, StateType.PENDING))
        return run if run.limited or isinstance(decision, Refused) else decision

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
        """Put a run into a state, or into the one that the rules put instead, or say why it stays as it is."""
        return self._change(run_id, lambda: self.new_state(run_id, type_, name, message, details), propose)

    def move_from(self, seen: FlowRun, type_: StateType, name: str | None, message: str | None) -> FlowRun | Refused:
        """Put a run into a state, if it is still in the one in which it was seen: a decision about that one."""

        def decide(run: FlowRun, state: State) -> FlowRun | Refused:
            is_as_seen = run.state.id == seen.state.id
            return propose(run, state) if is_as_seen else Refused(f"The flow run has moved on: it is {run.state.name}.")

        return self._change(seen.id, lambda: self.new_state(seen.id, type_, name, message), decide)

    def set_state(
        self,
        run_id: str,
        state: Callable[[], State],
        *,
        force: bool = False,
        limits: Sequence[Limit] = (),
        known: FlowRun | None = None,
    ) -> Verdict:
        """Propose a state for a run (SPEC 6.2).

        Args:
            run_id: Its id.
            state: Makes the state; called again for each try.
            force: Whether to skip the rules.
            limits: How many runs of its deployment and work pool may work at once; one that finds no slot is put
                elsewhere.
            known: The run as it was a moment ago, which saves a read if it still is.

        Raises:
            NotFound: There is no such run.
        """
        verdicts: list[Verdict] = []

        def decide(run: FlowRun, proposed: State) -> FlowRun | Refused:
            verdict = orchestrate(run, proposed, force=force)
            verdicts.append(verdict)
            return verdict.run if verdict.run is not run else Refused(verdict.reason or "")

        outcome = self._change(run_id, state, decide, limits, known)
        verdict = verdicts[-1]
        if isinstance(outcome, Refused):
            return verdict
        if verdict.status == Status.ACCEPT and outcome.state.type != verdict.run.state.type:  # it found no slot
            return Verdict(Status.REJECT, outcome, outcome.state.message, changed=True)
        return replace(verdict, run=outcome, changed=True)

    def reserve(
        self, run_id: str, transition_id: str | None, limits: Sequence[Limit] = (), known: FlowRun | None = None
    ) -> FlowRun | Refused:
        """Make a run Pending for one who is about to start its code; for the same one again, it stays as it is.

        Where its deployment or work pool lets only so many work at once and all slots are taken, it comes back in the
        state in which it waits, or Cancelled. `known` is the run as it was a moment ago, which saves a read if it still
        is.
        """
        details = StateDetails(transition_id=transition_id)
        return self._change(
            run_id, lambda: self.new_state(run_id, StateType.PENDING, details=details), reserve, limits, known
        )

    def start(self, run_id: str, launch: str, beats: float | None = None) -> FlowRun | Refused:
        """Claim a run for one launch of its code; `beats`: how often it shows that it lives, in seconds, if it does."""
        details = StateDetails(heartbeat_seconds=beats)
        return self._change(
            run_id,
            lambda: self.new_state(run_id, StateType.RUNNING, details=details),
            lambda run, state: claim(run, state, launch),
        )

    def give_slot_back(self, seen: FlowRun) -> FlowRun:
        """Give the slots of a run back that is still as it was seen; its state stays. Return the run as it is then.

        Raises:
            NotFound: There is no such run.
        """
        present = self.get(seen.id)
        if not present.has_slot or present.state.id != seen.state.id:
            return present
        without = replace(present, has_slot=False, pool_slot=False)
        try:
            self._runs.save(without, None, slot_changes(present, without))
        except Conflict as error:
            raise Transient(f"Flow run {seen.id} changed meanwhile.") from error
        self._wake(present, without)
        return replace(without, version=without.version + 1)

    def adjust(self, run_id: str, change: Callable[[FlowRun], FlowRun]) -> FlowRun:
        """Change what is no state: name, tags, labels, policy, when the timer looks. No event tells of it.

        Raises:
            NotFound: There is no such run.
        """
        for _ in range(TRIES):
            present = self.get(run_id)
            changed = change(present)
            if changed is present:
                return present
            try:
                self._runs.save(changed, None)
            except Conflict:
                continue
            self.ask_soon(changed)
            return replace(changed, version=changed.version + 1)
        raise Transient(f"Flow run {run_id} changed under every one of {TRIES} tries.")

    def delete(self, run_id: str, by: str | None = None) -> FlowRun:
        """Remove a run and its log; return it as it was. `by` names who asks, for `deleted_by`.

        Raises:
            NotFound: There is no such run.
        """
        for _ in range(TRIES):
            present = self.get(run_id)
            gone = moved(present, self.new_state(run_id, StateType.CANCELLED))
            try:
                self._runs.delete(present, slot_changes(present, gone), by)
            except Conflict:
                continue
            self._wake(present, gone)
            return present
        raise Transient(f"Flow run {run_id} changed under every one of {TRIES} tries.")

    def deleted_by(self, run_id: str, by: str) -> str | None:
        """Return the name of a run that this one removed; None where he did not."""
        return self._runs.deleted_by(run_id, by)

    def new_id(self) -> str:
        """Return an id for a new run."""
        return self._ids.new()

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

    def ask_soon(self, run: FlowRun) -> None:
        """Ask for the ring of a run that the timer is to look after before its next sweep would ask."""
        now = self._clock.now()
        if self._timers and run.watch and run.watch <= now + AHEAD:
            self._ring(run.id, max(run.watch, now), self._ids.new())

    def _ring(self, run_id: str, at: datetime, ring: str) -> None:
        """Ask for a ring; where that fails, the next sweep makes up for it, and what is stored stands."""
        if self._timers is None:
            return
        try:
            self._timers.launch_at(run_id, at, ring)
        except Transient as error:
            logger.warning("flow run %s waits for the next sweep: %s", run_id, error)

    def _change(
        self,
        run_id: str,
        new_state: Callable[[], State],
        decide: Callable[[FlowRun, State], FlowRun | Refused],
        limits: Sequence[Limit] = (),
        known: FlowRun | None = None,
    ) -> FlowRun | Refused:
        for _ in range(TRIES):
            present, state = known or self.get(run_id), new_state()
            decision, is_fresh, known = decide(present, state), known is None, None
            if isinstance(decision, Refused) or decision is present:
                if is_fresh:
                    return decision
                continue  # it may have moved on since it was read
            try:
                changed = self._save(present, decision, state, limits)
            except Conflict:
                continue
            self.ask_soon(changed)
            self._wake(present, changed)
            return replace(changed, version=changed.version + 1)
        raise Transient(f"Flow run {run_id} changed under every one of {TRIES} tries.")

    def _save(self, present: FlowRun, decision: FlowRun, state: State, limits: Sequence[Limit]) -> FlowRun:
        """Store a change with what it does to slots; return what was stored."""
        if limits and decision.state.type == StateType.PENDING:
            full = [limit for limit in limits if limit.slots <= 0]
            if not full:
                granted = with_slots(replace(decision, watch=_watch_within(decision, limits)), limits)
                try:
                    self._runs.save(granted, state_event(granted), slot_changes(present, granted, limits))
                except NoSlot as error:
                    full = [limit for limit in limits if limit.owner in error.owners]
                else:
                    return granted
            decision = without_slot(present, state, full)
        told = state_event(decision) if decision.state.id != present.state.id else None
        try:
            self._runs.save(decision, told, slot_changes(present, decision))
        except NoSlot as error:  # the queue is full
            decision = out_of_queues(decision, error.owners)
            self._runs.save(decision, told, slot_changes(present, decision))
        return decision

    def _wake(self, before: FlowRun, after: FlowRun) -> None:
        """Ring for the run that waits longest for a slot that is free now."""
        for owner in given_back(before, after) if self._timers else ():
            for run_id in self._runs.waiting(owner, 1):
                self._ring(run_id, self._clock.now(), WAKE + self._ids.new())


def _watch_within(run: FlowRun, limits: Sequence[Limit]) -> datetime | None:
    """Return when the timer is to look after a run that has just become Pending with a slot."""
    ends = [run.state.timestamp + limit.grace for limit in limits if limit.grace]
    return min([*ends, run.watch] if run.watch else ends, default=None)
