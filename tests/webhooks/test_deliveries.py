"""Deliveries that come twice."""

import pytest
from tests.stories import ANN, NOBODY


@pytest.mark.parametrize(
    "header", ["webhook-id", "x-github-delivery", "x-shopify-webhook-id", "idempotency-key", "ce-id"]
)
def test_a_delivery_that_names_itself_is_taken_once(hooks, header):
    hooks.add()

    first = hooks.call(**{header: "delivery-1"})
    hooks.world.clock.advance(60)
    second = hooks.call(**{header: "delivery-1"})

    assert (first.status, second.status) == (204, 204)
    assert len(hooks.events()) == 1


def test_deliveries_of_other_names_are_other_events(hooks):
    hooks.add()

    hooks.call(webhook_id="delivery-1")
    hooks.call(webhook_id="delivery-2")

    assert len(hooks.events()) == 2


def test_deliveries_that_do_not_name_themselves_are_events_each(hooks):
    hooks.add()

    hooks.call(ANN)
    hooks.call(ANN)

    assert len(hooks.events()) == 2


def test_one_delivery_id_means_two_things_to_two_webhooks(hooks):
    hooks.add("one")
    hooks.add("other")

    hooks.call(slug="one", webhook_id="delivery-1")
    hooks.call(slug="other", webhook_id="delivery-1")

    assert len(hooks.events()) == 2


def test_cloud_events_of_two_sources_may_share_an_id(hooks):
    hooks.add()

    hooks.call(ce_id="1", ce_source="shop")
    hooks.call(ce_id="1", ce_source="store")

    assert len(hooks.events()) == 2


def test_a_webhook_may_say_where_the_delivery_id_is(hooks):
    hooks.add(delivery_id="{{ body.topic }}/{{ body.offset }}")

    for offset in (1, 1, 2):
        hooks.call(ANN | {"topic": "users", "offset": offset})

    assert len(hooks.events()) == 2


def test_what_the_webhook_says_goes_before_the_headers(hooks):
    hooks.add(delivery_id="{{ body.userid }}")

    hooks.call(webhook_id="delivery-1")
    hooks.call(webhook_id="delivery-2")

    assert len(hooks.events()) == 1


def test_an_empty_delivery_id_is_none(hooks):
    hooks.add(delivery_id=" {{ body.nope }} ")

    hooks.call()
    hooks.call()

    assert len(hooks.events()) == 2


def test_a_delivery_id_that_fails_is_told(hooks):
    hooks.add(delivery_id="{{ 1 / body.n }}")

    answer = hooks.call({"n": 0})

    assert answer.status == 400
    assert "delivery id failed" in answer.reason


def test_an_id_that_the_template_gives_goes_before_the_delivery_id(hooks):
    hooks.add(
        template='{"id": "' + NOBODY + '", "event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {}}'
    )

    hooks.call(webhook_id="delivery-1")
    hooks.call(webhook_id="delivery-2")

    assert [event.id for event in hooks.events()] == [NOBODY]


def test_a_key_of_the_message_can_be_made_the_events_id(hooks):
    hooks.add(
        template='{"id": "{{ body.userid | uuid }}", "event": "e", "resource": {"prefect.resource.id": "r"},'
        ' "payload": {}}'
    )

    hooks.call(ANN)
    hooks.call(ANN)

    assert len(hooks.events()) == 1
