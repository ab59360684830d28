"""A hundred thousand stored events: what a page, a resource's page and a count read of them. Counted, not timed."""

import random
from bisect import bisect_right
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.counting import Meter, metered
from tests.quick_table import QuickEvents
from tests.stores import SHARDS
from tests.stories import NOON, order_placed

from whenflow.aws.event_items import EventItems, Place, hour_of
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.hour_keeper import HourKeeper
from whenflow.aws.layer_keeper import LayerKeeper
from whenflow.events.counting import count, request_from_document
from whenflow.events.feed import first_page, next_page
from whenflow.events.filters import filter_from_document
from whenflow.events.ids import addressed_id, shard_of
from whenflow.events.retention import Retention
from whenflow.testing import ManualClock

EVENTS = 100_000
HOURS = 200
OPEN_HOURS = 2 * EVENTS / HOURS * 900 / 8_192
"""Read units for the events of the two hours that are still open."""
RESOURCES = 2_000
NOISE = random.Random(7).randbytes(330).hex()
"""Makes an event of about 1 KB as JSON, and hardly compresses."""

pytestmark = pytest.mark.slow


def an_order(number: int):
    resource = f"order.{number % RESOURCES}"
    occurred = NOON - timedelta(seconds=number * HOURS * 3600 / EVENTS)
    return order_placed(
        id=addressed_id(occurred, shard_of(resource, SHARDS), number),
        resource=resource,
        occurred=occurred,
        payload={"noise": NOISE},
    )


@dataclass
class Costs:
    """What something read, of the events table and of all others."""

    events: QuickEvents
    meter: Meter

    @property
    def read(self) -> float:
        """Read units."""
        return self.events.read + self.meter.read

    @property
    def trips(self) -> int:
        """How often something was read."""
        return self.events.trips + self.meter.trips


@contextmanager
def counted(quick: QuickEvents):
    """Count what is read while this is open."""
    quick.read, quick.trips = 0.0, 0
    with metered(quick._client, quick._client) as meter:
        yield Costs(quick, meter)


@pytest.fixture(scope="module")
def store(simulated_aws):
    """The event store with its hundred thousand events of 200 hours; all hours but the last two are closed."""
    import boto3
    import requests
    from tests.tables import create_tables

    requests.post("http://motoapi.amazonaws.com/moto-api/reset", timeout=5).raise_for_status()
    client, clock = boto3.client("dynamodb"), ManualClock(NOON - timedelta(days=1))
    create_tables(client)
    quick: Any = QuickEvents(client)
    events = DynamoEventStore(quick, "EventsTable", "StateTable", SHARDS, 30, clock)
    items = EventItems(None, Retention(timedelta(days=30)), clock)
    orders = [an_order(number) for number in range(EVENTS)]
    quick.fill([items.item(one, Place(one.occurred, shard_of(one.resource_id, SHARDS), one.id)) for one in orders])
    for hour in sorted({hour_of(one.occurred) for one in orders}):
        events.hours.note(hour, SHARDS)
    clock.advance(5_000)
    report = HourKeeper(events.reader, events.digests, None, clock).close_hours(1_000)
    assert (report.closed, report.failed) == (HOURS + 1, 0)
    clock.advance(86_400 - 5_000)
    for hours in range(3):
        events.hours.note(hour_of(NOON - timedelta(hours=hours)), SHARDS)
    return events, quick


def asked(**parts):
    return filter_from_document(parts)


def test_a_page_of_the_fifty_newest_costs_sixty_read_units_at_most_and_a_trip_for_each_shard(store):
    events, quick = store

    with counted(quick) as costs:
        page = first_page(events, asked(), 50, NOON)

    assert [event.id for event in page.events] == [an_order(number).id for number in range(50)]
    assert costs.read <= 60
    # The newest hour has one event only; the calendar, its counts, and a little of the open hour for the total.
    assert costs.trips <= 2 * SHARDS + 5
    assert page.total >= EVENTS * 0.98
    assert not page.is_exact


def test_the_newest_page_of_the_store_itself_costs_no_more(store):
    events, quick = store

    with counted(quick) as costs:
        assert len(events.newest(50).events) == 50

    assert costs.read <= 60


def test_the_next_page_costs_no_more_than_the_first(store):
    events, quick = store
    first = first_page(events, asked(), 50, NOON)
    assert first.next

    with counted(quick) as costs:
        page = next_page(events, first.next)

    assert [event.id for event in page.events] == [an_order(number).id for number in range(50, 100)]
    assert costs.read <= 60


def test_a_page_of_one_resource_reads_what_it_shows_its_open_hours_and_little_more(store):
    events, quick = store
    mine = [an_order(number) for number in range(7, EVENTS, RESOURCES)]

    with counted(quick) as costs:
        page = first_page(events, asked(resource={"id": ["order.7"]}), 50, NOON)

    assert [event.id for event in page.events] == [event.id for event in mine]
    shown = sum(0.5 for _ in mine)
    assert costs.read <= shown + OPEN_HOURS / SHARDS + HOURS * 0.5 + 30


def test_a_count_by_hour_reads_the_open_hours_and_little_more(store):
    events, quick = store
    since = NOON - timedelta(hours=HOURS - 1)
    document = {
        "filter": {"occurred": {"since": since.isoformat(), "until": NOON.isoformat()}},
        "time_unit": "hour",
    }
    with counted(quick) as costs:
        counts = count(events, request_from_document("time", document, NOON))

    assert [one.count for one in counts][1:-1] == [500] * (HOURS - 2)
    assert costs.read <= OPEN_HOURS + 30


def test_a_count_by_name_of_closed_hours_reads_no_event(store):
    events, quick = store
    until = NOON - timedelta(hours=10, microseconds=1)
    document = {
        "filter": {"occurred": {"since": (NOON - timedelta(hours=110)).isoformat(), "until": until.isoformat()}}
    }

    with counted(quick) as costs:
        (one,) = count(events, request_from_document("event", document, NOON))

    assert one.count == 100 * 500
    assert costs.read <= 100


IN_ONE_HOUR = NOON + timedelta(minutes=59)


def a_busy_order(number: int):
    """One of a hundred thousand orders of one hour, of which 2,000 resources have fifty each."""
    resource = f"order.{number % RESOURCES}"
    occurred = IN_ONE_HOUR - timedelta(seconds=number * 3_540 / EVENTS)
    return order_placed(
        id=addressed_id(occurred, shard_of(resource, SHARDS), number),
        resource=resource,
        occurred=occurred,
        payload={"noise": NOISE},
    )


@pytest.fixture(scope="module")
def busy_hour(simulated_aws):
    """The event store with a hundred thousand events of this hour, looked at each minute; and what that cost."""
    import boto3
    import requests
    from tests.tables import create_tables

    requests.post("http://motoapi.amazonaws.com/moto-api/reset", timeout=5).raise_for_status()
    client, observer, clock = boto3.client("dynamodb"), boto3.client("dynamodb"), ManualClock(NOON)
    create_tables(client)
    quick: Any = QuickEvents(client)
    events = DynamoEventStore(quick, "EventsTable", "StateTable", SHARDS, 30, clock)
    events.hours.note(hour_of(NOON), SHARDS)
    items = EventItems(None, Retention(timedelta(days=30)), clock)
    orders = [a_busy_order(number) for number in range(EVENTS)]
    orders.reverse()
    keeper = LayerKeeper(events.reader, events.hours, events.arrivals, events.layers, clock)
    with metered(client, observer) as meter:
        while clock.now() < IN_ONE_HOUR:
            clock.advance(60)
            fresh = [orders.pop(0) for _ in range(bisect_right(orders, clock.now(), key=lambda one: one.occurred))]
            places = [Place(one.occurred, shard_of(one.resource_id, SHARDS), one.id) for one in fresh]
            quick.fill([items.item(one, place) for one, place in zip(fresh, places, strict=True)])
            keeper.look()
    return events, quick, (meter.written / EVENTS, (quick.read + meter.read) / EVENTS)


def test_layers_cost_little_for_each_event(busy_hour):
    written, read = busy_hour[2]

    assert written <= 0.06
    assert read <= 0.15


def test_the_newest_page_of_a_busy_hour_costs_sixty_read_units_at_most(busy_hour):
    events, quick, _ = busy_hour

    with counted(quick) as costs:
        page = first_page(events, asked(), 50, IN_ONE_HOUR)

    assert [event.id for event in page.events] == [a_busy_order(number).id for number in range(50)]
    assert costs.read <= 60


def test_a_page_of_one_resource_of_a_busy_hour_reads_what_it_shows_and_the_last_minutes_of_its_shard(busy_hour):
    events, quick, _ = busy_hour
    mine = [a_busy_order(number).id for number in range(7, EVENTS, RESOURCES)]

    with counted(quick) as costs:
        page = first_page(events, asked(resource={"id": ["order.7"]}), 50, IN_ONE_HOUR)

    assert [event.id for event in page.events] == mine
    assert costs.read <= len(mine) * 0.5 + 100


@pytest.mark.parametrize("by", ["time", "event"])
def test_a_count_of_a_busy_hour_reads_its_last_minutes(busy_hour, by):
    events, quick, _ = busy_hour
    time = {"since": (NOON - timedelta(hours=1)).isoformat(), "until": (NOON + timedelta(hours=1)).isoformat()}
    document = {"filter": {"occurred": time}, "time_unit": "hour"}

    with counted(quick) as costs:
        counts = count(events, request_from_document(by, document, IN_ONE_HOUR))

    assert sum(one.count for one in counts) == EVENTS
    assert costs.read <= 300
