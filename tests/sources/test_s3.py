"""An object put into a bucket becomes an event."""

import pytest
from tests.stories import BUCKET, NOON, clients_csv_notification

from whenflow.sources import event_from_eventbridge


def arrived(key: str = "clients.csv", **changes):
    return event_from_eventbridge(clients_csv_notification(key, **changes), NOON)


def test_the_event_stands_on_the_object():
    event = arrived()

    assert event.event == "aws.s3.object-created"
    assert event.resource == {
        "prefect.resource.id": "s3://incoming/clients.csv",
        "prefect.resource.name": "clients.csv",
    }


def test_the_bucket_is_related():
    assert arrived().related[0] == BUCKET


def test_account_and_region_are_related():
    assert arrived().related[1] == {
        "prefect.resource.id": "aws.account.111122223333",
        "prefect.resource.role": "account",
        "aws.region": "eu-west-1",
    }


def test_the_payload_says_what_is_known_of_the_object():
    assert arrived().payload == {
        "bucket": "incoming",
        "key": "clients.csv",
        "size": 1024,
        "etag": "b1946ac92492d2347c6235b4d2611184",
        "version_id": None,
        "sequencer": "00617F08299329D189",
        "reason": "PutObject",
        "requester": "123456789012",
    }


@pytest.mark.parametrize(
    "key",
    [
        "new clients.csv",
        "a+b.csv",
        "100%.csv",
        "kunden/Zoë 😀.csv",
        "a%20b.csv",
        "?x=#y",
        "/leading",
        "folder/",
        "a//b",
    ],
)
def test_a_key_is_taken_as_it_is(key):
    event = arrived(key)

    assert event.resource_id == f"s3://incoming/{key}"
    assert event.payload["key"] == key


def test_the_event_occurred_when_the_object_was_put():
    assert arrived(time="2026-11-20T11:59:58Z").as_document()["occurred"] == "2026-11-20T11:59:58.000000Z"


def test_the_notifications_id_is_the_events():
    assert arrived().id == "17793124-05d4-b198-2fde-7ededc63b103"


@pytest.mark.parametrize(
    ("detail_type", "name"),
    [
        ("Object Created", "aws.s3.object-created"),
        ("Object Deleted", "aws.s3.object-deleted"),
        ("Object Restore Completed", "aws.s3.object-restore-completed"),
    ],
)
def test_whatever_happens_to_an_object_is_an_event(detail_type, name):
    assert arrived(**{"detail-type": detail_type}).event == name


def test_a_removed_object_has_no_size():
    notification = clients_csv_notification()
    del notification["detail"]["object"]["size"]

    assert event_from_eventbridge(notification, NOON).payload["size"] is None
