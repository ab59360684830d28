"""Batches of which a part may fail."""

from typing import Any

import pytest

from whenflow.aws.batches import WORKERS, at_once, each_alone, in_order


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


def test_of_a_stream_the_earliest_that_failed_is_reported_though_others_worked():
    worker = Worker()
    records = [*ORDERS, {"name": "order 10", "broken": True}]

    assert at_once(records, worker, name) == {"batchItemFailures": [{"itemIdentifier": "order 8"}]}
    assert sorted(worker.done) == ["order 7", "order 9"]


def test_of_a_queue_each_that_failed_is_reported():
    records = [*ORDERS, {"name": "order 10", "broken": True}]

    answer = at_once(records, Worker(), name, ordered=False)

    assert [failed["itemIdentifier"] for failed in answer["batchItemFailures"]] == ["order 8", "order 10"]


def test_records_that_wait_wait_together_and_no_more_than_a_few_at_once():
    import threading

    lock, now, most = threading.Lock(), [0], [0]
    gate = threading.Barrier(WORKERS, timeout=5)

    def wait(_record) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait()
        with lock:
            now[0] -= 1

    assert at_once([{"name": str(number)} for number in range(WORKERS * 3)], wait, name) == {"batchItemFailures": []}
    assert most == [WORKERS]
