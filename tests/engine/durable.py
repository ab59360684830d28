"""The durable path in memory: several processes over the same rows, which fail, die and get in each other's way.

What each process applies is written down in the order in which it was committed, so that a test can play the same
order to the pure engine and compare.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from whenflow.automations.compiled import Watch
from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.firing import Firing
from whenflow.automations.held import Holder
from whenflow.automations.match import Matcher, Report
from whenflow.automations.model import Automation
from whenflow.automations.rows import ASIDE, Row, RowKey, content_of, rows_of
from whenflow.automations.settle import Record, Settler
from whenflow.automations.state import Key, State
from whenflow.automations.timekeeping import Timekeeper
from whenflow.automations.timer import Timer
from whenflow.automations.witnesses import Witnesses
from whenflow.errors import Conflict
from whenflow.events import Event
from whenflow.ports import Due
from whenflow.testing import ManualClock, MemoryEventStore, MemoryFiringStore
from whenflow.testing.windows import (
    MemoryHoldStore,
    MemoryProgressStore,
    MemoryTimerQueue,
    MemoryWindowStore,
    NoPauses,
)


class Died(BaseException):
    """The process is gone: nothing that it would have done next is done."""


class Failed(Exception):
    """A call failed; the process lives on."""


@dataclass(frozen=True)
class Step:
    """What a process did to a unit.

    Attributes:
        event: What was counted, or None where time closed a window.
        moment: Of the counting, or as of which the window was closed.
    """

    watch_id: str
    key: Key
    event: Event | None
    moment: datetime


class _ListeningEngine(Engine):
    """Writes down what it was asked, until a commit has decided over it or rows are read anew."""

    def __init__(self, automations: Iterable[Automation]) -> None:
        self.tries: list[Step] = []
        super().__init__(automations)

    def take_in(self, watch: Watch, state: State, event: Event, now: datetime) -> list[AutomationFired]:
        key = watch.key_of(event)
        if rows_of(watch, key):
            self.tries.append(Step(watch.id, key, event, now))
        return super().take_in(watch, state, event, now)

    def close_window(
        self, watch: Watch, key: Key, state: State, as_of: datetime, now: datetime
    ) -> list[AutomationFired]:
        self.tries.append(Step(watch.id, key, None, as_of))
        return super().close_window(watch, key, state, as_of, now)


class _NoWitnesses(Witnesses):
    """Has seen nothing: what the counters say holds."""

    def repair(self, *_: Any) -> bool:
        return False


class _Windows(MemoryWindowStore):
    """The shared rows, as one process sees them."""

    def __init__(self, cloud: "Cloud", engine: _ListeningEngine) -> None:
        super().__init__(cloud.firings)
        self.rows, self.noted = cloud.rows, cloud.noted
        self._cloud, self._engine = cloud, engine

    def load(self, keys: Iterable[RowKey]) -> Mapping[RowKey, Row]:
        self._cloud.loads += 1
        wanted = list(keys)
        if any(key.kind != ASIDE for key in wanted):  # what was put aside is read in the middle of a try
            self._engine.tries.clear()
        return super().load(wanted)

    def commit(self, rows: Sequence[Row], firings: Sequence[Firing]) -> None:
        fault = self._cloud.next_fault()
        try:
            fault(lambda: self._commit(rows, firings))
        finally:
            self._engine.tries.clear()

    def _commit(self, rows: Sequence[Row], firings: Sequence[Firing]) -> None:
        tries = list(self._engine.tries)
        super().commit(rows, firings)
        self._cloud.commits.append(list(rows))
        self._cloud.steps.extend(tries)


Fault = Callable[[Callable[[], None]], None]


def no_fault(commit: Callable[[], None]) -> None:
    """Let a commit do its work."""
    commit()


class Process:
    """One process that matches events and closes windows; it remembers what it has read."""

    def __init__(self, cloud: "Cloud", automations: Iterable[Automation], *, witnesses: bool) -> None:
        self._engine = _ListeningEngine(automations)
        asked = (Witnesses if witnesses else _NoWitnesses)(cloud.events, cloud.clock)
        windows = _Windows(cloud, self._engine)
        timekeeper = Timekeeper(windows, cloud.timers, cloud.progress, asked, cloud.clock)
        settler = Settler(windows, cloud.firings, cloud.events, NoPauses(), timekeeper.ask_soon, asked.repair)
        self.matcher = Matcher(self, settler, Holder(cloud.events, cloud.holds, cloud.clock), timekeeper, cloud.clock)
        self.timer = Timer(self, settler, timekeeper, self.matcher, cloud.clock)

    def engine(self) -> Engine:
        """Return the automations of this moment."""
        return self._engine

    def match(self, *records: Record) -> Report:
        """Take a batch in."""
        return self.matcher.match(records)

    def ring(self, due: Due) -> int:
        """Take a ring in."""
        return self.timer.ring({"trigger_id": due.key.trigger_id, "sort": due.key.sort})

    def ring_held(self, event_id: str, attempt: int = 0) -> int:
        """Take in that it is time to look at an event that is held."""
        return self.timer.ring({"held": event_id, "attempt": attempt})


class Cloud:
    """What processes share.

    Attributes:
        steps: What was done, in the order of the commits.
        commits: The rows of each commit.
        loads: How often rows were read.
        faults: What becomes of the next commits; after the last, all is well.
    """

    def __init__(self, *automations: Automation, witnesses: bool = False) -> None:
        self.automations = list(automations)
        self.clock = ManualClock()
        self.events, self.firings = MemoryEventStore(), MemoryFiringStore()
        self.rows: dict[RowKey, Row] = {}
        self.noted: dict[str, datetime] = {}
        self.timers, self.holds, self.progress = MemoryTimerQueue(), MemoryHoldStore(self.clock), MemoryProgressStore()
        self.steps: list[Step] = []
        self.commits: list[list[Row]] = []
        self.loads = 0
        self.faults: list[Fault] = []
        self._witnesses = witnesses
        self._sequence = 0

    def process(self) -> Process:
        """Start a process."""
        return Process(self, self.automations, witnesses=self._witnesses)

    def next_fault(self) -> Fault:
        """Return what becomes of the next commit."""
        return self.faults.pop(0) if self.faults else no_fault

    def record(self, event: Event, lane: str = "lane") -> Record:
        """Store an event; return it as the stream hands it over."""
        self.events.put(event)
        self._sequence += 1
        return Record(event, lane, self._sequence)

    def go_to(self, moment: datetime) -> None:
        """Move the clock to a moment."""
        self.clock.advance((moment - self.clock.now()).total_seconds())

    def due(self) -> list[Due]:
        """Return the rows whose time has come, in the order in which their windows end."""
        engine = Engine(self.automations)
        now = self.clock.now()
        found = [row for row in self.rows.values() if row.due and row.due <= now]
        return [Due(row.key, row.automation_id, now) for row in sorted(found, key=lambda row: _order(engine, row))]

    def fired(self) -> list[str]:
        """Return the ids of all firings."""
        return sorted(self.firings.stored)


def _order(engine: Engine, row: Row) -> tuple[str, tuple[int, int], Key]:
    watch = engine.watch(row.key.trigger_id)
    window = (row.content or {}).get("window")
    return (window["end"] if window else "", watch.position if watch else (0, 0), row.key.key)


def replayed(cloud: Cloud) -> tuple[list[str], dict[RowKey, Any]]:
    """Play to the pure engine what was committed, in that order; return the firings, and what the rows must hold."""
    engine, state = Engine(cloud.automations), State()
    for automation in cloud.automations:
        engine.stand_up(automation.id, state, automation.created)
    fired: list[str] = []
    for step in cloud.steps:
        watch = engine.watch(step.watch_id)
        assert watch
        if step.event:
            risen = engine.take_in(watch, state, step.event, step.moment)
        else:
            risen = engine.close_window(watch, step.key, state, step.moment, step.moment)
        fired += [one.fired.id for one in risen]
    keep = {watch.id for one in cloud.automations for watch in _watches(engine, one) if watch.is_proactive}
    keys = [key for key in cloud.rows if key.kind != ASIDE]
    return fired, {key: _ranked(content_of(state, key, keep_last_event=key.trigger_id in keep)) for key in keys}


def held(cloud: Cloud) -> dict[RowKey, Any]:
    """Return what the rows hold."""
    return {key: _ranked(row.content) for key, row in cloud.rows.items() if key.kind != ASIDE}


def _watches(engine: Engine, automation: Automation) -> Sequence[Watch]:
    compiled = engine.compiled(automation.id)
    return compiled.watches if compiled else ()


def _ranked(content: Mapping[str, Any] | None) -> Any:
    """Return what a row holds, with the ranks of child firings: the numbers behind them mean nothing else."""
    if content is None or "stored" not in content:
        return content
    ranked = sorted(content["stored"].items(), key=lambda one: one[1][0])
    return [(child, fired["id"], fired["time"]) for child, (_, fired) in ranked]


def conflicting(meanwhile: Callable[[], object]) -> Fault:
    """Do something else between a read and its commit."""

    def fault(commit: Callable[[], None]) -> None:
        meanwhile()
        commit()

    return fault


def fails_before(_commit: Callable[[], None]) -> None:
    """The call fails, and nothing was done."""
    raise Failed


def fails_after(commit: Callable[[], None]) -> None:
    """The call fails, and the work was done."""
    commit()
    raise Failed


def dies_before(_commit: Callable[[], None]) -> None:
    """The process dies between evaluation and commit."""
    raise Died


def dies_after(commit: Callable[[], None]) -> None:
    """The process dies between the commit and the checkpoint."""
    commit()
    raise Died


def loses(_commit: Callable[[], None]) -> None:
    """Somebody else was faster."""
    raise Conflict("somebody else was faster")
