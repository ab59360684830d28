"""When the code of flow runs is started, and that no run is forgotten.

A run that waits for a time, whatever its state's name, is found by that time until it leaves the state. A sweep each
minute asks for a ring for each run that is due in the next two, and for whatever is overdue: a down time or a lost ring
costs no more than the wait for the next sweep. A run that is due sooner is asked for when it is stored. A ring that
comes too early, late, twice, or for a run that was cancelled or has moved on does no harm: what counts is the run.

What becomes of runs that were started and do not move on is `whenflow.runs.looking_after`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from whenflow.errors import NotFound, Rejected
from whenflow.events.times import iso
from whenflow.ports import Clock, Ids, Launcher, RunStore, TimerQueue
from whenflow.runs.ledger import AHEAD, WAKE, RunLedger
from whenflow.runs.looking_after import NOTHING_KNOWN, Known, LookingAfter
from whenflow.runs.model import FlowRun
from whenflow.runs.slots import Limit
from whenflow.runs.states import LATE, SCHEDULED, StateDetails, StateType
from whenflow.runs.transitions import Refused

__all__ = ["AHEAD", "LATE_AFTER", "Known", "RunSchedule"]
LATE_AFTER = timedelta(seconds=15)
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
        known: Known = NOTHING_KNOWN,
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
            known: What else is known of those that were started.
        """
        self._ledger = ledger
        self._runs = runs
        self._launcher = launcher
        self._timers = timers
        self._clock = clock
        self._ids = ids
        self._deployments = deployments or EveryRunMayStart()
        self._looking = LookingAfter(ledger, runs, launcher, clock, self._deployments, known)

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
        return self.launch(reserved)

    def launch(self, reserved: FlowRun) -> FlowRun | Refused:
        """Start the code of a run that was made Pending for that, or say why not; it raises what `start` does."""
        run_id = reserved.id
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
        self._looking.sweep(now)
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
            return self._looking.see_to(run)
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

    def _ask(self, run_id: str, at: datetime) -> None:
        self._timers.launch_at(run_id, at, self._ids.new())
