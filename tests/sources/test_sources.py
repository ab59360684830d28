"""Sources: the first that is about a notification says what becomes of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sources.conftest import a_source, told
from tests.sources.test_eventbridge import ORDER
from tests.stories import NOON, clients_csv_notification

from whenflow.errors import Rejected
from whenflow.sources import Misread, source_from_document

PLACED = {
    "event": "order.placed",
    "resource": {"prefect.resource.id": "order.{{ detail.number }}"},
    "payload": {"number": "{{ detail.number }}", "text": "No. {{ detail.number }}"},
}
TEXT = '{"event": "order.placed", "resource": {"prefect.resource.id": "order.{{ detail.number }}"}}'


def test_a_template_makes_the_event():
    event = told(ORDER, a_source(template=PLACED))

    assert (event.event, event.resource_id) == ("order.placed", "order.7")
    assert event.payload == {"number": 7, "text": "No. 7"}


def test_a_template_may_be_text():
    event = told(ORDER, a_source(template=TEXT))

    assert (event.event, event.resource_id) == ("order.placed", "order.7")


def test_what_a_template_leaves_out_is_as_it_would_be_anyway():
    event = told(ORDER, a_source(template=TEXT))

    assert event.id == ORDER["id"]
    assert event.as_document()["occurred"] == "2026-11-20T12:00:00.000000Z"
    assert event.payload == ORDER["detail"]


def test_the_source_is_related():
    source = a_source(template=TEXT)

    assert told(ORDER, source).related[-1] == {
        "prefect.resource.id": f"whenflow.source.{source.id}",
        "prefect.resource.role": "source",
        "prefect.resource.name": "orders",
    }


def test_a_template_sees_all_that_the_notification_says():
    names = ("detail_type", "source", "account", "region", "time", "resources", "notification", "body", "detail")
    template = {
        "event": "x",
        "resource": {"prefect.resource.id": "r"},
        "payload": {name: f"{{{{ {name} }}}}" for name in names},
    }

    seen = told(ORDER, a_source(template=template)).payload

    assert seen["notification"] == seen["body"] == ORDER
    assert {name: seen[name] for name in names[:6]} == {
        "detail_type": "Order Placed",
        "source": "shop",
        "account": "111122223333",
        "region": "eu-west-1",
        "time": "2026-11-20T12:00:00Z",
        "resources": ["order.7", "customer.ann", "depot.1"],
    }


def test_of_an_object_a_template_sees_bucket_key_size_etag_and_version():
    names = ("bucket", "key", "size", "etag", "version_id")
    template = {
        "event": "file.arrived",
        "resource": {"prefect.resource.id": "{{ key }}"},
        "payload": {name: f"{{{{ {name} }}}}" for name in names[:4]},
    }
    source = a_source(pattern={"source": ["aws.s3"]}, template=template)

    assert told(clients_csv_notification("a b.csv"), source).payload == {
        "bucket": "incoming",
        "key": "a b.csv",
        "size": 1024,
        "etag": "b1946ac92492d2347c6235b4d2611184",
    }


def test_the_first_by_name_decides():
    older = a_source(name="b", template=TEXT.replace("order.placed", "second"))
    newer = a_source(name="a", template=TEXT.replace("order.placed", "first"))
    newer = newer.model_copy(update={"created": NOON + timedelta(days=1)})

    assert told(ORDER, *sorted([older, newer], key=lambda one: one.rank)).event == "first"


@pytest.mark.parametrize("other", [{"enabled": False}, {"pattern": {"source": ["depot"]}}])
def test_a_source_that_is_off_or_about_something_else_decides_nothing(other):
    assert told(ORDER, a_source(template=TEXT, **other)).event == "shop.order-placed"


def test_without_a_template_the_notification_is_the_event_that_it_is_anyway():
    event = told(ORDER, a_source())

    assert event.event == "shop.order-placed"
    assert event.related[-1]["prefect.resource.role"] == "source"


def test_what_is_dropped_becomes_nothing(world, receive):
    assert receive(ORDER, a_source(drop=True)) == []
    assert world.events.names() == []


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ detail.number }}", "not a JSON object"),
        ("not JSON", "not valid JSON"),
        ({"event": "x"}, "resource: Field required"),
        ({"event": "{{ detail.missing }}", "resource": {"prefect.resource.id": "r"}}, "failed at event"),
        ({"event": "x", "resource": {"prefect.resource.id": ""}}, "must not be empty"),
    ],
)
def test_a_template_that_gives_no_event_is_told_of_on_its_source(receive, template, reason):
    source = a_source(template=template)

    (event,) = receive(ORDER, source)

    assert event.event == "whenflow.source.failed"
    assert event.resource == {"prefect.resource.id": source.resource_id, "prefect.resource.name": "orders"}
    assert reason in event.payload["reason"]
    assert event.payload["notification"] == ORDER


def test_that_is_told_once_although_it_is_delivered_again(world, receive):
    for _ in range(3):
        receive(ORDER, a_source(template={"event": "x"}))
        world.clock.advance(30)

    assert world.events.names() == ["whenflow.source.failed"]


def test_what_the_template_gave_is_told(receive):
    (event,) = receive(ORDER, a_source(template='{"event": "{{ detail.number }}"}'))

    assert '"event": "7"' in event.payload["rendered"]


@given(st.text(), st.text())
def test_what_a_notification_says_never_adds_to_the_event(number, name):
    order = {**ORDER, "detail": {"number": number, "name": name}}
    template = '{"event": "order.placed", "resource": {"prefect.resource.id": "o.{{ detail.number }}"}}'

    event = told(order, a_source(template=template))

    assert event.event == "order.placed"
    assert event.resource == {"prefect.resource.id": f"o.{number}"}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"pattern": {"source": ["shop"]}}, ("name",)),
        ({"name": "orders"}, ("pattern",)),
        ({"name": "orders", "pattern": {"source": "shop"}}, ("pattern", "source")),
        ({"name": "orders", "pattern": {}}, ("pattern",)),
        ({"name": "orders", "pattern": {"source": ["shop"]}, "colour": "blue"}, ("colour",)),
        ({"name": "orders", "pattern": {"source": ["shop"]}, "template": "{{ broken"}, ("template",)),
        ({"name": "orders", "pattern": {"source": ["shop"]}, "template": {"event": "{{ broken"}}, ("template",)),
        ({"name": "orders", "pattern": {"source": ["shop"]}, "template": TEXT, "drop": True}, ()),
        ({"name": "orders", "pattern": {"source": ["shop"]}, "template": 7}, ("template",)),
        ([], ()),
    ],
)
def test_a_source_that_is_wrong_is_refused_with_the_place(document, place):
    with pytest.raises(Rejected) as refusal:
        source_from_document(document)

    assert [fault.loc for fault in refusal.value.faults] == [place]


def test_a_notification_without_event_says_why():
    with pytest.raises(Misread, match="resource: Field required"):
        told(ORDER, a_source(template={"event": "x"}))
