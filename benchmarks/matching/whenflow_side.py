"""Whenflow's side: decode what the events table stores, match it, evaluate it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.matching.world import Document, World
from whenflow.automations.engine import Engine
from whenflow.automations.model import Automation, automation_from_stored
from whenflow.automations.state import State
from whenflow.events.codec import decode, encode, from_stored

NOW = datetime(2026, 1, 6, tzinfo=UTC)
CREATED = "2026-01-01T00:00:00Z"
REPLACED = 1_000


@dataclass(frozen=True, slots=True)
class Side:
    """One world, loaded: an engine, and events as they are stored."""

    engine: Engine
    matching: list[bytes]
    others: list[bytes]


@dataclass(frozen=True, slots=True)
class Loading:
    """What it costs to have the automations ready.

    Attributes:
        load_seconds: To load all of them into an empty engine.
        replace_seconds: To replace one of them, in the median.
    """

    load_seconds: float
    replace_seconds: float


def automations_of(documents: Sequence[Document]) -> list[Automation]:
    """Read automations as the store keeps them."""
    return [automation_from_stored(one | {"created": CREATED, "updated": CREATED}) for one in documents]


def load(world: World) -> tuple[Side, Loading]:
    """Load a world; see to it that every event meets what it was made for."""
    automations = automations_of(world.automations)
    started = time.process_time()
    engine = Engine(automations)
    load_seconds = time.process_time() - started
    side = Side(engine, _stored(world.matching), _stored(world.others))
    _check(side)
    return side, Loading(load_seconds, _replace_seconds(engine, automations))


def _stored(events: Sequence[Document]) -> list[bytes]:
    return [encode(from_stored(event)) for event in events]


def _check(side: Side) -> None:
    met = {len(side.engine.watching(decode(data))) for data in side.matching}
    passed_by = {len(side.engine.watching(decode(data))) for data in side.others}
    if met != {1} or passed_by != {0}:
        raise AssertionError(f"events that match one automation met {met}, those that match none met {passed_by}")


def _replace_seconds(engine: Engine, automations: list[Automation]) -> float:
    times = []
    step = max(1, len(automations) // REPLACED)
    for automation in (automations[::step] * REPLACED)[:REPLACED]:
        started = time.perf_counter()
        engine.put(automation)
        times.append(time.perf_counter() - started)
    return sorted(times)[len(times) // 2]


def evaluate(engine: Engine, stream: Sequence[bytes]) -> None:
    """Decode, match and evaluate: what the matcher does with a stream, but for its stores."""
    state = State()
    for data in stream:
        engine.on_event(state, decode(data), NOW)


def match(engine: Engine, stream: Sequence[bytes]) -> None:
    """Decode and match."""
    for data in stream:
        engine.watching(decode(data))


def search(engine: Engine, stream: Sequence[bytes]) -> Callable[[], None]:
    """Return a run of the search alone, over events that are decoded beforehand."""
    events = [decode(data) for data in stream]

    def run() -> None:
        for event in events:
            engine.watching(event)

    return run


def seconds(work: Callable[[], None]) -> float:
    """Return the CPU time that some work takes: other programs on the machine count little in it."""
    started = time.process_time()
    work()
    return time.process_time() - started
