"""What is done about runs that were started and do not move on (`whenflow.runs.overdue` says what becomes of which).

A run that was started at once waits in no index, since that costs. The sweep finds it twelve minutes after it was made,
and puts it on the watch if it has not ended by then. From there on each look says when the next one is.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from whenflow.errors import Rejected, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event, iso, named_id
from whenflow.ports import Clock, EventStore, Launcher, ProgressStore, RunStore
from whenflow.runs.events import related_to
from whenflow.runs.heartbeats import FIRST_LOOK, Heartbeats, pulse_of
from whenflow.runs.ledger import RunLedger
from whenflow.runs.model import FlowRun
from whenflow.runs.overdue import End, given_up, is_to_be_asked, overdue
from whenflow.runs.slots import Limit
from whenflow.runs.states import StateType
from whenflow.runs.track import ENDED, Tracker
from whenflow.runs.transitions import Refused

WORKED_ON = frozenset({StateType.PENDING, StateType.RUNNING, StateType.CANCELLING})
FURTHEST_BACK = timedelta(days=1)
UNKNOWN = 3
"""How many answers in a row have to say that there is no execution of a run that ran."""
ASKED_AGAIN = timedelta(minutes=10)
"""How long after such an answer the next one is asked for: what was begun just now may not be known everywhere yet."""
NO_EXECUTION = "Step Functions knows no execution of it: it was over so long ago that it is forgotten, or never was."
UNSEEN = "whenflow.flow-run.unseen"
"""The event that tells once that nobody can ask how a run is."""
logger = logging.getLogger("whenflow.runs")


class SlotRules(Protocol):
    """What deployments say of slots."""

    def limits_of(self, run: FlowRun) -> Sequence[Limit]:
        """Return how many runs of a run's deployment and work pool may work at once, where there are limits."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the runs themselves.

    Attributes:
        progress: Remembers until when runs were looked after; without it, the last day is looked through.
        events: Where heartbeats are, and where it is told that a run cannot be followed; without it, neither is.
        unseen: How long a run may be Running where nobody can ask about it; None for as long as it is.
    """

    progress: ProgressStore | None = None
    events: EventStore | None = None
    unseen: timedelta | None = None


NOTHING_KNOWN = Known()


class LookingAfter:
    """Sees to runs. Every call may be repeated."""

    def __init__(
        self,
        ledger: RunLedger,
        runs: RunStore,
        launcher: Launcher,
        clock: Clock,
        rules: SlotRules,
        known: Known,
    ) -> None:
        """Work on these; what they are, `RunSchedule` says."""
        self._ledger = ledger
        self._tracker = Tracker(ledger)
        self._runs = runs
        self._launcher = launcher
        self._clock = clock
        self._rules = rules
        self._progress, self._events, self._unseen = known.progress, known.events, known.unseen
        self._heartbeats = Heartbeats(known.events) if known.events else None

    def see_to(self, run: FlowRun) -> FlowRun | Refused:
        """End a run that is over, or say when to look again.

        Args:
            run: Of any state but SCHEDULED.

        Raises:
            NotFound: There is no such run any more.
            Transient: Try again.
        """
        now = self._clock.now()
        if run.state.type == StateType.CANCELLING and self._launcher.stop(run):
            return self._ledger.move_from(run, StateType.CANCELLED, None, "The execution was stopped.")
        if run.state.type == StateType.PENDING and run.has_slot and run.limited:
            return self._pending_with_slot(run, now)
        return self._as_found(run, now)

    def sweep(self, now: datetime) -> None:
        """Put runs on the watch that were started at once and have not ended."""
        until = now - FIRST_LOOK
        last = self._progress.looked_after() if self._progress else None
        since = max(last, until - FURTHEST_BACK) if last else until - FURTHEST_BACK
        for run in self._runs.get_all(self._runs.created_between(since, until)):
            if run.watch is None and run.state.type in WORKED_ON and (run.is_looked_after or pulse_of(run)):
                self._see_to_or_ring(run, now)
        if self._progress:
            self._progress.note_looked_after(until)

    def _see_to_or_ring(self, run: FlowRun, now: datetime) -> None:
        """See to a run; one whose target cannot be asked now gets a ring, so that it holds no other up."""
        try:
            self.see_to(run)
        except Transient:
            self._watch(run, now)

    def _pending_with_slot(self, run: FlowRun, now: datetime) -> FlowRun | Refused:
        """Let a run keep its slot for as long as its deployment says, though its code has not begun."""
        grace = next((limit.grace for limit in self._rules.limits_of(run) if limit.grace), None)
        if grace is None:
            return self._as_found(run, now)
        until = run.state.timestamp + grace
        if until > now:
            return self._as_found(run, now, until)
        logger.warning("flow run %s gives its slot back: it has been Pending since %s", run.id, run.state.timestamp)
        return self._as_found(self._ledger.give_slot_back(run), now)

    def _as_found(self, run: FlowRun, now: datetime, until: datetime | None = None) -> FlowRun | Refused:
        """Do what is found of a run; look again by then at the latest."""
        heard = self._heartbeats.last(run, now) if self._heartbeats else None
        found = overdue(run, now, heard, self._unseen)
        if is_to_be_asked(run, found, now):
            return self._ask(run, found, now)
        if until and not isinstance(found, End):
            found = min(found or until, until)
        return self._done(run, found, run.unknown)

    def _ask(self, run: FlowRun, found: End | datetime | None, now: datetime) -> FlowRun | Refused:
        """Ask Step Functions how the execution of a run is, and do what comes of it."""
        try:
            news = self._launcher.news(run)
        except Rejected as error:
            return self._unseen_by(run, found, now, error.reason)
        if news is None:
            return self._unknown(run, found, now)
        outcome = self._tracker.execution_changed({"detail": news})
        if news["status"] in ENDED:
            return outcome
        if isinstance(outcome, FlowRun):
            run, found = outcome, overdue(outcome, now)
        return self._done(run, found)

    def _unknown(self, run: FlowRun, found: End | datetime | None, now: datetime) -> FlowRun | Refused:
        """There is none: a run that ran is gone if that is said again and again, one that did not may yet begin."""
        if isinstance(found, End) or run.state.type != StateType.RUNNING:
            return self._done(run, found)
        if run.unknown + 1 >= UNKNOWN:
            return self._done(run, End(StateType.CRASHED, None, NO_EXECUTION))
        return self._watch(run, now + ASKED_AGAIN, run.unknown + 1)

    def _unseen_by(self, run: FlowRun, found: End | datetime | None, now: datetime, why: str) -> FlowRun | Refused:
        """Nobody may ask about the execution: that is told once, and the run ends at last."""
        if isinstance(found, End):
            return self._done(run, found)
        end = given_up(run, now, self._unseen, why)
        if not isinstance(end, End):
            self._tell_unseen(run, end, now, why)
        earliest = min((one for one in (found, end) if isinstance(one, datetime)), default=None)
        return self._done(run, end if isinstance(end, End) else earliest)

    def _tell_unseen(self, run: FlowRun, end: datetime | None, now: datetime, why: str) -> None:
        if self._events is None:
            return
        event = Event(
            id=named_id("unseen", run.id, str(run.attempt)),
            occurred=now,
            event=UNSEEN,
            resource={RESOURCE_ID: run.resource_id, RESOURCE_NAME: run.name},
            related=tuple(related_to(run)),
            payload={"reason": why, "ends": iso(end) if end else None},
            received=now,
        )
        if self._events.put(event):
            logger.warning("Flow run %s goes on unasked: %s", run.id, why)

    def _done(self, run: FlowRun, found: End | datetime | None, unknown: int = 0) -> FlowRun | Refused:
        if not isinstance(found, End):
            return self._watch(run, found, unknown)
        if found.stop:
            self._launcher.stop(run)
        return self._ledger.move_from(run, found.type, found.name, found.message)

    def _watch(self, run: FlowRun, at: datetime | None, unknown: int = 0) -> FlowRun | Refused:
        state = run.state.id
        if (run.watch, run.unknown) != (at, unknown):
            self._ledger.adjust(
                run.id, lambda one: replace(one, watch=at, unknown=unknown) if one.state.id == state else one
            )
        return Refused(f"The flow run is {run.state.name}, and may be.")
