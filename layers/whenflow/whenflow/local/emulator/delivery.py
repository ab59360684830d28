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
    done = tries = 0
    while waiting:
        batch = waiting.pop(0)
        failed = invoke(batch)
        if failed is None:
            done += len(batch)
            tries = 0
            continue
        done += failed
        rest = batch[failed:]
        if failed:
            tries = 0
        elif policy.bisect and len(rest) > 1:
            half = len(rest) // 2
            waiting[:0] = [rest[:half], rest[half:]]
            tries = 0
            continue
        elif policy.is_exhausted(tries) or is_too_old(rest[0]):
            give_up(rest)
            done += len(rest)
            tries = 0
            continue
        else:
            tries += 1
        waiting.insert(0, rest)
        if not pause(pause_seconds(tries)):
            break
    return done


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
