"""Layers of hours that are still open: lists and counts go through them, and miss nothing that comes late."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.outages import failing, unreachable
from tests.stores import in_dynamodb
from tests.stories import NOON, order_placed
from tests.tables import create_tables

from whenflow.aws import hour_layers, layer_keeper
from whenflow.aws.hour_keeper import HourKeeper
from whenflow.aws.layer_keeper import LayerKeeper
from whenflow.errors import Transient
from whenflow.events import Event
from whenflow.events.counting import count, request_from_document
from whenflow.events.feed import first_page
from whenflow.events.filters import filter_from_document
from whenflow.events.reading import Span
from whenflow.testing import ManualClock

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def small_layers(monkeypatch):
    """Five events are worth a layer, and three layers are put together."""
    monkeypatch.setattr(layer_keeper, "ENOUGH", 5)
    monkeypatch.setattr(hour_layers, "AT_ONCE", 3)


@pytest.fixture
def keeper(stores, clock):
    return keeper_of(stores, clock)


def keeper_of(stores, clock) -> LayerKeeper:
    events = stores.events
    return LayerKeeper(events.reader, events.hours, events.arrivals, events.layers, clock)


@pytest.fixture
def happens(stores, clock):
    """Stores an order that occurred some seconds ago, and is received now."""

    def happen(number: int = 7, ago: float = 0, **changes) -> Event:
        now = clock.now()
        order = order_placed(number, id=None, occurred=now - timedelta(seconds=ago), **changes)
        order = replace(order, received=now)
        stores.events.put(order)
        return order

    return happen


def to_events(call):
    return call["TableName"] == "EventsTable"


def to_notes(call):
    return str(call.get("ExpressionAttributeValues", {}).get(":minute", {}).get("S", "")).startswith("arrived#")


def about(stores, resource, **span):
    found = stores.events.scan(Span(NOON - HOUR, NOON + 9 * HOUR, resources=(resource,), **span))
    return [one for one in found if isinstance(one, Event) and one.resource_id == resource]


def total(stores, now):
    """Count the events of an hour and all names of it, as the API does."""
    document = {"filter": {"occurred": {"since": (NOON - 9 * HOUR).isoformat(), "until": now.isoformat()}}}
    return {one.value: one.count for one in count(stores.events, request_from_document("event", document, now))}


def busy(happens, clock, keeper, minutes: int) -> list[Event]:
    """Let three orders come in every minute, and look at them."""
    told = []
    for minute in range(minutes):
        told += [happens(minute * 3 + number) for number in range(3)]
        clock.advance(60)
        keeper.look()
    return told


def test_what_came_in_is_in_layers_after_a_while(stores, keeper, happens, clock):
    told = busy(happens, clock, keeper, 10)

    layers = stores.events.layers.usable("2026-11-20T12")

    assert layers is not None
    assert sum(layer.events for layer in layers.layers) >= len(told) - 9
    assert layers.until <= clock.now() - layer_keeper.SETTLED


def test_few_events_get_no_layer(stores, keeper, happens, clock):
    for _ in range(4):
        happens()
    clock.advance(600)

    assert keeper.look() == 0
    assert stores.events.layers.usable("2026-11-20T12") is None


def test_layers_are_put_together(stores, keeper, happens, clock):
    told = busy(happens, clock, keeper, 30)

    layers = stores.events.layers.usable("2026-11-20T12").layers

    assert len(layers) <= 5
    assert max(layer.tier for layer in layers) == 2
    assert total(stores, clock.now()) == {"order.placed": len(told)}


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_events_of_a_resource_are_found_in_layers_and_behind_them(stores, keeper, happens, clock, newest_first):
    for _ in range(20):
        happens(7)
        happens(8)
        clock.advance(60)
        keeper.look()

    found = about(stores, "order.7", newest_first=newest_first)

    assert len(found) == 20
    assert found == sorted(found, key=lambda one: (one.occurred, one.id), reverse=newest_first)


def test_an_event_that_occurred_long_before_it_came_in_is_found_before_and_after_it_is_in_a_layer(
    stores, keeper, happens, clock
):
    busy(happens, clock, keeper, 10)
    late = happens(99, ago=400)

    assert about(stores, "order.99") == [late]
    assert total(stores, clock.now()) == {"order.placed": 31}
    busy(happens, clock, keeper, 10)
    assert about(stores, "order.99") == [late]
    assert total(stores, clock.now()) == {"order.placed": 61}


def test_an_event_of_an_hour_that_is_over_is_found_in_it(stores, keeper, happens, clock):
    clock.advance(1_800)
    told = len(busy(happens, clock, keeper, 28))
    clock.advance(300)
    late = happens(99, ago=900)
    for minute in range(4):
        assert about(stores, "order.99") == [late]
        assert total(stores, clock.now())["order.placed"] == told + 1 + minute
        happens(5)
        clock.advance(60)
        keeper.look()


def test_an_event_delivered_again_is_counted_once(stores, keeper, happens, clock):
    busy(happens, clock, keeper, 10)
    late = happens(99, ago=400)
    clock.advance(60)
    keeper.look()

    stores.events.put(replace(late, received=clock.now()))
    busy(happens, clock, keeper, 10)

    assert total(stores, clock.now()) == {"order.placed": 61}


def test_an_event_that_is_stored_long_after_it_was_received_makes_layers_void(stores, keeper, happens, clock):
    busy(happens, clock, keeper, 10)
    waited = replace(order_placed(99, id=None, occurred=clock.now() - timedelta(seconds=300)))
    waited = replace(waited, received=waited.occurred)

    stores.events.put(waited)

    assert stores.events.layers.usable("2026-11-20T12") is None
    assert about(stores, "order.99") == [waited]
    assert total(stores, clock.now()) == {"order.placed": 31}
    busy(happens, clock, keeper, 5)
    assert stores.events.layers.usable("2026-11-20T12") is not None
    assert about(stores, "order.99") == [waited]
    assert total(stores, clock.now()) == {"order.placed": 46}


def test_an_event_that_others_claimed_a_place_for_is_found_there(stores, keeper, happens, clock, dynamodb):
    elsewhere = "0190163d-8694-7000-8000-0000000000aa"
    order = replace(order_placed(99, id=elsewhere, occurred=clock.now()), received=clock.now())
    with failing(dynamodb, "PutItem", unreachable(), when=to_events), pytest.raises(Transient):
        stores.events.put(order)
    told = len(busy(happens, clock, keeper, 10))

    stores.events.put(replace(order, occurred=clock.now(), received=clock.now()))

    assert [one.occurred for one in about(stores, "order.99")] == [order.occurred]
    busy(happens, clock, keeper, 10)
    assert total(stores, clock.now()) == {"order.placed": told + 31}


def test_a_look_that_breaks_off_counts_nothing_twice(stores, keeper, happens, clock, dynamodb):
    told = []
    for number in range(3):
        told.append(happens(number))
        clock.advance(60)
        keeper.look()

    with failing(dynamodb, "Query", unreachable(), when=to_notes), pytest.raises(Transient):
        keeper.look()
        clock.advance(60)
        keeper.look()
    told += busy(happens, clock, keeper, 10)

    assert total(stores, clock.now()) == {"order.placed": len(told)}


def test_an_event_that_moves_to_its_place_leaves_the_notes_of_its_batch(stores, keeper, happens, clock):
    busy(happens, clock, keeper, 10)
    named, now = "0190163d-8694-7000-8000-0000000000aa", clock.now()
    stores.events.put(replace(order_placed(98, id=named, occurred=now - 9 * MINUTE), received=now))
    clock.advance(60)
    now = clock.now()
    again = replace(order_placed(98, id=named, occurred=now - 5 * MINUTE), received=now)
    late = replace(order_placed(99, id=None, occurred=now - 5 * MINUTE), received=now)

    stores.events.put_many([again, late])

    assert late.id in {one.id for one in stores.events.arrived(now - MINUTE, now + MINUTE)}
    assert [one.id for one in about(stores, "order.99")] == [late.id]


def test_what_a_layer_holds_is_read_again_where_the_first_read_comes_too_early(
    stores, keeper, happens, clock, dynamodb
):
    told = busy(happens, clock, keeper, 10)
    asked = []

    def too_early(parsed, **_):  # an eventually consistent read just after the write
        asked.append(1)
        if len(asked) == 1:
            parsed["Responses"] = {table: [] for table in parsed["Responses"]}

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", too_early)
    try:
        found = about(stores, told[0].resource_id)
    finally:
        dynamodb.meta.events.unregister("after-call.dynamodb.BatchGetItem", too_early)

    assert told[0].id in {one.id for one in found}


def test_a_list_is_not_told_without_what_a_layer_lacks(stores, keeper, happens, clock, dynamodb):
    told = busy(happens, clock, keeper, 10)
    kept = dynamodb.query(
        TableName="StateTable",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "digest#2026-11-20T12"}},
    )["Items"]
    for one in kept:
        if "#resources#" in one["sk"]["S"]:
            dynamodb.delete_item(TableName="StateTable", Key={"pk": one["pk"], "sk": one["sk"]})

    with pytest.raises(Transient):
        about(stores, told[0].resource_id)


def test_another_process_goes_on_where_the_last_layer_ends(stores, happens, clock):
    told = []
    for _ in range(10):
        told += busy(happens, clock, keeper_of(stores, clock), 2)

    assert total(stores, clock.now()) == {"order.placed": len(told)}
    assert len(about(stores, "order.3")) == 10


def test_two_processes_at_once_make_each_layer_once(stores, happens, clock):
    one, other = keeper_of(stores, clock), keeper_of(stores, clock)
    told = []
    for _ in range(20):
        told += busy(happens, clock, one, 1)
        other.look()

    layers = stores.events.layers.usable("2026-11-20T12")
    assert sum(layer.events for layer in layers.layers) <= len(told)
    assert total(stores, clock.now()) == {"order.placed": len(told)}


def test_a_process_that_comes_too_late_with_its_layer_leaves_that_of_the_other_as_it_is(stores, happens, clock):
    one, other = keeper_of(stores, clock), keeper_of(stores, clock)
    told = busy(happens, clock, other, 2)
    made = 0
    while made < 2:
        told += [happens(number) for number in range(3)]
        clock.advance(60)
        made += one.look()

    assert other.look() == 0

    assert total(stores, clock.now()) == {"order.placed": len(told)}
    assert len(about(stores, "order.1")) == sum(one.resource_id == "order.1" for one in told)


def test_a_late_event_that_is_delivered_twice_at_once_is_counted_once(stores, keeper, happens, clock):
    busy(happens, clock, keeper, 10)
    late = happens(99, ago=400)
    clock.advance(5)
    stores.events.put(replace(late, received=clock.now()))

    assert total(stores, clock.now()) == {"order.placed": 31}
    busy(happens, clock, keeper, 5)
    assert total(stores, clock.now()) == {"order.placed": 46}


def test_layers_that_nobody_has_added_to_for_long_are_not_used(stores, keeper, happens, clock):
    busy(happens, clock, keeper, 10)
    late = happens(99, ago=200)
    clock.advance(2 * 3_600)

    assert stores.events.layers.usable("2026-11-20T12") is None
    assert about(stores, "order.99") == [late]


def test_an_hour_that_was_closed_needs_its_layers_no_more(stores, keeper, happens, clock):
    told = busy(happens, clock, keeper, 10)
    clock.advance(4_500)
    HourKeeper(stores.events.reader, stores.events.digests, None, clock).close_hours(60)
    keeper.look()

    assert total(stores, clock.now()) == {"order.placed": len(told)}
    assert len(about(stores, "order.5")) == 1


def test_a_total_is_exact_where_layers_and_a_little_reading_tell_it(stores, keeper, happens, clock):
    told = busy(happens, clock, keeper, 30)

    page = first_page(stores.events, filter_from_document({}), 5, clock.now())

    assert (page.total, page.is_exact) == (len(told), True)


def test_a_total_of_some_names_is_exact_as_well(stores, keeper, happens, clock):
    busy(happens, clock, keeper, 20)
    happens(1, name="order.paid")
    given = filter_from_document({"event": {"prefix": ["order.pl"]}})

    page = first_page(stores.events, given, 5, clock.now())

    assert (page.total, page.is_exact) == (60, True)


arrivals = st.lists(
    st.tuples(
        st.integers(0, 90),  # seconds since the one before
        st.sampled_from([0, 0, 0, 3, 29, 31, 200, 4_000, -20]),  # how long ago it occurred
        st.sampled_from([0, 0, 0, 5, 29, 45]),  # how long it took to be stored
        st.integers(1, 3),
    ),
    max_size=25,
)


@settings(max_examples=8, deadline=None)
@given(arriving=arrivals)
def test_whatever_comes_in_whenever_is_listed_and_counted_once(simulated_aws, arriving):
    import boto3
    import requests

    requests.post("http://motoapi.amazonaws.com/moto-api/reset", timeout=5).raise_for_status()
    client, clock = boto3.client("dynamodb"), ManualClock(NOON)
    create_tables(client)
    stores = in_dynamodb(client, clock)
    keeper, told = keeper_of(stores, clock), []
    for gap, ago, taking, number in arriving:
        clock.advance(gap)
        order = order_placed(number, id=None, occurred=clock.now() - timedelta(seconds=ago))
        received = clock.now()
        clock.advance(taking)
        if stores.events.put(replace(order, received=received)):
            told.append(order)
        keeper.look()
    clock.advance(30)

    until = clock.now() + HOUR
    assert total(stores, until) == ({"order.placed": len(told)} if told else {})
    for number in range(1, 4):
        mine = sorted(one.id for one in told if one.resource_id == f"order.{number}")
        found = stores.events.scan(Span(NOON - 9 * HOUR, until, resources=(f"order.{number}",)))
        assert (
            sorted(one.id for one in found if isinstance(one, Event) and one.resource_id == f"order.{number}") == mine
        )
