"""What a million would cost."""

import pytest

from whenflow.local.price import ASSUMED_GB_SECONDS, Usage, bill_per_million, told_of_tasks, total, usage_of


def test_a_million_of_one_is_the_list_price() -> None:
    usage = Usage(http_requests=1, calls=1, gb_seconds=1, writes=1, reads=1, transitions=1, log_bytes=1024**3)

    bill = {item.what: item.dollars for item in bill_per_million(usage)}

    assert bill == pytest.approx(
        {
            "HTTP API requests": 1.00,
            "Lambda calls": 0.20,
            "Lambda GB-seconds": 13.3334,
            "DynamoDB write units": 0.625,
            "DynamoDB read units": 0.125,
            "Step Functions transitions": 25.00,
            "log bytes": 500_000.0,
        }
    )


def test_what_was_not_used_is_not_on_the_bill() -> None:
    bill = bill_per_million(Usage(writes=33))

    assert [item.what for item in bill] == ["DynamoDB write units"]
    assert total(bill) == pytest.approx(20.625)


def test_cold_calls_cost_what_warm_ones_do() -> None:
    usage = usage_of([{"calls": 3, "warm_calls": 2, "warm_gb_seconds": 0.2, "writes": 1}, {"calls": 1}])

    assert usage.calls == 4
    assert usage.gb_seconds == pytest.approx(3 * 0.1 + ASSUMED_GB_SECONDS)
    assert usage.writes == 1


def test_requests_and_transitions_are_taken_as_given() -> None:
    usage = usage_of([], http_requests=2, transitions=4)

    assert (usage.http_requests, usage.transitions, usage.calls) == (2, 4, 0)


def test_what_tells_of_tasks_is_said_apart() -> None:
    """Two events for each, and a row for 25."""
    assert told_of_tasks([3]).quantity == 7
    assert told_of_tasks([0, 26]).quantity == 54
    assert told_of_tasks([3]).dollars == pytest.approx(4.375)
