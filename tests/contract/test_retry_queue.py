"""What every queue of actions to try again does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from tests.stories import NOBODY

from whenflow.aws.retry_queue import SqsRetryQueue
from whenflow.errors import Transient
from whenflow.ports import RetryQueue
from whenflow.testing import MemoryRetryQueue

Put = tuple[str, int, str]
Queue = tuple[RetryQueue, Callable[[], list[Put]]]


def in_memory() -> Queue:
    """Return the fake, and what was sent to it."""
    queue = MemoryRetryQueue()
    return queue, lambda: queue.sent


def on_sqs() -> Queue:
    """Return the adapter, and what can be received a minute later."""
    import boto3

    sqs: Any = boto3.client("sqs")
    url = sqs.create_queue(QueueName="retries")["QueueUrl"]

    def received() -> list[Put]:
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        bodies = [json.loads(message["Body"]) for message in messages]
        return [(body["firing_id"], body["action_index"], body["reason"]) for body in bodies]

    return SqsRetryQueue(sqs, url), received


@pytest.fixture(params=["memory", "sqs"])
def queue(request: pytest.FixtureRequest) -> Queue:
    """A queue, and a way to see what is in it."""
    if request.param == "memory":
        return in_memory()
    request.getfixturevalue("aws")
    return on_sqs()


def test_an_action_put_aside_can_be_taken_up_again(queue):
    retries, waiting = queue

    retries.send(NOBODY, 2, "the target was busy")

    assert waiting() == [(NOBODY, 2, "the target was busy")]


def test_each_action_is_put_aside_on_its_own(queue):
    retries, waiting = queue

    for index in range(3):
        retries.send(NOBODY, index, "busy")

    assert sorted(index for _, index, _ in waiting()) == [0, 1, 2]


@pytest.mark.parametrize(("tries", "seconds"), [(1, 30), (2, 120), (3, 480), (4, 1800)])
def test_an_action_that_failed_again_waits_longer_each_time(aws, tries, seconds):
    import boto3

    sqs: Any = boto3.client("sqs")
    url = sqs.create_queue(QueueName="retries", Attributes={"VisibilityTimeout": "360"})["QueueUrl"]
    retries = SqsRetryQueue(sqs, url)
    retries.send(NOBODY, 0, "busy")
    now = datetime.now(UTC) + timedelta(minutes=1)
    with time_machine.travel(now, tick=False):
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        retries.postpone(message["ReceiptHandle"], tries)

    def is_there(after: float) -> bool:
        with time_machine.travel(now + timedelta(seconds=after), tick=False):
            return bool(sqs.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages"))

    assert not is_there(seconds * 0.75)
    assert is_there(seconds * 1.25)


def test_an_action_that_was_given_up_goes_to_the_dead_letters_at_once(aws):
    import boto3

    sqs: Any = boto3.client("sqs")
    url = sqs.create_queue(QueueName="retries", Attributes={"VisibilityTimeout": "360"})["QueueUrl"]
    retries = SqsRetryQueue(sqs, url)
    retries.send(NOBODY, 0, "busy")
    now = datetime.now(UTC) + timedelta(minutes=1)
    with time_machine.travel(now, tick=False):
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        retries.postpone(message["ReceiptHandle"], 5)

    with time_machine.travel(now + timedelta(seconds=1), tick=False):
        assert sqs.receive_message(QueueUrl=url).get("Messages")


def test_a_message_that_cannot_be_postponed_is_left_to_the_queue(aws):
    import boto3

    sqs: Any = boto3.client("sqs")
    url = sqs.create_queue(QueueName="retries")["QueueUrl"]

    SqsRetryQueue(sqs, url).postpone("no such receipt", 1)


def wait_of(url: str, sqs: Any) -> int:
    """Return after how many whole minutes the message in the queue can be received."""
    now = datetime.now(UTC)
    for minutes in range(80):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            if sqs.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages"):
                return minutes
    raise AssertionError("it never comes")


@pytest.mark.parametrize(("wait", "least", "most"), [(None, 0, 1), (2.0, 0, 1), (300.0, 5, 7), (3600.0, 14, 16)])
def test_a_wait_that_was_asked_for_is_kept_as_far_as_the_queue_can(aws, wait, least, most):
    import boto3

    sqs: Any = boto3.client("sqs")
    url = sqs.create_queue(QueueName="retries")["QueueUrl"]

    SqsRetryQueue(sqs, url).send(NOBODY, 0, "busy", wait)

    assert least <= wait_of(url, sqs) <= most


@pytest.mark.parametrize(
    ("tries", "wait", "least", "most"), [(1, 600.0, 10, 13), (1, 3600.0, 60, 73), (4, 60.0, 24, 37)]
)
def test_an_action_that_failed_again_waits_as_long_as_was_asked_for(aws, tries, wait, least, most):
    import boto3

    sqs: Any = boto3.client("sqs")
    url = sqs.create_queue(QueueName="retries", Attributes={"VisibilityTimeout": "360"})["QueueUrl"]
    retries = SqsRetryQueue(sqs, url)
    retries.send(NOBODY, 0, "busy")
    now = datetime.now(UTC) + timedelta(minutes=1)
    with time_machine.travel(now, tick=False):
        (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
        retries.postpone(message["ReceiptHandle"], tries, Transient("busy", wait))

        assert least <= wait_of(url, sqs) - 1 <= most
