"""What is taken of concurrency limits, in memory."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from whenflow.errors import Conflict
from whenflow.limits.occupancy import Occupancy


class MemoryOccupancyStore:
    """What is taken, in a dictionary."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[str, tuple[dict[str, Any], int]] = {}
        self._leases: dict[str, list[str]] = {}
        self._lock = Lock()

    def get(self, limit_id: str) -> Occupancy:
        """Return what is taken of a limit."""
        stored, version = self._rows.get(limit_id, ({}, 0))
        return Occupancy.from_stored(limit_id, stored, version) if version else Occupancy(limit_id)

    def get_all(self, limit_ids: Iterable[str]) -> Mapping[str, Occupancy]:
        """Return what is taken of some limits, by id."""
        return {limit_id: self.get(limit_id) for limit_id in limit_ids}

    def commit(self, changed: Sequence[tuple[Occupancy, datetime]]) -> None:
        """Store what is taken now over the versions that were read, all or none."""
        with self._lock:
            for one, _ in changed:
                if self._rows.get(one.limit_id, ({}, 0))[1] != one.version:
                    raise Conflict(f"Somebody else changed what is taken of limit {one.limit_id}.")
            for one, _ in changed:
                self._rows[one.limit_id] = (json.loads(json.dumps(one.as_stored())), one.version + 1)

    def forget(self, limit_id: str) -> None:
        """Forget what is taken of a limit."""
        self._rows.pop(limit_id, None)

    def keep_lease(self, lease_id: str, limit_ids: Sequence[str]) -> None:
        """Note which limits a lease is about."""
        self._leases[lease_id] = list(limit_ids)

    def limits_of(self, lease_id: str) -> Sequence[str] | None:
        """Return the limits that a lease is about, or None where there was no such lease."""
        return self._leases.get(lease_id)
