"""How stream records reach a function: in order, with retries, bisecting, and giving up. No ministack in here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0
FOREVER = -1


@dataclass(frozen=True, slots=True)
class Policy:
    """What a stream mapping says about failures.

    Attributes:
        retries: How often the same batch is tried again; -1 for ever.
        bisect: Whether a failing batch is split in two first.
    """

    retries: int = FOREVER
    bisect: bool = False

    def is_exhausted(self, tries: int) -> bool:
        """Say whether a batch that was tried again so often is to be given up."""
        return 0 <= self.retries <= tries


def deliver(
    records: Sequence[Record],
    policy: Policy,
    invoke: Callable[[Sequence[Record]], int | None],
    give_up: Callable[[Sequence[Record]], None],
    pause: Callable[[float], bool],
    is_too_old: Callable[[Record], bool] = lambda _: False,
) -> int:
    """Deliver records in order and return how many are done with: delivered, or given up.

    Args:
        records: What to deliver.
        policy: What to do about failures.
        invoke: Calls the function; returns the index of the first record that failed, or nothing.
        give_up: Is told about records that will not be tried again.
        pause: Waits that many seconds; false when the delivery is to end here.
        is_too_old: Whether a record is past its age limit.
    """
    waiting = [list(records)]
    tries = 0  # of the batch that stands first
    while waiting:
        batch = waiting.pop(0)
        failed = invoke(batch)
        rest = [] if failed is None else batch[failed:]
        if failed == 0 and policy.bisect and len(rest) > 1:
            half, tries = len(rest) // 2, 0
            waiting[:0] = [rest[:half], rest[half:]]
            continue
        if failed == 0 and (policy.is_exhausted(tries) or is_too_old(rest[0])):
            give_up(rest)
            rest = []
        tries = tries + 1 if failed == 0 and rest else 0
        if rest:
            waiting.insert(0, rest)
            if not pause(pause_seconds(tries)):
                break
    return len(records) - sum(map(len, waiting))


def pause_seconds(tries: int) -> float:
    """Return how long to wait before this try."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** max(0, tries - 1)))


def first_failure(answer: Any, records: Sequence[Record]) -> int | None:
    """Read a partial batch response: the index of the first record that failed, or nothing.

    An identifier that is empty or unknown fails the whole batch, as on AWS.
    """
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not failures:
        return None
    places = {record["dynamodb"]["SequenceNumber"]: place for place, record in enumerate(records)}
    return min(places.get(failure.get("itemIdentifier") or "", 0) for failure in failures)
