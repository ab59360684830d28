"""What only the progress and hold stores in DynamoDB do."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.outages import failing, refusal
from tests.stories import NOON
from tests.tables import ttl_attribute

from whenflow.aws import progress_store
from whenflow.aws.progress_store import DynamoHoldStore, DynamoProgressStore
from whenflow.aws.timer_queue import SqsTimerQueue
from whenflow.errors import Transient


class Stopwatch:
    """Seconds, set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def monotonic(self) -> float:
        """Return the seconds."""
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """The watch that the progress store looks at."""
    watch = Stopwatch()
    monkeypatch.setattr(progress_store, "time", watch)
    return watch


@pytest.fixture
def progress(dynamodb, watch) -> DynamoProgressStore:
    """The progress store."""
    return DynamoProgressStore(dynamodb, "StateTable")


@pytest.fixture
def timers(dynamodb, clock) -> Any:
    """A client of SQS, with the queue of the timer."""
    import boto3

    client = boto3.client("sqs")
    client.create_queue(QueueName="timers")
    return client


@pytest.fixture
def holds(dynamodb, timers, clock) -> DynamoHoldStore:
    """The hold store."""
    url = timers.get_queue_url(QueueName="timers")["QueueUrl"]
    return DynamoHoldStore(dynamodb, "StateTable", SqsTimerQueue(timers, url, clock), clock)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_an_old_event_shows_that_events_still_come(progress, watch):
    progress.note(NOON, NOON)
    watch.seconds += 2
    progress.note(NOON - minutes(30), NOON + minutes(5))

    assert progress.offset() == -minutes(5)


def test_the_clock_of_events_is_never_ahead(progress):
    progress.note(NOON + minutes(5), NOON)

    assert progress.offset() == timedelta(0)


def test_while_events_hardly_move_on_it_is_written_once_a_second(dynamodb, progress, watch):
    progress.note(NOON, NOON)
    with failing(dynamodb, "UpdateItem", refusal("AccessDenied")):
        progress.note(NOON + timedelta(milliseconds=10), NOON)
        watch.seconds += 0.5
        progress.note(NOON + timedelta(milliseconds=20), NOON)

    watch.seconds += 1
    progress.note(NOON + timedelta(milliseconds=30), NOON + minutes(1))
    assert progress.offset() == timedelta(milliseconds=30) - minutes(1)


def test_when_events_move_on_fast_each_step_is_written(dynamodb, progress):
    progress.note(NOON, NOON + minutes(60))
    progress.note(NOON + minutes(30), NOON + minutes(60))

    assert progress.offset() == -minutes(30)


def test_processes_share_the_clock_of_events(dynamodb, progress):
    progress.note(NOON - minutes(30), NOON)

    assert DynamoProgressStore(dynamodb, "StateTable").offset() == -minutes(30)


def test_a_busy_table_is_tried_again(dynamodb, progress):
    with failing(dynamodb, "UpdateItem", refusal("ThrottlingException")), pytest.raises(Transient):
        progress.note(NOON, NOON)


def test_a_held_event_is_asked_for_through_the_queue(holds, timers):
    holds.hold("e-1", 0, attempt=3)

    (message,) = timers.receive_message(QueueUrl=timers.get_queue_url(QueueName="timers")["QueueUrl"])["Messages"]
    assert json.loads(message["Body"]) == {"held": "e-1", "attempt": 3}


def test_an_event_that_could_not_be_asked_for_is_noted_all_the_same(holds, timers):
    """The next delivery finds it noted, and asks again."""
    with failing(timers, "SendMessage", refusal("ServiceUnavailable")), pytest.raises(Transient):
        holds.hold("e-1", 2, attempt=0)

    assert holds.is_held("e-1")


def test_what_is_held_expires_when_no_stream_delivers_it_any_more(holds, dynamodb):
    holds.hold("e-1", 2, attempt=0)

    (item,) = [one for one in dynamodb.scan(TableName="StateTable")["Items"] if one["sk"]["S"] == "held"]
    assert int(item[ttl_attribute("StateTable")]["N"]) == int((NOON + timedelta(days=2)).timestamp())
