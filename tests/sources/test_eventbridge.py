"""Whatever EventBridge tells becomes an event."""

import json
import uuid

import pytest
from tests.sources.conftest import Fixed, a_source
from tests.sources.conftest import told as told_by
from tests.stories import NOON, clients_csv_notification

from whenflow.errors import Rejected
from whenflow.events import address_of
from whenflow.sources import Misread, NotificationReceiver

ORDER = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "Order Placed",
    "source": "shop",
    "account": "111122223333",
    "time": "2026-11-20T12:00:00Z",
    "region": "eu-west-1",
    "resources": ["order.7", "customer.ann", "depot.1"],
    "detail": {"number": 7, "total": 12.5},
}


def told(**changes):
    return told_by({**ORDER, **changes})


def without(*names):
    return told_by({key: value for key, value in ORDER.items() if key not in names})


def test_the_name_is_made_of_source_and_detail_type():
    assert told().event == "shop.order-placed"


@pytest.mark.parametrize(
    ("source", "detail_type", "name"),
    [
        ("aws.ec2", "EC2 Instance State-change Notification", "aws.ec2.ec2-instance-state-change-notification"),
        ("My Shop", "OrderPlaced", "my-shop.orderplaced"),
        ("shop", "order.placed", "shop.order.placed"),
        ("shop", "  Order / Placed!  ", "shop.order-placed"),
        ("shop", "Bestellung bezahlt: größer", "shop.bestellung-bezahlt-größer"),
        ("店", "注文 確定", "店.注文-確定"),
        ("shop", "!!!", "shop"),
    ],
)
def test_names_are_lower_case_with_dashes(source, detail_type, name):
    assert told(**{"source": source, "detail-type": detail_type}).event == name


def test_the_event_stands_on_the_first_resource_and_the_others_are_related():
    event = told()

    assert event.resource == {"prefect.resource.id": "order.7"}
    assert [(one["prefect.resource.role"], one["prefect.resource.id"]) for one in event.related] == [
        ("resource", "customer.ann"),
        ("resource", "depot.1"),
        ("account", "aws.account.111122223333"),
    ]


@pytest.mark.parametrize("resources", [[], None])
def test_an_event_without_resources_stands_on_its_source(resources):
    assert told(resources=resources).resource_id == "shop"


def test_the_detail_is_the_payload():
    assert told().payload == {"number": 7, "total": 12.5}


@pytest.mark.parametrize("detail", ["text", 7, [1], None])
def test_a_detail_that_is_no_object_is_put_into_one(detail):
    assert told(detail=detail).payload == {"detail": detail}


def test_something_of_s3_that_is_about_no_object_is_like_any_other():
    event = told(source="aws.s3", detail={"bucket": {"name": "incoming"}})

    assert (event.resource_id, event.payload) == ("order.7", {"bucket": {"name": "incoming"}})


def test_an_event_that_does_not_say_when_occurred_when_it_came():
    assert without("time").occurred == NOON


def test_an_event_that_does_not_say_where_is_of_no_account():
    assert [one["prefect.resource.role"] for one in without("account").related] == ["resource", "resource"]
    assert "aws.region" not in without("region").related[-1]


def test_an_event_without_an_id_always_gets_the_same():
    assert without("id").id == without("id").id
    assert str(uuid.UUID(without("id").id)) == without("id").id


def test_an_event_whose_id_is_no_uuid_always_gets_the_same():
    assert told(id="order-7").id == told(id="order-7").id != told(id="order-8").id


@pytest.mark.parametrize("name", ["source", "detail-type", "detail"])
def test_what_every_event_has_is_missed(name):
    with pytest.raises(Rejected, match=f"not an EventBridge event: {name} missing"):
        without(name)


@pytest.mark.parametrize("notification", [{}, {"Records": []}, {"hello": "world"}])
def test_what_is_no_notification_is_refused(notification):
    with pytest.raises(Rejected, match="not an EventBridge event"):
        told_by(notification)


def test_more_resources_than_an_event_relates_to_give_no_event():
    with pytest.raises(Misread, match="related: List should have at most 100 items"):
        told(resources=[f"r.{n}" for n in range(102)])


def test_a_notification_is_stored(receive):
    (event,) = receive(ORDER)

    assert {"prefect.resource.id": f"aws.event.{ORDER['id']}", "prefect.resource.role": "aws-event"} in event.related


def test_a_notification_delivered_twice_is_stored_once(world, receive):
    receive(clients_csv_notification())
    world.clock.advance(60)

    receive(clients_csv_notification())

    assert world.events.names() == ["aws.s3.object-created"]


def test_what_is_refused_is_not_stored(world, receive):
    with pytest.raises(Rejected):
        receive({})

    assert world.events.names() == []


def test_a_notification_that_gives_no_event_is_told_of_and_stops_nothing(receive):
    (event,) = receive({**ORDER, "time": "yesterday"})

    assert (event.event, event.resource_id) == ("whenflow.source.failed", "whenflow.source.default")
    assert "occurred" in event.payload["reason"]
    assert event.payload["notification"] == {**ORDER, "time": "yesterday"}


def nested(levels):
    """A detail with so many objects inside each other."""
    detail: dict = {}
    for _ in range(levels):
        detail = {"a": detail}
    return detail


@pytest.mark.parametrize("levels", [101, 198, 300, 5000])
def test_a_notification_that_is_nested_too_deeply_is_told_of(receive, levels):
    (event,) = receive({**ORDER, "detail": nested(levels)})

    assert event.event == "whenflow.source.failed"
    assert "objects and lists inside each other" in event.payload["reason"]
    assert isinstance(event.payload["notification"], str)


def test_one_that_is_too_large_is_told_of_with_its_beginning(receive):
    (event,) = receive({**ORDER, "detail": {"text": "x" * 1_600_000}})

    assert event.event == "whenflow.source.failed"
    assert "the limit is 1,500,000" in event.payload["reason"]
    assert len(event.payload["notification"]) == 10_000


def test_its_event_has_an_id_that_says_where_it_is_stored(receive):
    (event,) = receive(ORDER)

    address = address_of(event.id)
    assert address and address.occurred == event.occurred


def test_delivered_again_it_is_the_same_event_whichever_way_it_comes(receive, world):
    (first,) = receive(ORDER)
    world.clock.advance(3_600)

    receive(ORDER)
    NotificationReceiver(Fixed([]), world.events, world.clock, world.ids).receive_message(json.dumps(ORDER), "m-1")

    assert list(world.events.stored) == [first.id]


def test_one_that_says_no_time_keeps_its_own_id_since_the_next_delivery_has_another_time(receive, world):
    untimed = {name: value for name, value in ORDER.items() if name != "time"}
    (first,) = receive(untimed)
    world.clock.advance(60)

    (again,) = receive(untimed)

    assert first.id == again.id == ORDER["id"]


def test_an_id_that_a_template_gives_is_kept(receive):
    given = "0190163d-8694-7000-8000-0000000000aa"
    template = {"id": given, "event": "order.placed", "resource": {"prefect.resource.id": "order.7"}}

    (event,) = receive(ORDER, a_source(template=template))

    assert event.id == given
