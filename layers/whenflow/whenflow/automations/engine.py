"""The engine: what an event, or the passing of time, means to the automations.

A function of automations, state, event and time, and of nothing else. The matcher, the timer, the backtest, the
simulator and the explanation all use this one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from whenflow.automations.compiled import Compiled, Watch, compile_automation
from whenflow.automations.composites import child_fired
from whenflow.automations.index import WatchIndex
from whenflow.automations.model import Automation, MetricTrigger
from whenflow.automations.state import Fired, Key, State
from whenflow.automations.windows import close, count_event, is_over, standing_window
from whenflow.events import Event

NEVER_EVALUATED = "prefect.log.write"


@dataclass(frozen=True, slots=True)
class AutomationFired:
    """The outermost trigger of an automation was met, or has resolved.

    Attributes:
        is_resolved: A metric is good again.
        value: What a metric measured.
    """

    automation: Automation
    fired: Fired
    is_resolved: bool = False
    value: float | None = None


class Engine:
    """Automations, indexed. Holds no state of their windows: that is handed in and out."""

    def __init__(self, automations: Iterable[Automation] = ()) -> None:
        """Load automations, in this order."""
        self._compiled: dict[str, Compiled] = {}
        self._watches: dict[str, Watch] = {}
        self._index = WatchIndex()
        self._metrics: dict[str, Automation] = {}
        self._order = 0
        self._proactive = 0
        self.version = 0
        for automation in automations:
            self.put(automation)

    def put(self, automation: Automation) -> None:
        """Load an automation, or replace the one of its id; only its own part of the index is made anew."""
        present = self._compiled.get(automation.id)
        order = present.watches[0].position[0] if present and present.watches else self._next_order()
        self.remove(automation.id)
        self.version += 1
        compiled = compile_automation(automation, order)
        self._compiled[automation.id] = compiled
        if automation.enabled and isinstance(automation.trigger, MetricTrigger):
            self._metrics[automation.id] = automation
        if automation.enabled:
            for watch in compiled.watches:
                self._watches[watch.id] = watch
                self._index.add(watch)
                self._proactive += watch.is_proactive

    def remove(self, automation_id: str) -> set[str]:
        """Unload an automation; return the ids of its triggers."""
        compiled = self._compiled.pop(automation_id, None)
        if compiled is None:
            return set()
        self.version += 1
        self._metrics.pop(automation_id, None)
        for watch in compiled.watches:
            if self._watches.pop(watch.id, None):
                self._index.remove(watch)
                self._proactive -= watch.is_proactive
        return compiled.trigger_ids

    @property
    def has_proactive(self) -> bool:
        """Whether some trigger watches for absence."""
        return self._proactive > 0

    def automation(self, automation_id: str) -> Automation | None:
        """Return an automation that is loaded."""
        compiled = self._compiled.get(automation_id)
        return compiled.automation if compiled else None

    def metric_automations(self) -> list[Automation]:
        """Return the enabled automations that watch a metric."""
        return list(self._metrics.values())

    def compiled(self, automation_id: str) -> Compiled | None:
        """Return an automation that is loaded, with its triggers."""
        return self._compiled.get(automation_id)

    def automations(self) -> list[Automation]:
        """Return all automations that are loaded."""
        return [compiled.automation for compiled in self._compiled.values()]

    def watch(self, trigger_id: str) -> Watch | None:
        """Return an event trigger of an enabled automation."""
        return self._watches.get(trigger_id)

    def watching(self, event: Event) -> list[Watch]:
        """Return the triggers that look at an event, in the order in which they are evaluated."""
        if not event.event or event.event == NEVER_EVALUATED:
            return []
        return [watch for watch in self._index.candidates(event) if watch.is_told_by_index or watch.admits(event)]

    def stand_up(self, automation_id: str, state: State, now: datetime) -> None:
        """Give the standing triggers of an automation that was just switched on their first windows."""
        compiled = self._compiled.get(automation_id)
        if compiled is None or not compiled.automation.enabled:
            return
        for watch in compiled.watches:
            if watch.is_standing and (watch.id, ()) not in state.slots:
                state.slot(watch.id, ()).window = standing_window(watch, now)

    def on_event(self, state: State, event: Event, now: datetime) -> list[AutomationFired]:
        """Let every trigger that looks at an event take it in; return the automations that fire."""
        fired: list[AutomationFired] = []
        for watch in self.watching(event):
            fired += self.take_in(watch, state, event, now)
        return fired

    def take_in(self, watch: Watch, state: State, event: Event, now: datetime) -> list[AutomationFired]:
        """Let one trigger take in an event that it looks at; return the automations that fire."""
        key = watch.key_of(event)
        slot = state.slot(watch.id, key)
        fired = count_event(watch, key, slot, event, now)
        if slot.is_empty:
            del state.slots[watch.id, key]
        return self._rise(watch, fired, state, now) if fired else []

    def on_time(self, state: State, as_of: datetime, now: datetime) -> list[AutomationFired]:
        """Close every Proactive window that has ended by `as_of`; return the automations that fire."""
        due = [
            (slot.window.end, watch.position, key, watch)
            for (trigger_id, key), slot in state.slots.items()
            if (watch := self._watches.get(trigger_id))
            and watch.is_proactive
            and slot.window
            and is_over(watch, slot.window, as_of)
        ]
        fired: list[AutomationFired] = []
        for _, _, key, watch in sorted(due, key=lambda one: one[:3]):
            fired += self.close_window(watch, key, state, as_of, now)
        return fired

    def close_window(
        self, watch: Watch, key: Key, state: State, as_of: datetime, now: datetime
    ) -> list[AutomationFired]:
        """Close the window of one key that has ended by `as_of`; return the automations that fire."""
        slot = state.slot(watch.id, key)
        fired = close(watch, key, slot, as_of, now)
        if slot.is_empty:
            del state.slots[watch.id, key]
        return self._rise(watch, fired, state, now)

    def _rise(self, watch: Watch, fired: list[Fired], state: State, now: datetime) -> list[AutomationFired]:
        """Carry firings up through the composites around the trigger, to the automation."""
        risen: list[AutomationFired] = []
        for one in fired:
            above, parent = one, watch.parent
            while parent is not None:
                met = child_fired(parent, above, state, now)
                if met is None:
                    break
                above, parent = met, parent.parent
            else:
                risen.append(AutomationFired(watch.automation, above))
        return risen

    def _next_order(self) -> int:
        self._order += 1
        return self._order
