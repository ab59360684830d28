"""The matcher and the timer over stores in memory, for tests that let events happen and time pass."""

from collections.abc import Callable, Iterable

from whenflow.automations.engine import Engine
from whenflow.automations.held import Holder
from whenflow.automations.match import Matcher
from whenflow.automations.model import Automation
from whenflow.automations.settle import Record, Settler
from whenflow.automations.timekeeping import Timekeeper
from whenflow.automations.timer import Timer
from whenflow.automations.witnesses import Witnesses
from whenflow.events import Event
from whenflow.ports import Clock
from whenflow.testing.memory import MemoryEventStore, MemoryFiringStore
from whenflow.testing.windows import (
    MemoryHoldStore,
    MemoryProgressStore,
    MemoryTimerQueue,
    MemoryWindowStore,
    NoPauses,
)

LANE = "2026-11-20T12#0"


class MemoryMatching:
    """A matcher and a timer, with their stores.

    Attributes:
        windows: The rows of the engine's state.
        timers: The rings that were asked for.
        holds: The events that are held.
    """

    def __init__(
        self,
        automations: Callable[[], Iterable[Automation]],
        events: MemoryEventStore,
        firings: MemoryFiringStore,
        clock: Clock,
    ) -> None:
        """Match against the automations that `automations` returns at that moment."""
        self._automations = automations
        self._clock = clock
        self._sequence = 0
        self._engine = Engine()
        self._loaded: list[Automation] = []
        self.windows = MemoryWindowStore(firings)
        self.timers = MemoryTimerQueue()
        self.holds = MemoryHoldStore()
        witnesses = Witnesses(events, clock)
        keeper = Timekeeper(self.windows, self.timers, MemoryProgressStore(), witnesses, clock)
        settler = Settler(self.windows, firings, events, NoPauses(), keeper.ask_soon, witnesses.repair)
        self.matcher = Matcher(self, settler, Holder(events, self.holds, clock), keeper, clock)
        self.timer = Timer(self, settler, keeper, self.matcher, clock)

    def engine(self) -> Engine:
        """Return the engine, loaded with the automations of this moment."""
        now = list(self._automations())
        if now != self._loaded:
            self._engine, self._loaded = Engine(now), now
        return self._engine

    def match(self, *events: Event) -> int:
        """Hand events over as the stream would; return how many firings came of them.

        Raises:
            AssertionError: Some could not be applied.
        """
        records = []
        for event in events:
            self._sequence += 1
            records.append(Record(event, LANE, self._sequence))
        report = self.matcher.match(records)
        if report.failed:
            raise AssertionError(f"{len(report.failed)} records could not be applied")
        return report.firings

    def pass_time(self) -> int:
        """Sweep, and answer the rings whose time has come; return how many firings came of them."""
        self.timer.sweep()
        return sum(
            self.timer.ring({"trigger_id": due.key.trigger_id, "sort": due.key.sort})
            for due in self.timers.ringing(self._clock.now())
        )
