"""Backtest: what automations would have fired on events of the past, when, and with which parameters. Never acts.

The engine is the one of production; only the clock is virtual. It stands at the moment at which the present event was
received, and never goes back. Between two events time passes: windows that end meanwhile are closed at their end, in
order, and events that wait for one that never comes are let go. Memory is flat: what is kept are live windows, the
events that wait, and 16 bytes for each event seen.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any, TypeAlias

from whenflow.actions.inference import target_of
from whenflow.actions.lifecycle import automation_triggered
from whenflow.actions.parameters import Scope, render_parameters
from whenflow.automations.compiled import Watch
from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.firing import Firing, firing_of
from whenflow.automations.model import Automation
from whenflow.automations.ordering import PATIENCE, Order, Outcome, receive, release_lost
from whenflow.automations.seen import SeenIds
from whenflow.automations.state import Key, Slot, State
from whenflow.automations.windows import LOOK_BACK
from whenflow.events import Event, iso, named_id
from whenflow.templating import TemplateError

Place: TypeAlias = tuple[str, Key]
SWEEP = timedelta(minutes=1)
LAG = timedelta(hours=1)
SLOTS_BEFORE_CLEANING = 10_000
NAMES_COUNTED = 50_000
BARE = Scope()
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """A flow run that a firing would have started.

    Attributes:
        action: The place of the action among those of the automation.
        deployment_id: None where it is inferred, and the event is about none.
        parameters: As rendered; None where there would be no run.
        error: Why there would be none.
    """

    action: int
    deployment_id: str | None
    parameters: Mapping[str, Any] | None
    error: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        shown: dict[str, Any] = {"action": self.action, "deployment_id": self.deployment_id}
        return shown | ({"error": self.error} if self.error else {"parameters": self.parameters})


@dataclass(frozen=True, slots=True)
class WouldFire:
    """A firing that there would have been; `firing.triggered` is the wall clock at which it would have been found."""

    firing: Firing
    runs: tuple[PlannedRun, ...]

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        firing = self.firing
        event = firing.event
        return {
            "id": firing.id,
            "automation": {"id": firing.automation_id, "name": firing.automation_name},
            "trigger": firing.trigger_id,
            "time": iso(firing.time),
            "triggered": iso(firing.triggered),
            "labels": dict(firing.labels),
            "event": event
            and {
                "id": event.id,
                "event": event.event,
                "occurred": iso(event.occurred),
                "resource": event.resource_id,
            },
            "children": list(firing.children),
            "runs": [run.as_document() for run in self.runs],
        }


@dataclass(slots=True)
class Closeness:
    """How close the events came to an event trigger.

    Attributes:
        matched: Events with a name and a resource that fit; counted as long as no event passed all conditions.
        looked: Events that it looked at.
        most: The most events counted in one window.
        fired: How often it was met itself; the composites around it are another matter.
        closed: Windows that time closed.
    """

    watch: Watch
    matched: int = 0
    looked: int = 0
    most: int = 0
    fired: int = 0
    closed: int = 0


@dataclass(slots=True)
class Tally:
    """What was seen on the way.

    Attributes:
        events: Events that were played.
        first: The earliest `occurred`; `last` the latest.
        ignored: Log events, which nothing ever looks at.
        waited: Events that were held back for the one they follow.
        lost: Those of them that were let go without it.
        left_out: Events that were received after the end.
        backwards: Events that were received before the one before them.
        lagging: Events that were received more than an hour after they occurred.
        names: How many events there were of each name.
        closeness: By trigger.
    """

    events: int = 0
    first: datetime | None = None
    last: datetime | None = None
    duplicates: int = 0
    ignored: int = 0
    waited: int = 0
    lost: int = 0
    left_out: int = 0
    backwards: int = 0
    lagging: int = 0
    firings: int = 0
    names: dict[str, int] = field(default_factory=dict)
    closeness: dict[str, Closeness] = field(default_factory=dict)

    def named(self, watch: Watch) -> int:
        """Return how many events had a name that a trigger looks at."""
        return sum(count for name, count in self.names.items() if watch.names(name))


class Backtest:
    """Plays events to automations, as if all of them were switched on.

    Attributes:
        engine: With the automations.
        state: What the engine remembers after the events so far; `order` likewise.
        now: What the virtual clock shows.
        tally: What was seen so far.
    """

    def __init__(
        self,
        automations: Iterable[Automation],
        *,
        start: datetime | None = None,
        until: datetime | None = None,
        may_wait: bool = True,
        scope: Scope = BARE,
    ) -> None:
        """Prepare.

        Args:
            automations: Those to try.
            start: When their standing windows begin; by default when the first event was received.
            until: How far time goes on after the last event; what was received later is left out.
            may_wait: Whether an event waits for the one it follows; not where the events are a selection of all.
            scope: What the templates of actions may look up.
        """
        self.engine = Engine(one if one.enabled else one.model_copy(update={"enabled": True}) for one in automations)
        self.state = State()
        self.order = Order(processed=SeenIds())
        self.now = LONG_AGO
        self.tally = Tally()
        self._start = start
        self._until = until
        self._may_wait = may_wait
        self._scope = scope
        self._due: list[tuple[datetime, tuple[int, int], Key, Watch]] = []
        self._scheduled: dict[Place, datetime] = {}
        self._next_sweep: datetime | None = None
        self._clean_at = SLOTS_BEFORE_CLEANING
        self._found: list[AutomationFired] = []
        self._unmet: dict[str, list[Closeness]] = {}
        for watch in self._watches():
            self.tally.closeness[watch.id] = Closeness(watch)

    def play(self, events: Iterable[Event]) -> Iterator[WouldFire]:
        """Play events in the order in which they come, then let time go on to the end; yield what would fire."""
        for event in events:
            self.take(event)
            if self._found:
                yield from self._would_fire()
        self.pass_time(self._until or self.now)
        yield from self._would_fire()

    def take(self, event: Event) -> None:
        """Let time pass until an event was received, and take it in."""
        received = event.received
        if self._until is not None and received > self._until:
            self.tally.left_out += 1
            return
        if received > self.now:
            self.pass_time(received)
        elif received < self.now:
            self.tally.backwards += 1
        self._count(event)
        outcome = receive(self.order, event, self.now, self._process, may_wait=self._may_wait)
        if outcome is Outcome.PROCESSED:
            return
        if outcome is Outcome.WAITING:
            self.tally.waited += 1
            lost_at = max(received + PATIENCE, self.now)
            self._next_sweep = min(self._next_sweep or lost_at, lost_at)
        elif outcome is Outcome.DUPLICATE:
            self.tally.duplicates += 1
        else:
            self.tally.ignored += 1

    def pass_time(self, moment: datetime) -> None:
        """Let time pass: close what ends, let go what has waited long enough, each in its turn."""
        if self.now is LONG_AGO:
            self._begin(self._start or moment)
        due = self._due
        while True:
            # the event clock never runs ahead: what ends later cannot be due
            ends = due[0][0] - self.order.offset if due and due[0][0] <= moment else None
            sweeps = self._next_sweep
            if ends is not None and ends <= moment and (sweeps is None or ends <= sweeps):
                self._close_next(ends)
            elif sweeps is not None and sweeps <= moment:
                self._let_go(sweeps)
            else:
                break
        self.now = max(self.now, moment)

    def _begin(self, moment: datetime) -> None:
        self.now = moment
        for automation in self.engine.automations():
            self.engine.stand_up(automation.id, self.state, moment)
        for watch in self._watches():
            if watch.is_standing:
                self._schedule(watch, (watch.id, ()), self.state.slots[watch.id, ()])
        self.state.touched.clear()

    def _watches(self) -> Iterator[Watch]:
        for automation in self.engine.automations():
            compiled = self.engine.compiled(automation.id)
            yield from compiled.watches if compiled else ()

    def _process(self, event: Event) -> None:
        state = self.state
        for watch in self.engine.watching(event):
            fired = self.engine.take_in(watch, state, event, self.now)
            place = state.touched.pop()
            slot = state.slots.get(place)
            self._note(watch, slot, fired)
            if slot is not None and slot.window is not None:
                if watch.is_proactive:
                    self._schedule(watch, place, slot)
                else:
                    slot.window.last_event = None  # never told of: what closes the window is what fires
            if fired:
                self._found += fired
        if len(state.slots) > self._clean_at:
            self._clean()

    def _schedule(self, watch: Watch, place: Place, slot: Slot) -> None:
        """See to it that a window is looked at when it ends, if not before; whoever looks too early asks again."""
        if slot.window is None:
            return
        end = slot.window.end
        asked = self._scheduled.get(place)
        if asked is None or end < asked:
            self._scheduled[place] = end
            heappush(self._due, (end, watch.position, place[1], watch))

    def _close_next(self, now: datetime) -> None:
        end, _, key, watch = heappop(self._due)
        place = (watch.id, key)
        if self._scheduled.get(place) != end:
            return
        del self._scheduled[place]
        slot = self.state.slots.get(place)
        if slot is None or slot.window is None:
            return
        if slot.window.end <= end:
            self.now = max(self.now, now)
            self._found += self.engine.close_window(watch, key, self.state, end, self.now)
            self.tally.closeness[watch.id].closed += 1
            self.state.touched.clear()
            self.state.touched_children.clear()
        self._schedule(watch, place, slot)

    def _let_go(self, now: datetime) -> None:
        self.now = max(self.now, now)
        self.tally.lost += len(release_lost(self.order, self.now, self._process))
        waiting = [event.received + PATIENCE for event in self.order.waiting.values()]
        self._next_sweep = max(min(waiting), self.now + SWEEP) if waiting else None

    def _clean(self) -> None:
        """Delete Reactive windows that cannot matter any more."""
        slots = self.state.slots
        if self.order.clock is not None:
            over = self.order.clock - LOOK_BACK
            for place in [place for place, slot in slots.items() if self._is_past(place[0], slot, over)]:
                del slots[place]
        self._clean_at = max(SLOTS_BEFORE_CLEANING, 2 * len(slots))

    def _is_past(self, trigger_id: str, slot: Slot, over: datetime) -> bool:
        watch = self.engine.watch(trigger_id)
        if watch is None or watch.is_proactive or not watch.has_deadline:
            return False
        end = slot.window.end if slot.window else slot.last_end
        return end is not None and end <= over

    def _count(self, event: Event) -> None:
        tally, name, occurred = self.tally, event.event, event.occurred
        tally.events += 1
        if tally.first is None or occurred < tally.first:
            tally.first = occurred
        if tally.last is None or occurred > tally.last:
            tally.last = occurred
        if event.received is not occurred and event.received - occurred > LAG:
            tally.lagging += 1
        names = tally.names
        if name in names:
            names[name] += 1
        elif len(names) < NAMES_COUNTED:
            names[name] = 1
        for unmet in self._unmet_by(name):
            unmet.matched += unmet.watch.match.satisfied_by(event.resource)

    def _unmet_by(self, name: str) -> list[Closeness]:
        """Return the triggers that look at this name, and have not looked at any event yet."""
        unmet = self._unmet.get(name)
        if unmet is None:
            if len(self._unmet) > NAMES_COUNTED:
                self._unmet.clear()
            unmet = [one for one in self.tally.closeness.values() if not one.looked and one.watch.names(name)]
            self._unmet[name] = unmet
        return unmet

    def _note(self, watch: Watch, slot: Slot | None, fired: list[AutomationFired]) -> None:
        closeness = self.tally.closeness[watch.id]
        if not closeness.looked:
            self._unmet.clear()
        closeness.looked += 1
        if fired or self.state.touched_children:
            self.state.touched_children.clear()
            closeness.fired += 1
        elif slot is not None and slot.window is not None and slot.window.count > closeness.most:
            closeness.most = slot.window.count

    def _would_fire(self) -> Iterator[WouldFire]:
        found, self._found = self._found, []
        for one in found:
            self.tally.firings += 1
            yield would_fire(one, self._scope)


def would_fire(one: AutomationFired, scope: Scope = BARE) -> WouldFire:
    """Return what the engine found as a firing, with the runs that it would have started."""
    firing = firing_of(one, lambda _id: None)
    return WouldFire(firing, tuple(_planned_runs(firing, scope.knowing(one.automation))))


def _planned_runs(firing: Firing, scope: Scope) -> Iterator[PlannedRun]:
    for index, action in enumerate(firing.actions):
        if action["type"] == "run-deployment":
            event = firing.event if firing.is_on_event(index) else automation_triggered(firing, _Named())
            yield _planned_run(index, action, firing, event, scope)


def _planned_run(
    index: int, action: Mapping[str, Any], firing: Firing, event: Event | None, scope: Scope
) -> PlannedRun:
    target = target_of(action, event, firing.labels)
    if target.id is None:
        return PlannedRun(index, None, None, target.reason)
    try:
        parameters = render_parameters(action.get("parameters") or {}, scope.context_of(firing, event))
    except TemplateError as error:
        return PlannedRun(index, target.id, None, str(error))
    return PlannedRun(index, target.id, parameters)


class _Named:
    """Ids of events that are stored nowhere."""

    def event_id_for(self, occurred: datetime, resource_id: str, *parts: str) -> str:
        return named_id(iso(occurred), resource_id, *parts)
