"""Task runs and background tasks, in memory."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from whenflow.errors import Conflict
from whenflow.ports import Claim
from whenflow.runs.task_runs import TaskRun, merged


class MemoryTaskRunStore:
    """Task runs in dictionaries.

    Attributes:
        written: How many packs were stored.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._packs: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._singles: dict[str, tuple[dict[str, Any], int]] = {}
        self._claims: dict[str, datetime | None] = {}
        self.written = 0

    def keep(self, group: str, pack: str, rows: Sequence[TaskRun]) -> None:
        """Store a pack over the one of that name."""
        self._packs[group, pack] = json.loads(json.dumps([row.as_stored() for row in rows]))
        self.written += 1

    def of_group(self, group: str) -> Sequence[TaskRun]:
        """Return the task runs of a flow run, or those of a day that are alone."""
        packed = [TaskRun.from_stored(row) for key, rows in self._packs.items() if key[0] == group for row in rows]
        singles = [TaskRun.from_stored(row) for row, _ in self._singles.values()]
        return merged([*packed, *(row for row in singles if row.group == group)])

    def single(self, id_: str) -> tuple[TaskRun | None, int]:
        """Return the task run that has a row of its own, and the version of that row."""
        stored, version = self._singles.get(id_, (None, 0))
        return (TaskRun.from_stored(stored) if stored else None), version

    def put_single(self, row: TaskRun, version: int) -> None:
        """Store a task run in a row of its own, over the version that was read."""
        if self._singles.get(row.id, (None, 0))[1] != version:
            raise Conflict(f"Task run {row.id} is no longer in version {version}.")
        self._singles[row.id] = (json.loads(json.dumps(row.as_stored())), version + 1)

    def claim(self, id_: str, until: datetime, now: datetime) -> Claim:
        """Claim a deferred task run, unless another has it or it is done."""
        if id_ in self._claims:
            held = self._claims[id_]
            if held is None:
                return Claim.DONE
            if held > now:
                return Claim.BUSY
        self._claims[id_] = until
        return Claim.MINE

    def done(self, id_: str) -> None:
        """Note that a deferred task run is done."""
        self._claims[id_] = None


class MemoryTaskQueue:
    """Background tasks in a list.

    Attributes:
        sent: The messages, in order.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.sent: list[dict[str, Any]] = []

    def send(self, message: Mapping[str, Any]) -> None:
        """Hand over a task."""
        self.sent.append(json.loads(json.dumps(message)))
