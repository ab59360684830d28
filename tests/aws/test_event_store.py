"""What only the event store in DynamoDB does: places, claims, crashes, expiry."""

import random
import string
from datetime import timedelta

import pytest
from tests.firings import firing_for
from tests.outages import failing, refusal, unreachable
from tests.stores import RETENTION_DAYS, SHARDS
from tests.stories import NOON, order_placed
from tests.tables import ttl_attribute

from whenflow.aws.event_store import DynamoEventStore
from whenflow.documents import unpack
from whenflow.errors import TooLarge, Transient
from whenflow.events import address_of
from whenflow.testing import an_automation

MADE_ELSEWHERE = "0190163d-8694-7000-8000-0000000000aa"
KEPT_SECONDS = RETENTION_DAYS * 24 * 3600


def items(client, table):
    return client.scan(TableName=table)["Items"]


def to(table):
    """Tell whether a call is about a table."""
    return lambda params: params["TableName"] == table


def test_an_event_made_here_is_stored_by_one_write_and_needs_no_claim(stores, dynamodb, ids):
    stores.events.put(order_placed(id=ids.event_id(NOON, "order.7")))

    assert [item["pk"]["S"] for item in items(dynamodb, "StateTable")] == ["feed"]


def test_an_event_stands_under_its_hour_and_its_resources_shard(stores, dynamodb, ids):
    event_id = ids.event_id(NOON, "order.7")
    address = address_of(event_id)
    assert address is not None
    stores.events.put(order_placed(id=event_id))

    (item,) = items(dynamodb, "EventsTable")

    assert item["bucket"]["S"] == f"2026-11-20T12#{address.shard}"
    assert item["key"]["S"] == f"2026-11-20T12:00:00.000000Z#{event_id}"


def test_events_of_one_resource_share_a_bucket_whoever_made_their_ids(stores, dynamodb, ids):
    stores.events.put(order_placed(id=ids.event_id(NOON, "order.7")))
    stores.events.put(order_placed(id=MADE_ELSEWHERE, occurred=NOON + timedelta(minutes=1)))

    assert len({item["bucket"]["S"] for item in items(dynamodb, "EventsTable")}) == 1


def test_the_stored_body_is_the_document_of_the_api(stores, dynamodb):
    order = order_placed()
    stores.events.put(order)

    (item,) = items(dynamodb, "EventsTable")

    assert unpack(item["body"]["B"]) == order.as_document()


@pytest.mark.parametrize("event_id", [MADE_ELSEWHERE, None], ids=["made elsewhere", "made here"])
def test_an_event_expires_when_its_retention_is_over(stores, dynamodb, clock, ids, event_id):
    stores.events.put(order_placed(id=event_id or ids.event_id(NOON, "order.7")))

    (item,) = items(dynamodb, "EventsTable")

    assert int(item[ttl_attribute("EventsTable")]["N"]) == int(clock.now().timestamp()) + KEPT_SECONDS


def test_an_event_of_long_ago_is_kept_as_long_as_one_of_today(stores, dynamodb, clock):
    stores.events.put(order_placed(id=MADE_ELSEWHERE, occurred=NOON - timedelta(days=400)))

    (item,) = items(dynamodb, "EventsTable")

    assert int(item[ttl_attribute("EventsTable")]["N"]) == int(clock.now().timestamp()) + KEPT_SECONDS


def test_a_claim_expires_as_well(stores, dynamodb, clock):
    stores.events.put(order_placed(id=MADE_ELSEWHERE))

    (claim,) = (item for item in items(dynamodb, "StateTable") if item["sk"]["S"] == "claim")

    assert int(claim[ttl_attribute("StateTable")]["N"]) == int(clock.now().timestamp()) + KEPT_SECONDS


def test_the_note_of_an_hour_outlives_its_events(stores, dynamodb, clock):
    stores.events.put(order_placed())

    (event,) = items(dynamodb, "EventsTable")
    (note,) = (item for item in items(dynamodb, "StateTable") if item["pk"]["S"] == "feed")

    assert int(note[ttl_attribute("StateTable")]["N"]) > int(event[ttl_attribute("EventsTable")]["N"])


def test_an_hour_is_noted_again_while_events_still_come(stores, dynamodb, clock):
    stores.events.put(order_placed(7))
    clock.advance(2 * 3600)

    stores.events.put(order_placed(8))

    newest = max(int(item[ttl_attribute("EventsTable")]["N"]) for item in items(dynamodb, "EventsTable"))
    (note,) = (item for item in items(dynamodb, "StateTable") if item["pk"]["S"] == "feed")
    assert int(note[ttl_attribute("StateTable")]["N"]) > newest


def test_a_crash_between_claim_and_event_is_finished_by_the_redelivery(stores, dynamodb):
    with (
        failing(dynamodb, "PutItem", unreachable(), when=to("EventsTable")),
        pytest.raises(Transient),
    ):
        stores.events.put(order_placed(id=MADE_ELSEWHERE))

    stores.events.put(order_placed(id=MADE_ELSEWHERE))

    assert stores.events.newest(10).events == [order_placed(id=MADE_ELSEWHERE)]


def test_a_redelivery_with_another_time_finishes_at_the_place_that_was_claimed(stores, dynamodb):
    with (
        failing(dynamodb, "PutItem", unreachable(), when=to("EventsTable")),
        pytest.raises(Transient),
    ):
        stores.events.put(order_placed(id=MADE_ELSEWHERE))

    stored = stores.events.put(order_placed(id=MADE_ELSEWHERE, occurred=NOON + timedelta(hours=3)))

    assert stored.occurred == NOON
    assert stores.events.get(MADE_ELSEWHERE) == stored
    assert stores.events.newest(10).events == [stored]


def test_an_event_whose_answer_was_lost_is_there_once_after_the_redelivery(stores, dynamodb):
    with (
        failing(dynamodb, "PutItem", unreachable(), when=to("EventsTable"), answer_lost=True),
        pytest.raises(Transient),
    ):
        stores.events.put(order_placed(id=MADE_ELSEWHERE))

    assert stores.events.put(order_placed(id=MADE_ELSEWHERE)) is None
    assert len(stores.events.newest(10).events) == 1


def test_a_claim_without_its_event_finds_nothing(stores, dynamodb):
    with (
        failing(dynamodb, "PutItem", unreachable(), when=to("EventsTable")),
        pytest.raises(Transient),
    ):
        stores.events.put(order_placed(id=MADE_ELSEWHERE))

    assert stores.events.get(MADE_ELSEWHERE) is None


def test_an_hour_that_could_not_be_noted_is_noted_by_the_redelivery(stores, dynamodb, ids):
    order = order_placed(id=ids.event_id(NOON, "order.7"))
    with failing(dynamodb, "UpdateItem", unreachable()), pytest.raises(Transient):
        stores.events.put(order)

    stores.events.put(order)

    assert stores.events.newest(10).events == [order]


def test_a_throttled_table_asks_for_another_try(stores, dynamodb):
    error = refusal("ProvisionedThroughputExceededException")

    with failing(dynamodb, "PutItem", error), pytest.raises(Transient):
        stores.events.put(order_placed())


def test_an_event_that_fits_no_item_is_refused_and_leaves_nothing(stores, dynamodb):
    noise = random.Random(7).randbytes(500_000).hex()

    with pytest.raises(TooLarge, match="300,000"):
        stores.events.put(order_placed(payload={"noise": noise}))

    assert stores.events.newest(10).events == []


def test_a_large_event_that_compresses_well_is_stored(stores):
    order = order_placed(payload={"text": "again and again " * 80_000})

    stores.events.put(order)

    assert stores.events.get(order.id) == order


def test_events_spread_over_more_shards_than_there_are_now_are_still_listed(dynamodb, clock):
    def store(shards):
        return DynamoEventStore(dynamodb, "EventsTable", "StateTable", shards, RETENTION_DAYS, clock)

    for number in range(40):
        store(16).put(order_placed(number))
    for number in range(40, 44):
        store(2).put(order_placed(number))

    assert len(store(2).newest(100).events) == 44


def test_events_spread_over_fewer_shards_than_there_are_now_are_found_by_id(dynamodb, clock, ids):
    order = order_placed(id=ids.event_id(NOON, "order.7"))
    DynamoEventStore(dynamodb, "EventsTable", "StateTable", SHARDS, RETENTION_DAYS, clock).put(order)

    wider = DynamoEventStore(dynamodb, "EventsTable", "StateTable", 64, RETENTION_DAYS, clock)

    assert wider.get(order.id) == order


def test_only_an_event_made_here_can_be_part_of_a_transaction(stores):
    with pytest.raises(ValueError, match="not made here"):
        stores.events.put_in_transaction(order_placed(id=MADE_ELSEWHERE))


def test_the_largest_event_that_is_stored_still_fits_into_its_firing(stores):
    largest = order_placed(payload={"text": incompressible(395_000)})
    stores.events.put(largest)
    actions = [{"type": "run-deployment", "source": "inferred", "parameters": {"text": incompressible(15_000)}}]

    firing = firing_for(an_automation(actions=actions), largest)

    assert stores.firings.put(firing) is True


def incompressible(characters: int) -> str:
    """A text that compression makes about a quarter smaller, and no more."""
    return "".join(random.Random(7).choices(string.ascii_letters + string.digits + "-_", k=characters))
