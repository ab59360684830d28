"""How many requests a caller may send: a share of every ten seconds.

The count is kept in one place for all processes, and asked for in portions: a process lets a few requests pass by
itself, then takes ten at a time. So a quiet key costs nothing, a busy one a tenth of a write unit for each request, and
the limit holds to within a few requests for each process.
"""

import logging
from datetime import datetime
from typing import Protocol

from whenflow.errors import Transient
from whenflow.ports import Clock

WINDOW_SECONDS = 10
FREE = 5
PORTION = 10
MAX_CALLERS = 1_000
logger = logging.getLogger("whenflow.api")


class Quota(Protocol):
    """A count that all processes share."""

    def take(self, caller: str, window: int, amount: int) -> int:
        """Add to what a caller has taken in a window, and return how much that makes.

        Raises:
            Transient: Try again.
        """
        ...


class Throttle:
    """Lets callers pass, as often as they may."""

    def __init__(self, quota: Quota, per_second: int, clock: Clock) -> None:
        """Let each caller pass this often."""
        self._quota = quota
        self._limit = per_second * WINDOW_SECONDS
        self._clock = clock
        self._window = 0
        self._left: dict[str, int] = {}
        self._over: set[str] = set()

    def wait(self, caller: str) -> float:
        """Return how many seconds a caller has to wait; zero: it may pass, and that is counted."""
        now = self._clock.now()
        self._begin(now)
        if caller in self._over:
            return self._rest(now)
        left = self._left.get(caller, FREE)
        if left == 0 and not self._may_take(caller):
            self._over.add(caller)
            return self._rest(now)
        self._left[caller] = (left or PORTION) - 1
        return 0.0

    def _may_take(self, caller: str) -> bool:
        try:
            return self._quota.take(caller, self._window, PORTION) <= self._limit
        except Transient as error:  # a busy table is no reason to refuse
            logger.warning("requests are not counted: %s", error)
            return True

    def _begin(self, now: datetime) -> None:
        window = int(now.timestamp()) // WINDOW_SECONDS
        if window != self._window or len(self._left) > MAX_CALLERS:
            self._window = window
            self._left.clear()
            self._over.clear()

    def _rest(self, now: datetime) -> float:
        return (self._window + 1) * WINDOW_SECONDS - now.timestamp()
