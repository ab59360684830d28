"""When the code of flow runs is started, and that no run is forgotten.

A run that waits for a time, whatever its state's name, is found by that time until it leaves the state. A sweep each
minute asks for a ring for each run that is due in the next two, and for whatever is overdue: a down time or a lost ring
costs no more than the wait for the next sweep. A run that is due sooner is asked for when it is stored. A ring that
comes too early, late, twice, or for a run that was cancelled or has moved on does no harm: what counts is the run.

A run that was started at once waits in no index, since that costs. The sweep finds it twenty minutes after it was made,
and puts it on the watch if it has not ended by then (`overdue`).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from whenflow.errors import NotFound, Rejected, Transient
from whenflow.events.times import iso
from whenflow.ports import Clock, Ids, Launcher, ProgressStore, RunStore, TimerQueue
from whenflow.runs.bookkeeping import LOOK_AFTER
from whenflow.runs.ledger import AHEAD, WAKE, RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.overdue import is_to_be_asked, overdue
from whenflow.runs.slots import Limit
from whenflow.runs.states import LATE, SCHEDULED, StateDetails, StateType
from whenflow.runs.track import ENDED, Tracker
from whenflow.runs.transitions import Refused

__all__ = ["AHEAD", "LATE_AFTER", "RunSchedule"]
LATE_AFTER = timedelta(seconds=15)
WORKED_ON = frozenset({StateType.PENDING, StateType.RUNNING, StateType.CANCELLING})
FURTHEST_BACK = timedelta(days=1)
EARLY = timedelta(seconds=5)
"""How far clocks may be apart: a ring that is earlier than that is for a time that is no longer the run's."""


class LaunchRules(Protocol):
    """What deployments and work pools say of runs that are about to start."""

    def is_held(self, run: FlowRun) -> bool:
        """Tell whether a run is to wait, since its work pool is paused."""
        ...

    def limits_of(self, run: FlowRun) -> Sequence[Limit]:
        """Return how many runs of a run's deployment and work pool may work at once, where there are limits."""
        ...

    def is_wanted(self, run: FlowRun) -> bool:
        """Tell of a run that a schedule made whether the schedule still wants it."""
        ...


class EveryRunMayStart:
    """Says nothing against any run."""

    def is_held(self, run: FlowRun) -> bool:  # noqa: ARG002
        """Hold none."""
        return False

    def limits_of(self, run: FlowRun) -> Sequence[Limit]:  # noqa: ARG002
        """Limit none."""
        return ()

    def is_wanted(self, run: FlowRun) -> bool:  # noqa: ARG002
        """Want each."""
        return True


class RunSchedule:
    """Starts the code of runs in time, and looks after them. Every call may be repeated."""

    def __init__(
        self,
        ledger: RunLedger,
        runs: RunStore,
        launcher: Launcher,
        timers: TimerQueue,
        clock: Clock,
        ids: Ids,
        deployments: LaunchRules | None = None,
        progress: ProgressStore | None = None,
    ) -> None:
        """Work on these stores, with this launcher, queue and clock; `ids` tell rings apart.

        Args:
            ledger: Changes runs.
            runs: Where they are.
            launcher: Starts their code.
            timers: Rings.
            clock: Tells the time.
            ids: Makes ids.
            deployments: What deployments say of their runs; without it, every run may start.
            progress: Remembers until when runs were looked after; without it, the last day is looked through.
        """
        self._ledger = ledger
        self._tracker = Tracker(ledger)
        self._runs = runs
        self._launcher = launcher
        self._timers = timers
        self._clock = clock
        self._ids = ids
        self._deployments = deployments or EveryRunMayStart()
        self._progress = progress

    def start(self, run_id: str, starter: str | None = None, known: FlowRun | None = None) -> FlowRun | Refused:
        """Make a run Pending and start its code, or say why not.

        Args:
            run_id: Its id.
            starter: Who starts it. The same one again starts it again, as he may have died before; another is refused.
            known: The run as it was a moment ago, which saves two reads if it still is.

        Raises:
            NotFound: There is no such run.
            Rejected: Its target refuses for good. The run is Crashed, for that reason.
            Transient: Try again.
        """
        run = known or self._ledger.get(run_id)
        limits = self._deployments.limits_of(run) if run.limited or starter else ()  # who made it knew of no limit
        reserved = self._ledger.reserve(run_id, starter, limits, known)
        if isinstance(reserved, Refused):
            return reserved
        if reserved.state.type != StateType.PENDING:
            return Refused(reserved.state.message or f"The flow run is {reserved.state.name}.")
        try:
            self._launcher.launch(reserved)
        except Rejected as error:
            ended = self._ledger.move(run_id, StateType.CRASHED, message=error.reason)
            present = self._ledger.get(run_id) if isinstance(ended, Refused) else ended
            if present.state.type == StateType.CANCELLED:  # meanwhile: asked again, it is told in the same way
                return Refused("The flow run was cancelled before its code was started.")
            raise
        return reserved

    def ask_soon(self, run: FlowRun) -> None:
        """Ask for the ring of a run that is due before the next sweep would."""
        if run.watch and run.watch <= self._clock.now() + AHEAD:
            self._ask(run.id, run.watch)

    def sweep(self) -> int:
        """Ask for the rings of the next two minutes, and of all that is overdue; return how many."""
        now, count = self._clock.now(), 0
        for due in self._runs.due(now + AHEAD):
            self._ask(due.run_id, max(due.at, now))
            count += 1
        self._look_after_the_forgotten(now)
        return count

    def ring(self, run_id: str, ring: str) -> FlowRun | Refused:
        """Start a run whose time has come, see to one that does not move on, or say why nothing is done.

        Args:
            run_id: Its id.
            ring: The id of the ring: delivered again, it finishes what it began.

        Raises:
            Transient: Try again.
        """
        try:
            run = self._ledger.get(run_id)
            if run.state.type == StateType.SCHEDULED or run.state.details.transition_id == ring:
                return self._start_in_time(run, ring)
            return self._see_to(run)
        except (NotFound, Rejected) as error:
            return Refused(str(error))

    def _start_in_time(self, run: FlowRun, ring: str) -> FlowRun | Refused:
        if run.due is None and run.state.type == StateType.SCHEDULED:
            return Refused("The flow run is started by the action that made it.")
        if run.auto_scheduled and run.state.type == StateType.SCHEDULED and not self._deployments.is_wanted(run):
            self._ledger.delete(run.id)
            return Refused("No schedule wants this flow run any more.")
        now = self._clock.now()
        if run.due and run.due > now and not ring.startswith(WAKE):
            if run.due <= now + EARLY:
                self._ask(run.id, run.due)
            return Refused(f"The flow run is scheduled for {iso(run.due)}.")
        self._note_late(run, now)
        if not run.is_ours:
            return Refused("A process of the user's own fetches this flow run.")
        if self._deployments.is_held(run):
            return Refused(f"The work pool '{run.work_pool_name}' is paused.")
        return self.start(run.id, ring)

    def _note_late(self, run: FlowRun, now: datetime) -> None:
        if run.due and run.state.name == SCHEDULED and now - run.due > LATE_AFTER:
            self._ledger.move(run.id, StateType.SCHEDULED, LATE, details=StateDetails(scheduled_time=run.due))

    def _see_to(self, run: FlowRun) -> FlowRun | Refused:
        now = self._clock.now()
        if run.state.type == StateType.CANCELLING and self._launcher.stop(run):
            return self._ledger.move(run.id, StateType.CANCELLED, message="The execution was stopped.")
        found = overdue(run, now)
        if is_to_be_asked(run, found, now) and (news := self._launcher.news(run)):
            outcome = self._tracker.execution_changed({"detail": news})
            if news["status"] in ENDED:
                return outcome
            if isinstance(outcome, FlowRun):
                run, found = outcome, overdue(outcome, now)
        if found is None or isinstance(found, datetime):
            return self._watch(run, found)
        if found.stop:
            self._launcher.stop(run)
        return self._ledger.move(run.id, found.type, found.name, found.message)

    def _watch(self, run: FlowRun, at: datetime | None) -> FlowRun | Refused:
        if run.watch != at:
            state = run.state.id
            self._ledger.adjust(run.id, lambda one: replace(one, watch=at) if one.state.id == state else one)
        return Refused(f"The flow run is {run.state.name}, and may be.")

    def _look_after_the_forgotten(self, now: datetime) -> None:
        """Put runs on the watch that were started at once twenty minutes ago and have not ended."""
        until = now - LOOK_AFTER
        last = self._progress.looked_after() if self._progress else None
        since = max(last, until - FURTHEST_BACK) if last else until - FURTHEST_BACK
        for run in self._runs.get_all(self._runs.created_between(since, until)):
            if run.watch is None and run.is_looked_after and run.state.type in WORKED_ON:
                self._see_to_or_ring(run, now)
        if self._progress:
            self._progress.note_looked_after(until)

    def _see_to_or_ring(self, run: FlowRun, now: datetime) -> None:
        """See to a run; one whose target cannot be asked now gets a ring, so that it holds no other up."""
        try:
            self._see_to(run)
        except Transient:
            self._watch(run, now)

    def _ask(self, run_id: str, at: datetime) -> None:
        self._timers.launch_at(run_id, at, self._ids.new())
