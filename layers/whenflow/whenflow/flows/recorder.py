"""Keeps the task runs of one process: many in one row, written when there is time, and at the end.

A row of its own for each would double what a small flow costs. Each pack takes some task runs; once all of them have
ended, it is never written again.
"""

import logging
import threading

from whenflow.errors import TooLarge, WhenflowError
from whenflow.events import Event
from whenflow.flows.backend import Backend
from whenflow.runs.task_runs import TASK_RUN, TaskRun, alone_on, applied

PACK_SIZE = 25
logger = logging.getLogger("whenflow.flows")


class Recorder:
    """The task runs of one flow run in this process, or of tasks alone."""

    def __init__(self, backend: Backend, group: str | None) -> None:
        """Keep them with this flow run or day (`TaskRun.group`); None for today."""
        self._backend = backend
        self._group = group or alone_on(backend.clock.now())
        self._name = backend.ids.new()
        self._packs: list[dict[str, TaskRun]] = []
        self._pack_of: dict[str, int] = {}
        self._changed: set[int] = set()
        self._untold: list[Event] = []
        self._lock = threading.Lock()
        self._flushing = threading.Lock()

    def tell(self, event: Event) -> None:
        """Store an event of a task run, and note what it tells.

        An event that cannot be stored now is stored later: what the task does goes on.
        """
        untold = self._still_untold([event])
        with self._lock:
            self._untold += untold
            id_ = event.resource_id.removeprefix(TASK_RUN)
            if id_ not in self._pack_of:
                if not self._packs or len(self._packs[-1]) == PACK_SIZE:
                    self._packs.append({})
                self._pack_of[id_] = len(self._packs) - 1
            number = self._pack_of[id_]
            self._packs[number][id_] = applied(self._packs[number].get(id_), event)
            self._changed.add(number)

    def _still_untold(self, events: list[Event]) -> list[Event]:
        left = []
        for event in events:
            try:
                self._backend.put(event)
            except WhenflowError as error:
                logger.warning("the event %s is not stored yet: %s", event.event, error)
                left.append(event)
        return left

    def flush(self) -> None:
        """Write what has changed. What cannot be written now is written with the next."""
        with self._flushing:
            with self._lock:
                untold, self._untold = self._untold, []
            untold = self._still_untold(untold)
            with self._lock:
                self._untold = untold + self._untold
            with self._lock:
                changed, self._changed = self._changed, set()
                packs = {number: list(self._packs[number].values()) for number in sorted(changed)}
            for number, rows in packs.items():
                try:
                    self._keep(f"{self._name}#{number:05d}", rows)
                except WhenflowError as error:
                    logger.warning("task runs are not kept yet: %s", error)
                    with self._lock:
                        self._changed.add(number)

    def _keep(self, pack: str, rows: list[TaskRun]) -> None:
        """Keep a pack; one that fits no row, task run by task run."""
        try:
            self._backend.keep_task_runs(self._group, pack, rows)
        except TooLarge:
            if len(rows) == 1:
                raise
            for place, row in enumerate(rows):
                self._keep(f"{pack}.{place:02d}", [row])
