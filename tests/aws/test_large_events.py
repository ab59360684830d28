"""Events and firings that fit no item: in S3, and nobody notices."""

import random

import pytest
from tests.firings import firing_for
from tests.outages import failing, unreachable
from tests.stores import in_dynamodb
from tests.stories import order_placed

from whenflow.aws.overflow import Overflow
from whenflow.aws.records import event_of, tells_of_event
from whenflow.errors import TooLarge, Transient
from whenflow.testing import an_automation

BUCKET = "events-bucket"
NOISE = random.Random(7).randbytes(600_000).hex()


@pytest.fixture
def s3(dynamodb):
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


@pytest.fixture
def stores(dynamodb, s3, clock):
    return in_dynamodb(dynamodb, clock, Overflow(lambda: s3, BUCKET, "overflow/events"))


def objects(s3):
    return [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.fixture
def large():
    """An event of 1.2 MB that hardly compresses."""
    return order_placed(payload={"noise": NOISE})


def test_a_large_event_comes_back_by_its_id_and_in_every_list(stores, s3, large):
    stores.events.put(large)

    assert stores.events.get(large.id) == large
    assert stores.events.newest(5).events == [large]
    assert list(stores.events.between(large.occurred, large.occurred.replace(hour=13))) == [large]
    assert len(objects(s3)) == 1


def test_an_event_that_fits_an_item_is_in_no_bucket(stores, s3):
    stores.events.put(order_placed())

    assert objects(s3) == []


def test_the_stream_record_of_a_large_event_has_all_of_it(stores, s3, dynamodb, large, monkeypatch):
    from tests.functions.stack import as_lambda_sees_it

    from whenflow.aws import wiring

    stores.events.put(large)
    (item,) = dynamodb.scan(TableName="EventsTable")["Items"]
    record = as_lambda_sees_it({"dynamodb": {"NewImage": item}})
    monkeypatch.setattr(wiring, "overflow", lambda _prefix: Overflow(lambda: s3, BUCKET, "overflow/events"))

    assert event_of(record) == large


def test_a_claim_in_the_stream_tells_of_no_event(stores, dynamodb, ids):
    made = order_placed(7, id=ids.event_id(order_placed().occurred, "order.7"))
    stores.events.put(order_placed(8, id=made.id))

    told = [
        tells_of_event({"dynamodb": {"NewImage": item}}) for item in dynamodb.scan(TableName="EventsTable")["Items"]
    ]

    assert sorted(told) == [False, True]


def test_the_firing_of_a_large_event_is_stored_and_read(stores, large):
    actions = [{"type": "run-deployment", "source": "inferred", "parameters": {"text": "x"}}]
    firing = firing_for(an_automation(actions=actions), large)

    assert stores.firings.put(firing) is True
    assert stores.firings.get(firing.id) == firing


def test_an_event_over_the_limit_is_refused(stores, s3):
    with pytest.raises(TooLarge, match="1,500,000"):
        stores.events.put(order_placed(payload={"noise": NOISE + NOISE}))

    assert stores.events.newest(5).events == []


def test_another_event_under_the_same_id_changes_nothing(stores, large):
    stores.events.put(large)

    again = stores.events.put(order_placed(id=large.id, payload={"noise": NOISE[::-1]}))

    assert again is None
    assert stores.events.get(large.id) == large


def test_an_event_that_cannot_be_put_aside_is_not_stored_and_can_be_sent_again(stores, s3, large):
    with failing(s3, "PutObject", unreachable()), pytest.raises(Transient):
        stores.events.put(large)
    assert stores.events.newest(5).events == []

    assert stores.events.put(large) == large


def test_a_crash_before_the_item_leaves_nothing_that_is_seen(stores, s3, dynamodb, large):
    with failing(dynamodb, "PutItem", unreachable()), pytest.raises(Transient):
        stores.events.put(large)

    assert stores.events.newest(5).events == []
    assert stores.events.put(large) == large
    assert len(objects(s3)) == 1
