"""What delivers: streams in order and again from where they stopped, queues late, twice and in any order."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Generic, TypeVar

from whenflow.testing.simulation.stage import Crash, Stage

T = TypeVar("T")
BATCH = 5
AGAIN = 0.15
"""How likely something that was done is delivered once more."""
LATENCY_SECONDS = 0.5
RETRY_SECONDS = 2.0


class Stream(Generic[T]):
    """Delivers what is put in, in the order of its partition, in batches; what failed, and all behind it, again.

    One batch of a partition is under way at a time. Sometimes the place reached is lost, and a part comes again.
    """

    def __init__(self, chance: Random, stage: Stage, handle: Callable[[Sequence[T]], int]) -> None:
        """Hand batches over to `handle`, which returns how many of the last ones could not be done."""
        self._chance, self._stage, self._handle = chance, stage, handle
        self._items: defaultdict[int, list[T]] = defaultdict(list)
        self._reached: defaultdict[int, int] = defaultdict(int)
        self._is_busy: set[int] = set()

    def put(self, partition: int, item: T) -> None:
        """Add an item to a partition."""
        self._items[partition].append(item)
        self._soon(partition, self._chance.random() * LATENCY_SECONDS)

    @property
    def waiting(self) -> int:
        """How many items have not been done."""
        return sum(len(items) - self._reached[partition] for partition, items in self._items.items())

    def _soon(self, partition: int, seconds: float) -> None:
        if partition not in self._is_busy:
            self._is_busy.add(partition)
            self._stage.after(seconds, lambda: self._deliver(partition))

    def _deliver(self, partition: int) -> None:
        start = self._reached[partition]
        batch = self._items[partition][start : start + self._chance.randint(1, BATCH)]
        try:
            undone = self._handle(batch)
        except (Crash, Exception):  # the function failed: all of it comes again
            undone = len(batch)
        reached = start + len(batch) - undone
        if self._chance.random() < AGAIN:
            reached = max(0, reached - self._chance.randint(1, BATCH))
        self._reached[partition] = reached
        self._is_busy.discard(partition)
        if reached < len(self._items[partition]):
            self._soon(partition, RETRY_SECONDS if undone else self._chance.random() * LATENCY_SECONDS)


class Queue:
    """Delivers each message on its own, at least once, in any order; after its last try it goes to the dead letters.

    Attributes:
        waiting: How many messages are in it.
        dead: The dead letters.
        redriven: Those that were put back.
    """

    def __init__(
        self,
        chance: Random,
        stage: Stage,
        handle: Callable[[dict[str, Any], int], object],
        tries: int,
        waits: Sequence[float] = (RETRY_SECONDS,),
        give_up: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Hand messages over to `handle`, with the number of the try.

        Args:
            chance: Decides on delays and repetitions.
            stage: Delivers in time.
            handle: Raises where the message is to come again.
            tries: After so many it is given up.
            waits: Seconds between tries; the last for all that follow.
            give_up: Told of a message that was given up, instead of the dead letters.
        """
        self._chance, self._stage, self._handle = chance, stage, handle
        self._tries, self._waits, self._give_up = tries, waits, give_up
        self.waiting = 0
        self.dead: list[dict[str, Any]] = []
        self.redriven: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any], seconds: float = 0.0) -> None:
        """Put a message in, to be delivered after so many seconds at the earliest."""
        self.waiting += 1
        self._stage.after(seconds + self._late(), lambda: self._deliver(message, 1))

    def redrive(self) -> int:
        """Put the dead letters back; return how many."""
        dead, self.dead = self.dead, []
        self.redriven += dead
        for message in dead:
            self.send(message)
        return len(dead)

    def _deliver(self, message: dict[str, Any], number: int) -> None:
        try:
            self._handle(message, number)
        except (Crash, Exception):  # it was not done, for whatever reason
            if number >= self._tries:
                self.waiting -= 1
                (self._give_up or self.dead.append)(message)
                return
            wait = self._waits[min(number, len(self._waits)) - 1]
            self._stage.after(wait + self._late(), lambda: self._deliver(message, number + 1))
            return
        if self._chance.random() < AGAIN:
            self._stage.after(self._late() * 5, lambda: self._deliver(message, number))
            return
        self.waiting -= 1

    def _late(self) -> float:
        return self._chance.random() ** 4 * 10
