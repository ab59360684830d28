"""EventBridge rules, S3 itself, queues, Kafka."""

import json

import pytest
from tests.functions.stack import queue_record
from tests.outages import failing, unreachable
from tests.sources.test_eventbridge import ORDER
from tests.sources.test_kafka import batch
from tests.sources.test_kafka import record as kafka_record
from tests.sources.test_s3 import record as s3_record
from tests.stories import clients_csv_notification

from whenflow.aws import wiring
from whenflow.errors import Rejected, Transient


def test_an_object_put_into_the_bucket_becomes_an_event(stack):
    answer = stack.invoke("notification", clients_csv_notification("new clients+ä.csv"))

    (event,) = stack.events()
    assert answer == {"event_ids": [event.id]}
    assert (event.event, event.resource_id) == ("aws.s3.object-created", "s3://incoming/new clients+ä.csv")


def test_a_notification_delivered_twice_is_one_event(stack):
    for _ in range(2):
        stack.invoke("notification", clients_csv_notification())

    assert stack.names() == ["aws.s3.object-created"]


def test_what_is_no_notification_fails_so_that_it_ends_in_the_dead_letters(stack):
    with pytest.raises(Rejected):
        stack.invoke("notification", {"hello": "world"})


def test_when_the_table_cannot_be_reached_it_fails_so_that_it_is_delivered_again(stack):
    with failing(wiring.dynamodb(), "PutItem", unreachable()), pytest.raises(Transient):
        stack.invoke("notification", clients_csv_notification())

    stack.invoke("notification", clients_csv_notification())

    assert stack.names() == ["aws.s3.object-created"]


def orders(**changes):
    """A source, as a client creates it."""
    template = {"event": "order.placed", "resource": {"prefect.resource.id": "order.{{ detail.number }}"}}
    return {"name": "orders", "pattern": {"source": ["shop"]}, "template": template, **changes}


def test_a_source_says_what_becomes_of_a_notification(stack):
    stack.api("POST", "/sources", orders())

    stack.invoke("notification", ORDER)

    assert stack.names() == ["order.placed"]


def test_a_new_source_and_its_end_are_known_within_a_second(stack, monkeypatch):
    now = 100.0
    monkeypatch.setattr("whenflow.aws.source_directory.time.monotonic", lambda: now)
    stack.invoke("notification", ORDER)
    made = stack.api("POST", "/sources", orders()).document
    now += 1.0
    stack.invoke("notification", {**ORDER, "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467719"})
    stack.api("DELETE", f"/sources/{made['id']}")
    now += 1.0
    stack.invoke("notification", {**ORDER, "id": "6a7e8feb-b491-4cf7-a9f1-bf370346771a"})

    assert sorted(stack.names()) == ["order.placed", "shop.order-placed", "shop.order-placed"]


def test_within_a_second_no_source_is_read_again(stack, monkeypatch):
    monkeypatch.setattr("whenflow.aws.source_directory.time.monotonic", lambda: 100.0)
    stack.invoke("notification", ORDER)

    with failing(wiring.dynamodb(), "GetItem", unreachable()), failing(wiring.dynamodb(), "Query", unreachable()):
        stack.invoke("notification", clients_csv_notification())

    assert len(stack.names()) == 2


def test_s3_itself_may_invoke_it_with_several_records(stack):
    stack.invoke("notification", {"Records": [s3_record("a b.csv"), s3_record("c.csv")]})

    assert sorted(event.resource_id for event in stack.events()) == ["s3://incoming/a b.csv", "s3://incoming/c.csv"]


def test_s3_may_try_whether_it_is_there(stack):
    assert stack.invoke("notification", {"Service": "Amazon S3", "Event": "s3:TestEvent"}) == {"event_ids": []}


def test_messages_of_a_queue_become_events_each_by_itself(stack):
    messages = [
        queue_record(json.dumps({"Records": [s3_record()]}), "m-1"),
        queue_record("poison", "m-2"),
        queue_record(json.dumps(ORDER), "m-3"),
    ]

    assert stack.invoke("notification", {"Records": messages}) == {"batchItemFailures": []}
    assert sorted(stack.names()) == ["aws.s3.object-created", "shop.order-placed", "whenflow.source.failed"]


def test_a_message_that_cannot_be_stored_now_is_asked_for_again(stack):
    message = queue_record(json.dumps(ORDER), "m-1")

    with failing(wiring.dynamodb(), "PutItem", unreachable()):
        answer = stack.invoke("notification", {"Records": [message]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}


def test_records_of_kafka_become_events_and_poison_blocks_nothing(stack):
    stack.invoke("notification", batch(kafka_record(0), {"topic": "signups"}, kafka_record(2)))

    assert sorted(stack.names()) == ["kafka.record-received", "kafka.record-received", "whenflow.source.failed"]


def test_a_batch_of_kafka_that_fails_half_way_is_delivered_again_and_counted_once(stack):
    stack.invoke("notification", batch(kafka_record(0)))
    with failing(wiring.dynamodb(), "PutItem", unreachable()), pytest.raises(Transient):
        stack.invoke("notification", batch(kafka_record(0), kafka_record(1)))

    stack.invoke("notification", batch(kafka_record(0), kafka_record(1)))

    assert sorted(event.payload["offset"] for event in stack.events()) == [0, 1]
