"""Ports: what is taken of concurrency limits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from whenflow.limits.occupancy import Occupancy


class OccupancyStore(Protocol):
    """What is taken of each concurrency limit, and which limits a lease is about."""

    def get(self, limit_id: str) -> "Occupancy":
        """Return what is taken of a limit, strongly consistent; one that nobody ever took of is in version 0."""
        ...

    def get_all(self, limit_ids: Iterable[str]) -> "Mapping[str, Occupancy]":
        """Return what is taken of some limits, by id."""
        ...

    def commit(self, changed: "Sequence[tuple[Occupancy, datetime]]") -> None:
        """Store what is taken now over the versions that were read, all or none.

        Args:
            changed: Each with the time from when on it may be forgotten.

        Raises:
            Conflict: Somebody else changed one of them meanwhile; nothing is stored.
            TooLarge: Too many hold slots.
        """
        ...

    def forget(self, limit_id: str) -> None:
        """Forget what is taken of a limit."""
        ...

    def keep_lease(self, lease_id: str, limit_ids: Sequence[str]) -> None:
        """Note which limits a lease is about; that never changes. It is forgotten after 100 days."""
        ...

    def limits_of(self, lease_id: str) -> Sequence[str] | None:
        """Return the limits that a lease is about, or None where there was no such lease."""
        ...
