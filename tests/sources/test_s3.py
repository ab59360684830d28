"""An object put into a bucket becomes an event."""

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.conftest import told
from tests.stories import BUCKET, clients_csv_notification

from whenflow.sources import notices_of

SEQUENCER = "00617F08299329D189"
KEYS = [
    "new clients.csv",
    "a+b.csv",
    "100%.csv",
    "kunden/Zoë 😀.csv",
    "a%20b.csv",
    "?x=#y",
    "/leading",
    "folder/",
    "a//b",
]


def arrived(key: str = "clients.csv", **changes):
    return told(clients_csv_notification(key, **changes))


def record(key: str = "clients.csv", name: str = "ObjectCreated:Put", **of_object):
    """What S3 itself hands to a function; it form-encodes the key."""
    return {
        "eventVersion": "2.3",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-11-20T12:00:00.123Z",
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDA"},
        "requestParameters": {"sourceIPAddress": "1.2.3.4"},
        "s3": {
            "bucket": {"name": "incoming", "arn": "arn:aws:s3:::incoming"},
            "object": {
                "key": quote_plus(key, safe="/"),
                "size": 1024,
                "eTag": "b1946ac92492d2347c6235b4d2611184",
                "sequencer": SEQUENCER,
                **of_object,
            },
        },
    }


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


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_taken_as_it_is(key):
    event = arrived(key)

    assert event.resource_id == f"s3://incoming/{key}"
    assert event.payload["key"] == key


def test_the_event_occurred_when_the_object_was_put():
    assert arrived(time="2026-11-20T11:59:58Z").as_document()["occurred"] == "2026-11-20T11:59:58.000000Z"


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

    assert told(notification).payload["size"] is None


@pytest.mark.parametrize("key", KEYS)
def test_s3_itself_tells_the_same_key(key):
    assert told({"Records": [record(key)]}).resource_id == f"s3://incoming/{key}"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=50))
def test_any_key_comes_through_either_way(key):
    direct, by_eventbridge = told({"Records": [record(key)]}), arrived(key)

    assert direct.payload["key"] == by_eventbridge.payload["key"] == key
    assert direct.id == by_eventbridge.id


def test_told_by_s3_itself_the_event_is_the_same():
    direct, by_eventbridge = told({"Records": [record()]}), arrived()

    assert (direct.event, direct.resource, direct.id) == (
        by_eventbridge.event,
        by_eventbridge.resource,
        by_eventbridge.id,
    )
    assert direct.payload.items() >= {"bucket": "incoming", "key": "clients.csv", "size": 1024}.items()
    assert direct.related[0] == BUCKET


def test_told_by_both_ways_it_is_one_event(world, receive):
    receive(clients_csv_notification())
    receive({"Records": [record()]})

    assert world.events.names() == ["aws.s3.object-created"]


def test_the_same_key_put_again_is_another_event(world, receive):
    receive({"Records": [record()]})
    receive({"Records": [record(sequencer="00617F08299329D18A")]})

    assert len(world.events.names()) == 2


def test_two_versions_of_a_key_are_two_events(world, receive):
    receive({"Records": [record(versionId="v1"), record(versionId="v2")]})

    assert [event.payload["version_id"] for event in world.events.stored.values()] == ["v1", "v2"]


@pytest.mark.parametrize("sequencer", [None, "", "0", 7])
def test_where_s3_does_not_number_what_happens_the_notification_is_the_event(sequencer):
    notification = clients_csv_notification()
    notification["detail"]["object"]["sequencer"] = sequencer

    assert told(notification).id == notification["id"]


def test_put_and_removed_are_two_events_of_one_key():
    assert arrived().id != arrived(**{"detail-type": "Object Deleted"}).id


@pytest.mark.parametrize(
    ("told_by_s3", "name"),
    [
        ("ObjectCreated:Put", "aws.s3.object-created"),
        ("ObjectCreated:CompleteMultipartUpload", "aws.s3.object-created"),
        ("s3:ObjectCreated:Copy", "aws.s3.object-created"),
        ("ObjectRemoved:Delete", "aws.s3.object-deleted"),
        ("ObjectRemoved:DeleteMarkerCreated", "aws.s3.object-deleted"),
        ("LifecycleExpiration:Delete", "aws.s3.object-deleted"),
        ("ObjectRestore:Post", "aws.s3.object-restore-initiated"),
        ("ObjectRestore:Completed", "aws.s3.object-restore-completed"),
        ("ObjectRestore:Delete", "aws.s3.object-restore-expired"),
        ("ObjectTagging:Put", "aws.s3.object-tags-added"),
        ("ObjectTagging:Delete", "aws.s3.object-tags-deleted"),
        ("ObjectAcl:Put", "aws.s3.object-acl-updated"),
        ("LifecycleTransition", "aws.s3.object-storage-class-changed"),
        ("IntelligentTiering", "aws.s3.object-access-tier-changed"),
        ("Replication:OperationMissedThreshold", "aws.s3.replication-operationmissedthreshold"),
    ],
)
def test_what_s3_itself_tells_has_eventbridges_names(told_by_s3, name):
    assert told({"Records": [record(name=told_by_s3)]}).event == name


def test_several_records_are_several_events(receive):
    events = receive({"Records": [record(f"{n}.csv") for n in range(3)]})

    assert [event.payload["key"] for event in events] == ["0.csv", "1.csv", "2.csv"]


def test_the_message_that_tries_a_destination_tells_nothing():
    tried = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-20T12:00:00Z", "Bucket": "incoming"}

    assert notices_of(tried) == []


@pytest.mark.parametrize(
    ("detail", "missing"),
    [
        ({"bucket": {}, "object": {"key": "a"}}, "bucket"),
        ({"object": {"key": "a"}}, "bucket"),
        ({"bucket": "incoming", "object": {"key": "a"}}, "bucket"),
        ({"bucket": {"name": "incoming"}, "object": {}}, "key"),
        ({"bucket": {"name": "incoming"}, "object": "a"}, "key"),
        ({"bucket": {"name": "incoming"}, "object": {"key": 7}}, "key"),
    ],
)
def test_a_notification_about_an_object_that_names_none_says_so(receive, detail, missing):
    (event,) = receive(clients_csv_notification(detail=detail))

    assert event.event == "whenflow.source.failed"
    assert f"names no {missing}" in event.payload["reason"]


def test_a_broken_record_does_not_stop_its_neighbours(receive):
    broken = record()
    del broken["s3"]["bucket"]

    events = receive({"Records": [record("1.csv"), broken, record("2.csv")]})

    assert [event.event for event in events] == [
        "aws.s3.object-created",
        "whenflow.source.failed",
        "aws.s3.object-created",
    ]
