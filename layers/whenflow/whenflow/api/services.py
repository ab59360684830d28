"""What the routes work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from whenflow.ports import Clock, ConfigStore, EventStore, FiringStore, Ids, RunStore


@dataclass(frozen=True, slots=True)
class Services:
    """The stores, the clock and the ids, and `find_key`, which knows API keys."""

    events: EventStore
    firings: FiringStore
    runs: RunStore
    config: ConfigStore
    clock: Clock
    ids: Ids
    find_key: Callable[[str], Mapping[str, Any] | None]
