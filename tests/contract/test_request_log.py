"""Every log of requests."""

from datetime import timedelta
from typing import Any

import pytest
from tests.stories import NOON

from whenflow.aws.request_log import DynamoRequestLog
from whenflow.ports import RequestLog
from whenflow.testing import MemoryRequestLog, SequentialIds
from whenflow.webhooks.log import LoggedRequest

IDS = SequentialIds()


@pytest.fixture(params=["memory", "dynamodb"])
def log(request: pytest.FixtureRequest, clock: Any) -> RequestLog:
    """The log, empty."""
    if request.param == "memory":
        return MemoryRequestLog(clock)
    return DynamoRequestLog(request.getfixturevalue("dynamodb"), "StateTable", clock)


def an_entry(second: int = 0, webhook_id: str = "w-1", **changes: Any) -> LoggedRequest:
    received = NOON + timedelta(seconds=second)
    values: dict[str, Any] = {
        "id": IDS.event_id(received, webhook_id),
        "webhook_id": webhook_id,
        "received": received,
        "method": "POST",
        "outcome": "accepted",
        "status": 204,
        "size": 31,
        "milliseconds": 12.5,
    }
    return LoggedRequest(**values | changes)


def test_an_entry_comes_back_as_it_was(log):
    entry = an_entry(
        events=("e-1", "e-2"),
        reason="It's ☹",
        request={"method": "POST", "headers": {"a": "b"}, "query": {}, "body": "{}"},
    )

    log.add(entry)

    assert log.get("w-1", entry.id) == entry
    assert list(log.newest("w-1", 10)) == [entry]


def test_entries_come_newest_first_and_no_more_than_asked_for(log):
    entries = [an_entry(second) for second in range(5)]
    for entry in (entries[3], entries[0], entries[4], entries[1], entries[2]):
        log.add(entry)

    assert list(log.newest("w-1", 3)) == entries[:1:-1]


def test_every_webhook_has_its_own(log):
    mine, other = an_entry(), an_entry(webhook_id="w-2")
    log.add(mine)
    log.add(other)

    assert list(log.newest("w-1", 10)) == [mine]
    assert log.get("w-1", other.id) is None


def test_an_entry_that_nobody_made_is_not_there(log):
    assert log.get("w-1", "nope") is None
    assert list(log.newest("w-1", 10)) == []


def test_entries_are_forgotten_after_three_days(log, clock):
    entry = an_entry()
    log.add(entry)

    clock.advance(3 * 86_400 - 1)
    assert log.get("w-1", entry.id) == entry

    clock.advance(1)
    assert log.get("w-1", entry.id) is None
    assert list(log.newest("w-1", 10)) == []
