"""CloudEvents in each of their modes; what the project's own library writes is read here."""

import json
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stories import NOBODY
from tests.webhooks.conftest import SLUG, Hooks
from tests.webhooks.signing import WHSEC, standard
from tests.world import World

from whenflow.webhooks import HttpRequest

TEMPLATE = "{{ body | from_cloud_event(headers) }}"
ATTRIBUTES = {"specversion": "1.0", "type": "order.placed", "source": "/shop", "id": "17", "subject": "order.7"}
BATCH = "application/cloudevents-batch+json"
MINE = '{"event": "{{ body.type }}", "resource": {"prefect.resource.id": "r"}}'


def cloud_event(id_: str = "17", **changes) -> dict:
    return {**ATTRIBUTES, "id": id_, "time": "2026-11-20T11:00:00Z", "data": {"number": 7}, **changes}


def test_one_in_the_body_becomes_an_event(hooks):
    hooks.add(template=TEMPLATE)

    assert hooks.call(cloud_event(), content_type="application/cloudevents+json").status == 204

    event = hooks.event()
    assert (event.event, event.resource_id) == ("order.placed", "order.7")
    assert event.payload["data"] == {"number": 7}
    assert event.payload["cloudevents"]["source"] == "/shop"
    assert event.occurred == datetime(2026, 11, 20, 11, tzinfo=UTC)


def test_one_in_the_headers_becomes_the_same_event(hooks):
    hooks.add(template=TEMPLATE)
    headers = {f"ce-{name}": value for name, value in ATTRIBUTES.items()} | {"ce-time": "2026-11-20T11:00:00Z"}

    hooks.call(cloud_event(), content_type="application/cloudevents+json")
    hooks.call({"number": 7}, **headers)

    assert len(hooks.events()) == 1, "they have one source and one id"


def test_a_uuid_stays_the_id(hooks):
    hooks.add(template=TEMPLATE)

    hooks.call(cloud_event(NOBODY), content_type="application/cloudevents+json")

    assert hooks.event().id == NOBODY


def test_a_batch_becomes_an_event_of_each(hooks):
    hooks.add(template=TEMPLATE)

    assert hooks.call([cloud_event("1"), cloud_event("2", type="order.paid")], content_type=BATCH).status == 204

    assert [event.event for event in hooks.events()] == ["order.placed", "order.paid"]
    assert all(event.related[-1]["prefect.resource.role"] == "webhook" for event in hooks.events())


@pytest.mark.parametrize("template", [TEMPLATE, MINE])
def test_a_batch_that_comes_again_makes_no_second_events(hooks, template):
    hooks.add(template=template)
    batch = [cloud_event("1"), cloud_event("2"), cloud_event("1", source="/store")]

    hooks.call(batch, content_type=BATCH, webhook_id="a")
    hooks.call(batch[::-1], content_type=BATCH, webhook_id="b")

    assert len(hooks.events()) == 3


@pytest.mark.parametrize("delivery_id", [None, "{{ headers['webhook-id'] }}", "always the same", "{{ body.nope }}"])
def test_what_names_the_whole_delivery_does_not_make_one_event_of_a_batch(hooks, delivery_id):
    hooks.guard({"type": "standard-webhooks"}, WHSEC, template=MINE, delivery_id=delivery_id)
    data = json.dumps([cloud_event("1"), cloud_event("2")]).encode()

    for _ in range(2):
        assert hooks.call(data, content_type=BATCH, **standard(data)).status == 204

    assert len(hooks.events()) == 2


def test_an_empty_batch_is_fine(hooks):
    hooks.add(template=TEMPLATE)

    assert hooks.call([], content_type=BATCH).status == 204
    assert hooks.events() == []


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (7, "Element 1 of the batch is not a JSON object."),
        ({}, "Element 1 of the batch: a CloudEvent has a text as its id."),
        (cloud_event(source=""), "Element 1 of the batch: a CloudEvent has a text as its source."),
        (cloud_event(type=7), "Element 1 of the batch: a CloudEvent has a text as its type."),
        (cloud_event(specversion="9"), "Element 1 of the batch: The template failed: "),
    ],
)
def test_of_a_batch_all_are_stored_or_none_and_the_bad_one_is_named(hooks, element, reason):
    hooks.add(template=TEMPLATE)

    answer = hooks.call([cloud_event("1"), element, cloud_event("3")], content_type=BATCH)

    assert answer.status == 400
    assert answer.reason.startswith(reason)
    assert [event.event for event in hooks.events()] == ["prefect-cloud.webhook.failed"]


@pytest.mark.parametrize("body", [b"{", {"id": "1"}, b""])
def test_a_batch_that_is_no_list_is_refused(hooks, body):
    hooks.add(template=TEMPLATE)

    assert hooks.call(body, content_type=BATCH).status == 400


def test_a_batch_has_a_limit(hooks):
    hooks.add(template=TEMPLATE)

    answer = hooks.call([cloud_event(str(n)) for n in range(101)], content_type=BATCH)

    assert (answer.status, answer.reason) == (400, "The batch has 101 events; at most 100 are taken at a time.")


def test_an_element_over_the_limit_of_events_is_named(hooks):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r", "text": "{{ body.data }}"}}')

    answer = hooks.call([cloud_event("1"), cloud_event("2", data="x" * 800_000)], content_type=BATCH)

    assert answer.status == 413
    assert answer.reason.startswith("Element 1 of the batch: The event has ")
    assert hooks.events() == []


EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - hypothesis puts the zone to it
words = st.text("abcdefghijklmnopqrstuvwxyz.-/", min_size=1, max_size=20)
data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
cloud_events = st.builds(
    lambda attributes, body: CloudEvent(attributes=attributes, data=body),
    st.fixed_dictionaries(
        {"type": words, "source": words, "id": words, "specversion": st.just("1.0")},
        optional={"subject": words, "time": st.datetimes(EARLIEST, timezones=st.just(UTC))},
    ).map(lambda attributes: {**attributes, "datacontenttype": "application/json"}),
    st.dictionaries(words, data, max_size=3),
)


def read(message: HTTPMessage):
    """Send what the library wrote to a webhook; return the one event."""
    hooks = Hooks(World())
    hooks.add(template=TEMPLATE)
    headers = {name.lower(): value for name, value in message.headers.items()}
    answer = hooks.receiver.receive(SLUG, HttpRequest("POST", headers, {}, bytes(message.body)))
    assert answer.status == 204, answer.reason
    return hooks.event()


@pytest.mark.parametrize("write", [to_structured, to_binary])
@given(event=cloud_events)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_what_the_library_writes_is_read(write, event):
    found = read(write(event, JSONFormat()))

    assert found.event == event.get_type()
    assert found.resource_id == (event.get_subject() or event.get_source())
    assert found.payload["data"] == json.loads(json.dumps(event.get_data()))
    assert found.payload["cloudevents"]["id"] == event.get_id()
    if event.get_time():
        assert found.occurred == event.get_time()
