"""The use cases of concurrency limits, put together over one set of stores."""

from dataclasses import dataclass

from whenflow.limits.book import LimitBook
from whenflow.limits.registry import LimitRegistry
from whenflow.ports import Clock, ConfigStore, EventStore, Ids, OccupancyStore, Pauses


@dataclass(frozen=True, slots=True)
class LimitDesk:
    """What makes and changes limits, and what takes slots of them."""

    registry: LimitRegistry
    book: LimitBook


def limit_desk_over(
    config: ConfigStore,
    occupancies: OccupancyStore,
    events: EventStore,
    clock: Clock,
    ids: Ids,
    pauses: Pauses | None = None,
) -> LimitDesk:
    """Return the use cases over these stores; without pauses, a lost race is run again at once."""
    registry = LimitRegistry(config, occupancies, events, clock, ids)
    return LimitDesk(registry, LimitBook(config, occupancies, clock, ids, pauses))
