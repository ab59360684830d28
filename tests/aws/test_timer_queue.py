"""Rings, through the delays of a queue."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.outages import failing, refusal, unreachable
from tests.stories import NOON

from whenflow.automations.rows import SLOT, RowKey, row_key_from
from whenflow.aws.timer_queue import SqsTimerQueue
from whenflow.errors import Transient
from whenflow.ports import Due

KEY = RowKey(SLOT, "t-1", ("ann", "Köln"))


@pytest.fixture
def sqs(aws: None) -> Any:
    """A client of SQS."""
    import boto3

    return boto3.client("sqs")


@pytest.fixture
def sent(sqs: Any) -> list[dict[str, Any]]:
    """What is sent, with its delay."""
    calls: list[dict[str, Any]] = []
    sqs.meta.events.register("provide-client-params.sqs.SendMessage", lambda params, **_: calls.append(params))
    return calls


@pytest.fixture
def timers(sqs, sent, clock) -> SqsTimerQueue:
    """The timer queue."""
    return SqsTimerQueue(sqs, sqs.create_queue(QueueName="timers")["QueueUrl"], clock)


def due(seconds: float) -> Due:
    return Due(KEY, "a-1", NOON + timedelta(seconds=seconds))


def test_a_ring_names_the_row_that_is_due(timers, sent):
    timers.ring_at(due(10))

    message = json.loads(sent[0]["MessageBody"])
    assert row_key_from(message["trigger_id"], message["sort"]) == KEY
    assert message["automation_id"] == "a-1"


@pytest.mark.parametrize(
    ("seconds", "delay"), [(10, 10), (9.001, 10), (0, 0), (-5, 0), (900, 900), (901, 900), (10**6, 900)]
)
def test_a_ring_comes_not_before_its_time_and_at_most_fifteen_minutes_ahead(timers, sent, seconds, delay):
    timers.ring_at(due(seconds))

    assert sent[0]["DelaySeconds"] == delay


@pytest.mark.parametrize(("seconds", "delay"), [(10, 10), (9.001, 10), (-5, 0), (10**6, 900)])
def test_a_ring_that_starts_a_run_names_it_and_itself_and_comes_not_before_its_time(timers, sent, seconds, delay):
    timers.launch_at("r-1", NOON + timedelta(seconds=seconds), "ring-1")

    assert json.loads(sent[0]["MessageBody"]) == {"flow_run_id": "r-1", "ring": "ring-1"}
    assert sent[0]["DelaySeconds"] == delay


def test_a_held_event_is_asked_for_by_its_id_and_attempt(timers, sent):
    timers.ask_for_held("e-1", 5, 2)

    assert (json.loads(sent[0]["MessageBody"]), sent[0]["DelaySeconds"]) == ({"held": "e-1", "attempt": 2}, 5)


@pytest.mark.parametrize("error", [unreachable(), refusal("QueueDoesNotExist")])
def test_a_queue_that_does_not_take_it_is_tried_again_later(timers, sqs, error):
    with failing(sqs, "SendMessage", error), pytest.raises(Transient, match=type(error).__name__):
        timers.ring_at(due(10))
