"""Time that jumps, and actors that take turns at every call: one works, and chance says who is next."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random

from whenflow.testing.doubles import ManualClock

STAYS = 0.7
"""How likely an actor goes on at a call, instead of letting chance choose who is next."""
SHORT = 0.02
AT_ONCE = 8
"""How many may be at work."""


class Crash(BaseException):
    """The process is gone: nothing that it would have done next is done. No `except Exception` sees it."""


class _Actor:
    """A thread that does one piece of work after the other, and of all of which one at a time has its turn."""

    def __init__(self) -> None:
        self._turn, self._back = threading.Lock(), threading.Lock()  # each held by whoever has to wait
        self._turn.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()
        self._work: Callable[[], None] | None = None
        self.error: BaseException | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing to do."""
        return self._work is None

    def take(self, work: Callable[[], None]) -> None:
        """Give it something to do, at its next turn."""
        self._work = work

    def go_on(self) -> None:
        """Let it work until it waits for its next turn or is done."""
        self._turn.release()
        self._back.acquire()

    def wait(self) -> None:
        """Give the turn back, and wait for the next one."""
        self._back.release()
        self._turn.acquire()

    def leave(self) -> None:
        """End the thread; it must be idle."""
        self._turn.release()
        self._thread.join()

    def _live(self) -> None:
        self._turn.acquire()
        while self._work:
            try:
                self._work()
            except BaseException as error:  # it is raised where the play is directed
                self.error = error
            self._work = None
            self.wait()


class Stage:
    """Starts work at its time, and gives turns.

    Attributes:
        clock: Shows the time of the play.
    """

    def __init__(self, chance: Random, clock: ManualClock) -> None:
        """Let this chance decide."""
        self.clock = clock
        self._chance = chance
        self._planned: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0
        self._under_way: list[_Actor] = []
        self._idle: list[_Actor] = []
        self._present: _Actor | None = None

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        """Start work after so many seconds."""
        self._count += 1
        heappush(self._planned, (self.clock.now() + timedelta(seconds=seconds), self._count, work))

    def turn(self) -> None:
        """Let a little time pass, and perhaps others have their turn; whoever works says so at each of his calls."""
        self.clock.advance(self._chance.random() * SHORT)
        if self._present and self._chance.random() > STAYS:
            self._present.wait()

    def play(self, until: datetime) -> None:
        """Do all that is planned until then, and whatever comes of it until then.

        Raises:
            BaseException: Whatever the work raised.
        """
        while self._under_way or (self._planned and self._planned[0][0] <= until):
            if not self._under_way and self._planned[0][0] > self.clock.now():
                self.clock.advance((self._planned[0][0] - self.clock.now()).total_seconds())
            while self._planned and self._planned[0][0] <= self.clock.now() and len(self._under_way) < AT_ONCE:
                actor = self._idle.pop() if self._idle else _Actor()
                actor.take(heappop(self._planned)[2])
                self._under_way.append(actor)
            self._present = self._chance.choice(self._under_way)
            self._present.go_on()
            if self._present.is_idle:
                self._under_way.remove(self._present)
                self._idle.append(self._present)
                if self._present.error:
                    raise self._present.error
            self._present = None

    def close(self) -> None:
        """End the threads of those who have nothing to do."""
        while self._idle:
            self._idle.pop().leave()
