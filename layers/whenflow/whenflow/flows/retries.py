"""How often a task is tried again, and after how long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

Delay: TypeAlias = float | int | Sequence[float | int] | Callable[[int], Sequence[float | int]]
Condition: TypeAlias = Callable[[Any, Any, Any], bool]
MAX_RETRIES = 1_000


@dataclass(frozen=True, slots=True)
class Retries:
    """How a task is tried again.

    Attributes:
        count: How many more times.
        delays: Seconds before each; the last one holds for all after it.
        jitter: By which part of itself a delay may be longer, at random.
        condition: Tells of a task, its run and its state whether it is tried again.
    """

    count: int = 0
    delays: tuple[float, ...] = (0.0,)
    jitter: float = 0.0
    condition: Condition | None = None

    @classmethod
    def of(cls, count: int, delay: Delay, jitter: float | None, condition: Condition | None) -> "Retries":
        """Read what the decorator was given.

        Raises:
            ValueError: A number is out of bounds.
        """
        if not 0 <= count <= MAX_RETRIES:
            raise ValueError(f"retries must be from 0 to {MAX_RETRIES}, not {count}")
        if callable(delay):
            delay = delay(count)
        delays = tuple(float(one) for one in delay) if isinstance(delay, Sequence) else (float(delay),)
        if any(one < 0 for one in delays) or (jitter or 0) < 0:
            raise ValueError("retry_delay_seconds and retry_jitter_factor must not be negative")
        return cls(count, delays or (0.0,), float(jitter or 0), condition)

    def seconds_before(self, retry: int, chance: str) -> float:
        """Return how long to wait before a retry.

        Args:
            retry: Which one, from 1 on.
            chance: A text that is never the same.
        """
        delay = self.delays[min(retry, len(self.delays)) - 1]
        drawn = int.from_bytes(sha256(chance.encode()).digest()[:4]) / 2**32
        return delay * (1 + self.jitter * drawn)
