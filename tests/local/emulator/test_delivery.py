"""How a batch reaches a function: in order, retried, split, given up."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from whenflow.local.emulator.delivery import Policy, deliver, first_failure, pause_seconds

BATCH: list[dict[str, Any]] = [{"dynamodb": {"SequenceNumber": str(number)}} for number in range(8)]
Calls = list[list[int]]


def numbers(records: Sequence[Any]) -> list[int]:
    return [int(record["dynamodb"]["SequenceNumber"]) for record in records]


def run(
    policy: Policy, fails: Callable[[list[int]], int | None], pauses: int = 100, old: bool = False
) -> tuple[int, Calls, Calls]:
    calls: Calls = []
    given_up: Calls = []
    left = [pauses]

    def invoke(records: Sequence[Any]) -> int | None:
        calls.append(numbers(records))
        return fails(calls[-1])

    def pause(_: float) -> bool:
        left[0] -= 1
        return left[0] > 0

    done = deliver(BATCH, policy, invoke, lambda records: given_up.append(numbers(records)), pause, lambda _: old)
    return done, calls, given_up


def poison(number: int) -> Callable[[list[int]], int | None]:
    return lambda batch: 0 if number in batch else None


def test_a_batch_that_succeeds_is_delivered_once() -> None:
    assert run(Policy(), lambda _: None) == (8, [[*range(8)]], [])


def test_a_partial_failure_is_tried_again_from_the_first_failed_record() -> None:
    answers = iter([5, 1, None])

    done, calls, given_up = run(Policy(), lambda _: next(answers))

    assert calls == [[*range(8)], [5, 6, 7], [6, 7]]
    assert (done, given_up) == (8, [])


def test_one_bad_record_is_found_by_splitting_and_given_up_alone() -> None:
    done, calls, given_up = run(Policy(retries=2, bisect=True), poison(3))

    assert given_up == [[3]]
    assert calls.count([3]) == 3
    assert [number for call in calls if 3 not in call for number in call] == [0, 1, 2, 4, 5, 6, 7]
    assert done == 8


def test_without_splitting_the_whole_batch_is_given_up() -> None:
    done, calls, given_up = run(Policy(retries=1), poison(3))

    assert (done, len(calls), given_up) == (8, 2, [[*range(8)]])


def test_records_past_their_age_are_given_up_at_once() -> None:
    _, calls, given_up = run(Policy(), poison(0), old=True)

    assert (len(calls), given_up) == (1, [[*range(8)]])


def test_retries_without_a_limit_end_only_with_the_reader() -> None:
    done, calls, given_up = run(Policy(), poison(0), pauses=30)

    assert (done, len(calls), given_up) == (0, 30, [])


def test_what_was_delivered_before_the_end_counts() -> None:
    answers = iter([5, 0, 0, 0])

    done, _, _ = run(Policy(), lambda _: next(answers), pauses=2)

    assert done == 5


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        (None, None),
        ({}, None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": [{"itemIdentifier": "5"}, {"itemIdentifier": "2"}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, 0),
    ],
)
def test_the_lowest_failed_record_counts(answer: Any, first: int | None) -> None:
    assert first_failure(answer, BATCH) == first


def test_pauses_grow_up_to_a_limit() -> None:
    assert [pause_seconds(tries) for tries in (0, 1, 2, 3, 20)] == [0.2, 0.2, 0.4, 0.8, 5.0]
