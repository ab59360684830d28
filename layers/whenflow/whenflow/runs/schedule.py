"""When the code of flow runs is started: at once, or at the second for which a run is scheduled; lost by nothing.

A run in a state of type SCHEDULED with a scheduled time, whatever the state's name, is found by that time until it
leaves the state. A sweep each minute asks for a ring for each run that is due in the next two, and for whatever is
overdue: a down time or a lost ring costs no more than the wait for the next sweep. A run that is due sooner is asked
for when it is stored. A ring that comes too early, late, twice, or for a run that was cancelled or has moved on does no
harm: what counts is the run.
"""

from datetime import datetime, timedelta

from whenflow.errors import NotFound, Rejected
from whenflow.ports import Clock, Ids, Launcher, RunStore, TimerQueue
from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.states import StateType
from whenflow.runs.transitions import Refused

AHEAD = timedelta(minutes=2)


class RunSchedule:
    """Starts the code of runs in time. Every call may be repeated."""

    def __init__(
        self, ledger: RunLedger, runs: RunStore, launcher: Launcher, timers: TimerQueue, clock: Clock, ids: Ids
    ) -> None:
        """Work on these stores, with this launcher, queue and clock; `ids` tell rings apart."""
        self._ledger = ledger
        self._runs = runs
        self._launcher = launcher
        self._timers = timers
        self._clock = clock
        self._ids = ids

    def start(self, run_id: str, starter: str | None = None) -> FlowRun | Refused:
        """Make a run Pending and start its code, or say why not.

        Args:
            run_id: Its id.
            starter: Who starts it. The same one again starts it again, as he may have died before; another is refused.

        Raises:
            NotFound: There is no such run.
            Rejected: Its target refuses for good. The run is Crashed, for that reason.
            Transient: Try again.
        """
        reserved = self._ledger.reserve(run_id, starter)
        if isinstance(reserved, Refused):
            return reserved
        try:
            self._launcher.launch(reserved)
        except Rejected as error:
            self._ledger.move(run_id, StateType.CRASHED, message=error.reason)
            raise
        return reserved

    def ask_soon(self, run: FlowRun) -> None:
        """Ask for the ring of a run that is due before the next sweep would."""
        if run.due and run.due <= self._clock.now() + AHEAD:
            self._ask(run.id, run.due)

    def sweep(self) -> int:
        """Ask for the rings of the next two minutes, and of all that is overdue; return how many."""
        now, count = self._clock.now(), 0
        for due in self._runs.due(now + AHEAD):
            self._ask(due.run_id, max(due.at, now))
            count += 1
        return count

    def ring(self, run_id: str, ring: str) -> FlowRun | Refused:
        """Start a run whose time has come, or say why not.

        Args:
            run_id: Its id.
            ring: The id of the ring: delivered again, it finishes what it began.

        Raises:
            Transient: Try again.
        """
        try:
            started = self.start(run_id, ring)
            if isinstance(started, Refused):
                self.ask_soon(self._ledger.get(run_id))  # the ring was early, or the run moved on
        except (NotFound, Rejected) as error:
            return Refused(str(error))
        return started

    def _ask(self, run_id: str, at: datetime) -> None:
        self._timers.launch_at(run_id, at, self._ids.new())
