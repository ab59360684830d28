"""Replay: which firings there would be on events of the past, which of them there are, and which are to be made.

The plan comes from the engine, by way of the backtest; nothing is done here. A firing's id follows from automation,
trigger, key and the event that closed it, so a firing that is stored is found as such, and one that is made by two
replays is one. What time closes is never replayed: the absence of something in the past is nobody's news.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from whenflow.automations.backtest import Backtest, PlannedRun
from whenflow.automations.engine import Engine
from whenflow.automations.explaining import reach
from whenflow.automations.firing import Firing
from whenflow.automations.model import Automation
from whenflow.errors import Rejected
from whenflow.events import Event

MAX_EVENTS = 20_000
MAX_FIRINGS = 500
FARTHEST = timedelta(days=1)


class Status(StrEnum):
    """What is to be done about a firing.

    Attributes:
        STORED: Nothing: it happened.
        MISSING: It can be made.
        UNSURE: It can be made, but the automation was at work then and counts events in windows: where these began
            depends on what came before, and a firing much like this one may be stored.
        BY_TIME: Nothing: not an event closed it, but time.
    """

    STORED = "stored"
    MISSING = "missing"
    UNSURE = "unsure"
    BY_TIME = "by-time"


@dataclass(frozen=True, slots=True)
class PlannedFiring:
    """A firing that there would be, with the runs that it would start."""

    firing: Firing
    runs: tuple[PlannedRun, ...]
    status: Status

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        stored = self.firing.as_stored()
        event = self.firing.event
        return {name: stored[name] for name in ("id", "automation_id", "automation_name", "time", "labels")} | {
            "status": str(self.status),
            "event": event and {"id": event.id, "event": event.event, "resource": event.resource_id},
            "runs": [run.as_document() for run in self.runs],
        }


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What there would be in a stretch of event time.

    Attributes:
        firings: In order of time.
        until: How far the plan goes; before the end that was asked for where there is too much for one plan.
        events: How many events were played, those before the stretch included.
    """

    firings: Sequence[PlannedFiring]
    until: datetime
    events: int

    def startable(self, *, unsure: bool = False) -> list[PlannedFiring]:
        """Return the firings that can be made."""
        wanted = {Status.MISSING, Status.UNSURE} if unsure else {Status.MISSING}
        return [one for one in self.firings if one.status in wanted]


def plan_replay(
    automations: Sequence[Automation],
    between: Callable[[datetime, datetime], Iterable[Event]],
    since: datetime,
    until: datetime,
    was_stored: Callable[[str], bool],
) -> ReplayPlan:
    """Plan what automations would fire on the events that occurred in [since, until).

    Args:
        automations: Those to replay; they count as switched on.
        between: Yields the events that occurred in [start, end), oldest first.
        since: From when on.
        until: Until when.
        was_stored: Tells whether a firing of this id is stored.

    Raises:
        Rejected: There are too many events in the stretch before `since` that the automations look back on.
    """
    events, end = _read(between, since - _look_back(automations), since, until)
    player = Backtest(automations, may_wait=False)
    played = player.play(sorted(events, key=lambda event: event.received))
    found = [one for one in played if since <= one.firing.time < end]
    found.sort(key=lambda one: (one.firing.time, one.firing.id))
    if len(found) > MAX_FIRINGS and (cut := found[MAX_FIRINGS].firing.time) > found[0].firing.time:
        found, end = [one for one in found if one.firing.time < cut], cut
    judges = {automation.id: _Judge(automation) for automation in automations}
    planned = [
        PlannedFiring(
            one.firing,
            one.runs,
            Status.STORED if was_stored(one.firing.id) else judges[one.firing.automation_id].status(one.firing),
        )
        for one in found
    ]
    return ReplayPlan(planned, end, len(events))


def to_be_stored(planned: PlannedFiring, now: datetime) -> Firing:
    """Return the firing as it is made now: found today, at its own place in event time."""
    return replace(planned.firing, triggered=now)


class _Judge:
    """Tells what a firing is that is not stored."""

    def __init__(self, automation: Automation) -> None:
        compiled = Engine([automation]).compiled(automation.id)
        watches = compiled.watches if compiled else ()
        self._since = automation.active_since
        self._by_time = any(watch.is_proactive for watch in watches)
        self._remembers_nothing = len(watches) == 1 and all(watch.is_immediate for watch in watches)

    def status(self, firing: Firing) -> Status:
        if firing.event is None or self._by_time:
            return Status.BY_TIME
        if self._remembers_nothing or firing.event.received < self._since:
            return Status.MISSING
        return Status.UNSURE


def _look_back(automations: Sequence[Automation]) -> timedelta:
    """Return how far before the stretch events may matter."""
    far = [reach(automation.trigger) for automation in automations]
    return max((FARTHEST if one is None else min(one, FARTHEST) for one in far), default=timedelta(0))


def _read(
    between: Callable[[datetime, datetime], Iterable[Event]], start: datetime, since: datetime, until: datetime
) -> tuple[list[Event], datetime]:
    """Return the events of a time, or as many as one plan takes, and how far they go."""
    events: list[Event] = []
    for event in between(start, until):
        events.append(event)
        if len(events) > MAX_EVENTS:
            end = event.occurred
            if end <= since:
                raise Rejected(
                    f"There are more than {MAX_EVENTS:,} events in the time before that these automations look back "
                    "on: try them with `whenflow backtest`, or name fewer automations."
                )
            return [one for one in events if one.occurred < end], end
    return events, until
