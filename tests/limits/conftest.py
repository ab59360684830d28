"""Limits, and somebody who takes slots of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from whenflow.limits import Limit, LimitBook, LimitRegistry
from whenflow.limits.inputs import LimitInput
from whenflow.testing import ManualClock, MemoryConfigStore, MemoryEventStore, SequentialIds
from whenflow.testing.limits import MemoryOccupancyStore


@dataclass(frozen=True)
class Shop:
    """The stores, and the use cases over them."""

    clock: ManualClock
    events: MemoryEventStore
    registry: LimitRegistry
    book: LimitBook

    def limit(self, name: str = "db", limit: int = 2, **more: Any) -> Limit:
        """Make a limit."""
        return self.registry.create(LimitInput.model_validate({"name": name, "limit": limit, **more}))

    def taken(self, name: str = "db") -> int:
        """Return how many slots of a limit are taken now."""
        limit = self.registry.find(name)
        return self.book.holders([limit])[limit.id][0]


@pytest.fixture
def make_shop() -> Callable[[], Shop]:
    """A function that opens an empty one."""

    def make() -> Shop:
        clock, ids, events, store = ManualClock(), SequentialIds(), MemoryEventStore(), MemoryOccupancyStore()
        config = MemoryConfigStore(events)
        registry = LimitRegistry(config, store, events, clock, ids)
        return Shop(clock, events, registry, LimitBook(config, store, clock, ids))

    return make


@pytest.fixture
def shop(make_shop: Callable[[], Shop]) -> Shop:
    """Limits, none yet."""
    return make_shop()
