"""What AWS would charge, from counted operations and list prices. Pure; the assumptions are written down below.

List prices of us-east-1 as of 2026, without free tier and discounts, arm64.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

MILLION = 1_000_000
HTTP_REQUEST = 1.00 / MILLION
LAMBDA_CALL = 0.20 / MILLION
LAMBDA_GB_SECOND = 0.0000133334
WRITE_UNIT = 0.625 / MILLION
READ_UNIT = 0.125 / MILLION
TRANSITION = 25.00 / MILLION
LOG_BYTE = 0.50 / 1024**3

EVENTS_OF_A_TASK, TASKS_IN_A_ROW = 2, 25

# For a function that was only called cold while it was counted.
ASSUMED_GB_SECONDS = 0.03 * 0.5

ASSUMPTIONS = (
    "list prices of us-east-1, arm64, no free tier, no discount",
    "operations counted one event at a time; under load batches share calls and reads, and it gets cheaper",
    "an index entry within a transaction counted once; were it counted twice, a run would take one write unit more",
    "Lambda durations as measured on this machine, warm",
    "not counted: cold starts, storage and retention, S3 requests, data transfer, alarms, and your flow's own work",
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What something took.

    Attributes:
        http_requests: Through the HTTP API.
        calls: Of Lambda functions.
        gb_seconds: Of Lambda functions.
        writes: DynamoDB write units.
        reads: DynamoDB read units.
        transitions: Of Step Functions Standard.
        log_bytes: Into CloudWatch Logs.
    """

    http_requests: float = 0
    calls: float = 0
    gb_seconds: float = 0
    writes: float = 0
    reads: float = 0
    transitions: float = 0
    log_bytes: float = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a bill for a million.

    Attributes:
        what: In words.
        quantity: For one.
        dollars: For a million.
    """

    what: str
    quantity: float
    dollars: float


def usage_of(functions: Iterable[Mapping[str, float]], http_requests: int = 0, transitions: int = 0) -> Usage:
    """Return what was used, from what was counted for each function.

    Args:
        functions: `calls`, `warm_calls`, `warm_gb_seconds`, `writes`, `reads`, `log_bytes`; what is absent is zero.
        http_requests: Requests through the HTTP API.
        transitions: State transitions of Step Functions.
    """
    counted = list(functions)

    def total(name: str) -> float:
        return sum(one.get(name, 0) for one in counted)

    gb_seconds = sum(one.get("calls", 0) * _gb_seconds_of_a_call(one) for one in counted)
    return Usage(
        http_requests, total("calls"), gb_seconds, total("writes"), total("reads"), transitions, total("log_bytes")
    )


def bill_per_million(usage: Usage) -> list[Item]:
    """Return the bill for a million times this, without what costs nothing."""
    prices = (
        ("HTTP API requests", usage.http_requests, HTTP_REQUEST),
        ("Lambda calls", usage.calls, LAMBDA_CALL),
        ("Lambda GB-seconds", usage.gb_seconds, LAMBDA_GB_SECOND),
        ("DynamoDB write units", usage.writes, WRITE_UNIT),
        ("DynamoDB read units", usage.reads, READ_UNIT),
        ("Step Functions transitions", usage.transitions, TRANSITION),
        ("log bytes", usage.log_bytes, LOG_BYTE),
    )
    return [Item(what, quantity, quantity * price * MILLION) for what, quantity, price in prices if quantity]


def told_of_tasks(tasks: Iterable[int]) -> Item:
    """Return what it costs to tell of the task runs of some flow runs, given how many each has: no part of a launch.

    Each is told of by two events; up to 25 that one process ran are kept in one row.
    """
    units = sum(EVENTS_OF_A_TASK * count + ceil(count / TASKS_IN_A_ROW) for count in tasks)
    return Item("of which for tasks", units, units * WRITE_UNIT * MILLION)


def total(bill: Iterable[Item]) -> float:
    """Return the dollars of a bill."""
    return sum(item.dollars for item in bill)


def _gb_seconds_of_a_call(counted: Mapping[str, float]) -> float:
    warm = counted.get("warm_calls", 0)
    return counted["warm_gb_seconds"] / warm if warm else ASSUMED_GB_SECONDS
