"""Notifications that come by way of a queue."""

import json

from tests.sources.conftest import Fixed
from tests.sources.test_s3 import record
from tests.stories import clients_csv_notification

from whenflow.sources import NotificationReceiver


def message(world, body):
    """Have a message received; return the events that came of it."""
    receiver = NotificationReceiver(Fixed([]), world.events, world.clock, world.ids)
    return [world.events.stored[id_] for id_ in receiver.receive_message(body, "message-1")]


def test_what_s3_sends_to_a_queue_becomes_events(world):
    events = message(world, json.dumps({"Records": [record("a b.csv"), record("c.csv")]}))

    assert [event.resource_id for event in events] == ["s3://incoming/a b.csv", "s3://incoming/c.csv"]


def test_what_a_rule_sends_to_a_queue_becomes_an_event(world):
    (event,) = message(world, json.dumps(clients_csv_notification()))

    assert event.event == "aws.s3.object-created"


def test_what_sns_passes_on_is_unwrapped(world):
    wrapped = {"Type": "Notification", "MessageId": "m", "Message": json.dumps({"Records": [record()]})}

    (event,) = message(world, json.dumps(wrapped))

    assert event.event == "aws.s3.object-created"


def test_a_message_that_is_no_notification_is_told_of_once(world):
    (event,) = message(world, "hello")
    (again,) = message(world, "hello")

    assert event == again
    assert event.event == "whenflow.source.failed"
    assert event.payload["reason"].startswith("The message is not valid JSON")
    assert event.payload["notification"] == {"message": "hello"}


def test_a_message_that_is_some_other_json_is_told_of(world):
    for body in ("[]", "{}", "7"):
        (event,) = message(world, body)
        assert event.event == "whenflow.source.failed"
