"""Closed hours: counted, indexed by resource, archived; open again when something comes late."""

import gzip
import json
from datetime import timedelta

import pytest
from tests.counting import metered
from tests.outages import failing, unreachable
from tests.stores import RETENTION_DAYS, SHARDS
from tests.stories import NOON, order_placed

from whenflow.aws.archive import EventArchive
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.hour_keeper import HourKeeper
from whenflow.cli.event_files import EventFile
from whenflow.events import Event
from whenflow.events.reading import NameTally, Span, Tally
from whenflow.events.retention import Retention
from whenflow.testing import an_event

BUCKET = "archive-bucket"
HOUR = timedelta(hours=1)
DAYS = timedelta(days=1)


@pytest.fixture
def s3(dynamodb):
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


@pytest.fixture
def keeper(stores, s3, clock):
    archive = EventArchive(lambda: s3, BUCKET, "archive")
    return HourKeeper(stores.events.reader, stores.events.digests, archive, clock)


def about(events, resource, **span):
    found = events.scan(Span(NOON - DAYS, NOON + DAYS, resources=(resource,), as_primary=False, **span))
    return [one for one in found if isinstance(one, Event)]


def archived(s3):
    names = [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    return {
        name: [
            json.loads(line)
            for line in gzip.decompress(s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()).splitlines()
        ]
        for name in names
    }


def test_an_hour_is_closed_when_nothing_was_noted_for_a_while(stores, keeper, clock):
    stores.events.put(order_placed())
    clock.advance(3_600)
    assert keeper.close_hours(60).closed == 0

    clock.advance(600)

    assert keeper.close_hours(60).closed == 1
    assert keeper.close_hours(60).closed == 0
    assert stores.events.tallies(NOON, NOON) == {NOON: Tally(1)}


def test_a_closed_hour_knows_how_many_events_of_each_name_it_holds(stores, keeper, clock):
    for second in range(5):
        stores.events.put(order_placed(second, occurred=NOON + timedelta(seconds=second)))
    stores.events.put(an_event("user.signed-up", "user.1"))
    clock.advance(4_000)
    keeper.close_hours(60)

    assert stores.events.tallies(NOON, NOON, names=True)[NOON].names == {
        "order.placed": NameTally(5, NOON, NOON + timedelta(seconds=4)),
        "user.signed-up": NameTally(1, NOON, NOON),
    }


def test_the_events_of_a_resource_are_found_through_the_closed_hours(stores, keeper, clock):
    for number in range(300):
        stores.events.put(order_placed(number % 30, id=None, occurred=NOON + timedelta(seconds=number * 10)))
    mentioning = an_event(
        "order.shipped", "parcel.1", related=[{"prefect.resource.id": "order.3", "prefect.resource.role": "order"}]
    )
    stores.events.put(mentioning)
    clock.advance(8_000)
    keeper.close_hours(60)

    found = about(stores.events, "order.3")

    assert len(found) == 11
    assert {event.resource_id for event in found} == {"order.3", "parcel.1"}
    assert found == sorted(found, key=lambda one: (one.occurred, one.id), reverse=True)
    assert about(stores.events, "order.3", newest_first=False) == found[::-1]


def test_an_event_that_comes_late_opens_its_hour_again(stores, keeper, clock, dynamodb):
    stores.events.put(order_placed(1))
    clock.advance(4_000)
    keeper.close_hours(60)

    late = order_placed(2, occurred=NOON + timedelta(minutes=5))
    stores.events.put(late)

    assert stores.events.tallies(NOON, NOON) == {NOON: None}
    assert late in about(stores.events, "order.2")
    clock.advance(4_000)
    keeper.close_hours(60)
    assert stores.events.tallies(NOON, NOON) == {NOON: Tally(2)}
    assert about(stores.events, "order.2") == [late]


def test_an_event_stored_while_its_hour_is_being_closed_is_not_missed(stores, keeper, clock, dynamodb, monkeypatch):
    stores.events.put(order_placed(1))
    clock.advance(4_000)
    read = stores.events.reader.held_in
    late = order_placed(2, occurred=NOON + timedelta(minutes=5))

    def and_then(hour, shard):
        held = list(read(hour, shard))
        if shard == SHARDS - 1:
            stores.events.put(late)
        return iter(held)

    monkeypatch.setattr(stores.events.reader, "held_in", and_then)

    assert keeper.close_hours(60).closed == 0
    assert stores.events.tallies(NOON, NOON) == {NOON: None}
    assert late in about(stores.events, "order.2")


def test_a_crash_while_closing_leaves_the_hour_open(stores, keeper, clock, dynamodb):
    stores.events.put(order_placed(1))
    clock.advance(4_000)

    with failing(dynamodb, "UpdateItem", unreachable()):
        assert keeper.close_hours(60).failed == 1

    assert stores.events.tallies(NOON, NOON) == {NOON: None}
    assert keeper.close_hours(60).closed == 1


def test_one_hour_that_cannot_be_closed_does_not_keep_the_others_open(stores, keeper, clock, dynamodb, monkeypatch):
    stores.events.put(order_placed(1))
    stores.events.put(order_placed(2, occurred=NOON - 3 * HOUR))
    clock.advance(4_000)
    read = stores.events.reader.held_in

    def broken(hour, shard):
        if hour.endswith("T09"):
            raise ValueError("this hour cannot be read")
        return read(hour, shard)

    monkeypatch.setattr(stores.events.reader, "held_in", broken)

    report = keeper.close_hours(60)

    assert (report.closed, report.failed) == (1, 1)


def test_closing_stops_when_its_time_is_over_and_goes_on_later(stores, keeper, clock):
    for hours in range(3):
        stores.events.put(order_placed(hours, occurred=NOON - hours * HOUR))
    clock.advance(4_000)

    assert keeper.close_hours(0).is_finished is False
    assert keeper.close_hours(60).closed == 3


def test_counts_of_an_hour_of_which_something_has_expired_are_not_trusted(dynamodb, clock):
    retention = Retention(30 * DAYS, {"heartbeat": 7 * DAYS})
    events = DynamoEventStore(dynamodb, "EventsTable", "StateTable", SHARDS, retention, clock)
    events.put_many([an_event("heartbeat", "run.1"), an_event("order.placed", "order.1")])
    clock.advance(4_000)
    HourKeeper(events.reader, events.digests, None, clock).close_hours(60)
    assert events.tallies(NOON, NOON) == {NOON: Tally(2)}

    clock.advance(7 * 24 * 3600)

    assert events.tallies(NOON, NOON) == {NOON: None}


def test_closed_hours_are_archived_as_lines_that_a_backtest_reads(stores, keeper, s3, clock, tmp_path):
    told = [order_placed(number, occurred=NOON + timedelta(seconds=number)) for number in range(20)]
    stores.events.put_many(told)
    clock.advance(4_000)
    keeper.close_hours(60)

    names = sorted(archived(s3))
    read = []
    for number, name in enumerate(names):
        file = tmp_path / f"{number}.jsonl.gz"
        file.write_bytes(s3.get_object(Bucket=BUCKET, Key=name)["Body"].read())
        with EventFile(str(file), strict=True) as events:
            read += list(events)

    assert names[0].startswith("archive/day=2026-11-20/hour=12/events-")
    assert sorted(read, key=lambda one: one.occurred) == told


def test_an_hour_archived_again_holds_every_event_once_also_those_that_have_expired(
    stores, keeper, s3, clock, dynamodb
):
    first = order_placed(7)
    stores.events.put(first)
    clock.advance(4_000)
    keeper.close_hours(60)
    (item,) = dynamodb.scan(TableName="EventsTable")["Items"]
    dynamodb.delete_item(TableName="EventsTable", Key={"bucket": item["bucket"], "key": item["key"]})

    stores.events.put(order_placed(7, occurred=NOON + timedelta(minutes=1)))
    clock.advance(4_000)
    keeper.close_hours(60)

    ((lines),) = archived(s3).values()
    assert sorted(line["occurred"] for line in lines) == ["2026-11-20T12:00:00.000000Z", "2026-11-20T12:01:00.000000Z"]


def test_closing_an_hour_costs_little_for_each_event(stores, keeper, clock, dynamodb, observer):
    for number in range(400):
        stores.events.put(order_placed(number, occurred=NOON + timedelta(seconds=number)))
    clock.advance(4_000)

    with metered(dynamodb, observer) as meter:
        keeper.close_hours(60)

    assert meter.written / 400 <= 0.06
    assert meter.read / 400 <= 0.1


def test_a_retention_can_only_be_shortened(dynamodb, clock):
    retention = Retention(timedelta(days=RETENTION_DAYS), {"tick": DAYS, "tock": 400 * DAYS})
    events = DynamoEventStore(dynamodb, "EventsTable", "StateTable", SHARDS, retention, clock)
    for name in ("tick", "tock", "other"):
        events.put(an_event(name, "clock.1"))

    items = dynamodb.scan(TableName="EventsTable")["Items"]

    kept = sorted(int(item["expires"]["N"]) - int(clock.now().timestamp()) for item in items)
    assert kept == [86_400, 30 * 86_400, 30 * 86_400]


def test_f14_an_event_that_has_expired_is_gone_before_the_table_removes_it(stores, clock):
    order = order_placed()
    stores.events.put(order)

    clock.advance(RETENTION_DAYS * 86_400)

    assert stores.events.get(order.id) is None
    assert stores.events.newest(5).events == []
    assert about(stores.events, "order.7") == []
