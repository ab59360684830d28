"""Batches of which a part may fail."""

from typing import Any

import pytest

from whenflow.aws.batches import each_alone, in_order


class Worker:
    """Works, except on what is broken."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def __call__(self, record) -> None:
        if "broken" in record:
            raise RuntimeError("as the test asked")
        self.done.append(record["name"])


def name(record) -> str:
    return str(record["name"])


ORDERS: list[dict[str, Any]] = [{"name": "order 7"}, {"name": "order 8", "broken": True}, {"name": "order 9"}]


@pytest.mark.parametrize("batch", [in_order, each_alone])
def test_a_batch_that_works_reports_nothing(batch):
    worker = Worker()

    assert batch([ORDERS[0], ORDERS[2]], worker, name) == {"batchItemFailures": []}
    assert worker.done == ["order 7", "order 9"]


@pytest.mark.parametrize("batch", [in_order, each_alone])
def test_an_empty_batch_works(batch):
    assert batch([], Worker(), name) == {"batchItemFailures": []}


def test_a_stream_stops_at_the_record_that_fails():
    worker = Worker()

    answer = in_order(ORDERS, worker, name)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "order 8"}]}
    assert worker.done == ["order 7"]


def test_a_queue_goes_on_after_the_message_that_fails():
    worker = Worker()

    answer = each_alone(ORDERS, worker, name)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "order 8"}]}
    assert worker.done == ["order 7", "order 9"]


def test_a_failure_is_logged_with_the_name_of_the_record(logged):
    in_order(ORDERS, Worker(), name)

    assert "order 8" in logged()
