"""Presets, by a delivery of each sender as its documentation shows it."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whenflow.templating import check
from whenflow.webhooks.presets import PRESETS

FORM = {"content_type": "application/x-www-form-urlencoded"}
PUSH = {
    "ref": "refs/heads/main",
    "repository": {"full_name": "octo-org/hello-world"},
    "organization": {"login": "octo-org"},
    "sender": {"login": "monalisa"},
}
CHARGE = {
    "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",
    "object": "event",
    "created": 1_686_089_970,
    "livemode": False,
    "type": "charge.failed",
    "data": {"object": {"id": "ch_1", "object": "charge", "customer": "cus_1", "amount": 1999}},
}
MESSAGE = {
    "token": "a-token-of-slack",
    "team_id": "T123ABC456",
    "api_app_id": "A123ABC456",
    "event": {"type": "message", "channel": "C123ABC456", "user": "U123ABC456", "text": 'He said "go"'},
    "type": "event_callback",
    "event_id": "Ev123ABC456",
    "event_time": 1_686_089_970,
}
ORDER = {"id": 820_982_911_946_154_508, "admin_graphql_api_id": "gid://shopify/Order/820982911946154508", "name": "#1"}
TOPIC = {"x_shopify_topic": "orders/create", "x_shopify_shop_domain": "hats.myshopify.com"}
CONTACT = {
    "type": "contact.created",
    "timestamp": "2022-11-03T20:26:10.344522Z",
    "data": {"id": "1f81eb52-5198-4599-803e-771906343485", "type": "contact"},
}


@pytest.fixture
def deliver(hooks):
    """Return a function that sends a delivery through a preset and returns the event it made."""

    def send(preset, body, **headers):
        chosen = PRESETS[preset]
        hooks.add(template=chosen.template, delivery_id=chosen.delivery_id)
        assert hooks.call(body, **headers).status == 204
        return hooks.events()[-1]

    return send


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_is_complete_and_its_templates_are_valid(preset):
    check(preset.template)
    check(preset.delivery_id or "")

    assert PRESETS[preset.name] is preset
    assert preset.title and preset.description and preset.events
    assert json.loads(json.dumps(preset.as_document()))["auth"]["type"]
    assert preset.needs_secret == (preset.auth["type"] != "none")


def test_a_push_to_github_is_an_event_of_the_repository(deliver):
    event = deliver("github", PUSH, x_github_event="push")

    assert event.event == "github.push"
    assert event.resource == {"github.ref": "refs/heads/main", "prefect.resource.id": "github.com/octo-org/hello-world"}
    assert event.in_role("sender")["prefect.resource.id"] == "github.com/monalisa"
    assert event.payload == PUSH


def test_what_happened_on_github_is_in_the_name_and_how_it_ended_in_a_label(deliver):
    body = PUSH | {"action": "completed", "workflow_run": {"conclusion": "failure"}}

    event = deliver("github", body, x_github_event="workflow_run")

    assert event.event == "github.workflow_run.completed"
    assert event.resource["github.conclusion"] == "failure"


@pytest.mark.parametrize(
    ("body", "resource"),
    [
        ({"organization": {"login": "octo-org"}, "sender": {"login": "mona"}}, "github.com/octo-org"),
        ({"installation": {"account": {"login": "octo-org"}}}, "github.com/octo-org"),
        ({"enterprise": {"slug": "big"}, "sender": {"login": "mona"}}, "github.com/big"),
        ({"sender": {"login": "mona"}}, "github.com/mona"),
        ({"security_advisory": {}}, "github.com/global"),
    ],
)
def test_a_github_event_without_a_repository_is_on_what_comes_next(deliver, body, resource):
    assert deliver("github", body, x_github_event="ping").resource_id == resource


def test_github_may_send_a_form_as_it_does_by_default(deliver):
    form = urlencode({"payload": json.dumps(PUSH)}).encode()

    assert deliver("github", form, x_github_event="push", **FORM).payload == PUSH


def test_a_stripe_event_is_on_its_object_at_its_time(deliver):
    event = deliver("stripe", CHARGE)

    assert event.event == "stripe.charge.failed"
    assert event.resource == {"stripe.livemode": "false", "prefect.resource.id": "stripe.com/charge/ch_1"}
    assert event.in_role("customer")["prefect.resource.id"] == "stripe.com/customer/cus_1"
    assert event.occurred.isoformat() == "2023-06-06T22:19:30+00:00"
    assert event.payload == CHARGE


def test_a_thin_stripe_event_is_on_the_object_it_refers_to(deliver):
    thin = {
        "id": "evt_test_65R",
        "object": "v2.core.event",
        "type": "v1.billing.meter.error_report_triggered",
        "created": "2024-09-17T06:20:52.246Z",
        "livemode": True,
        "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
    }

    event = deliver("stripe", thin)

    assert event.resource == {"stripe.livemode": "true", "prefect.resource.id": "stripe.com/billing.meter/mtr_1"}
    assert event.occurred.isoformat() == "2024-09-17T06:20:52.246000+00:00"


def test_a_stripe_event_about_something_without_an_id_is_on_itself(deliver):
    upcoming = CHARGE | {"type": "invoice.upcoming", "data": {"object": {"object": "invoice"}}}

    assert deliver("stripe", upcoming).resource_id == "stripe.com/invoice/evt_1NG8Du2eZvKYlo2CUI79vXWy"


def test_a_slack_message_is_on_its_channel_and_the_token_stays_out(deliver):
    event = deliver("slack", MESSAGE)

    assert event.event == "slack.message"
    assert event.resource == {"prefect.resource.id": "slack.com/T123ABC456/C123ABC456"}
    assert event.in_role("user")["prefect.resource.id"] == "slack.com/T123ABC456/U123ABC456"
    assert event.payload == {name: value for name, value in MESSAGE.items() if name != "token"}


@pytest.mark.parametrize(
    ("told", "name", "place"),
    [
        ({"type": "reaction_added", "item": {"channel": "C1"}, "user": "U1"}, "slack.reaction_added", "C1"),
        ({"type": "channel_created", "channel": {"id": "C2"}}, "slack.channel_created", "C2"),
        ({"type": "team_join", "user": {"id": "U2"}}, "slack.team_join", "U2"),
        ({"type": "message", "subtype": "bot_message", "channel": "C3"}, "slack.message.bot_message", "C3"),
        ({"type": "emoji_changed"}, "slack.emoji_changed", "workspace"),
    ],
)
def test_slack_events_are_on_the_channel_or_else_the_user(deliver, told, name, place):
    event = deliver("slack", MESSAGE | {"event": told})

    assert (event.event, event.resource_id) == (name, f"slack.com/T123ABC456/{place}")


def test_a_slash_command_is_an_event_with_the_command_as_a_label(deliver):
    form = {"token": "t", "team_id": "T1", "channel_id": "C1", "user_id": "U1", "command": "/deploy", "text": "api"}

    event = deliver("slack", urlencode(form).encode(), **FORM)

    assert event.event == "slack.command"
    assert event.resource == {"slack.command": "/deploy", "prefect.resource.id": "slack.com/T1/C1"}
    assert event.payload["text"] == "api"
    assert "token" not in event.payload


def test_a_button_in_slack_is_an_event_of_its_payload(deliver):
    pressed = {"type": "block_actions", "token": "t", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": []}

    event = deliver("slack", urlencode({"payload": json.dumps(pressed)}).encode(), **FORM)

    assert (event.event, event.resource_id) == ("slack.block_actions", "slack.com/T1/U1")
    assert "token" not in event.payload


def test_a_shopify_topic_becomes_a_name_on_the_order(deliver):
    event = deliver("shopify", ORDER, x_shopify_triggered_at="2023-03-29T18:00:27.877041743Z", **TOPIC)

    assert event.event == "shopify.orders.create"
    assert event.resource == {
        "shopify.gid": "gid://shopify/Order/820982911946154508",
        "prefect.resource.id": "hats.myshopify.com/820982911946154508",
    }
    assert event.in_role("shop")["prefect.resource.id"] == "hats.myshopify.com"
    assert event.occurred.isoformat() == "2023-03-29T18:00:27.877041+00:00"


def test_a_structured_cloud_event_keeps_its_type_subject_and_data(deliver):
    body = {"specversion": "1.0", "id": "a-1", "source": "/shop", "type": "order.placed", "subject": "order-17"}

    event = deliver(
        "cloudevents", body | {"data": {"amount": 3}}, content_type="application/cloudevents+json; charset=utf-8"
    )

    assert (event.event, event.resource_id) == ("order.placed", "order-17")
    assert event.payload["data"] == {"amount": 3}


def test_a_binary_cloud_event_is_read_from_its_headers(deliver):
    headers = {"ce_specversion": "1.0", "ce_id": "a-2", "ce_source": "/shop", "ce_type": "order.placed"}

    event = deliver("cloudevents", {"amount": 3}, **headers)

    assert (event.event, event.resource_id) == ("order.placed", "/shop")


def test_a_kafka_message_is_the_payload_of_its_event(deliver, hooks):
    event = deliver("kafka", {"userid": "ann", "_topic": "signups", "_partition": 0, "_offset": 17})

    assert event.event == "kafka.record-received"
    assert event.resource == {
        "kafka.offset": "17",
        "kafka.partition": "0",
        "kafka.topic": "signups",
        "prefect.resource.id": "kafka://signups/0",
    }
    assert event.in_role("topic")["prefect.resource.id"] == "kafka://signups"
    assert event.payload["userid"] == "ann"


def test_a_sink_that_cannot_add_to_the_message_says_topic_and_key_in_the_address(deliver, hooks):
    hooks.add(template=PRESETS["kafka"].template, delivery_id=PRESETS["kafka"].delivery_id)
    hooks.call({"userid": "ann"}, query={"topic": "signups", "key": "ann"})

    resource = hooks.event().resource
    assert resource == {"kafka.key": "ann", "kafka.topic": "signups", "prefect.resource.id": "kafka://signups"}


@pytest.mark.parametrize(("body", "payload"), [([1, 2], {"value": [1, 2]}), (b"plain", {"value": "plain"})])
def test_a_kafka_message_that_is_no_object_is_kept_as_a_value(deliver, body, payload):
    assert deliver("kafka", body, content_type="text/plain").payload == payload


def test_a_delivery_of_standard_webhooks_has_its_own_name_and_time(deliver):
    event = deliver("standard-webhooks", CONTACT, webhook_id="msg_1")

    assert (event.event, event.resource_id) == ("contact.created", "1f81eb52-5198-4599-803e-771906343485")
    assert event.occurred.isoformat() == "2022-11-03T20:26:10.344522+00:00"


@pytest.mark.parametrize(
    ("preset", "body", "headers"),
    [
        ("github", PUSH, {"x_github_event": "push", "x_github_delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}),
        ("stripe", CHARGE, {}),
        ("slack", MESSAGE, {}),
        ("shopify", ORDER, TOPIC | {"x_shopify_webhook_id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"}),
        ("cloudevents", {}, {"ce_specversion": "1.0", "ce_id": "a", "ce_source": "/s", "ce_type": "t"}),
        ("kafka", {"_topic": "signups", "_partition": 0, "_offset": 17}, {}),
        ("standard-webhooks", CONTACT, {"webhook_id": "msg_2"}),
    ],
)
def test_a_delivery_that_comes_twice_is_one_event(deliver, hooks, preset, body, headers):
    deliver(preset, body, **headers)
    hooks.call(body, **headers)

    assert len(hooks.events()) == 1


def test_alike_kafka_messages_at_different_places_are_two_events(deliver, hooks):
    deliver("kafka", {"userid": "ann", "_topic": "signups", "_partition": 0, "_offset": 17})
    for place in ({"_offset": 18}, {"_partition": 1}, {"_topic": "returns"}):
        hooks.call({"userid": "ann", "_topic": "signups", "_partition": 0, "_offset": 17} | place)

    assert len(hooks.events()) == 4


def test_alike_kafka_messages_that_do_not_say_where_they_stood_are_two_events(deliver, hooks):
    deliver("kafka", {"userid": "ann"})
    hooks.call({"userid": "ann"})

    assert len(hooks.events()) == 2


TEXTS = st.text(max_size=20) | st.sampled_from(['"', "\\", '","event":"admin.granted","a":"', "{{ 7 * 7 }}", "}"])
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
FIELDS = (
    "action sender login repository full_name organization ref type id data object event channel user team_id token "
    "payload item created customer timestamp _topic _partition _offset command workflow_run conclusion"
)
KEYS = st.sampled_from(FIELDS.split())
BODIES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15
)
NAMES = {
    "github": "github.",
    "stripe": "stripe.",
    "slack": "slack.",
    "shopify": "shopify.",
    "kafka": "kafka.record-received",
    "cloudevents": "",
    "standard-webhooks": "",
}


# The clock that stops templates may ring within hypothesis' own callback of the garbage collector, which nobody hears.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(preset=st.sampled_from(list(PRESETS)), body=BODIES, header=TEXTS)
def test_whatever_is_sent_it_becomes_an_event_of_the_preset_or_a_clear_refusal(hooks, preset, body, header):
    chosen = PRESETS[preset]
    hooks.add(template=chosen.template, delivery_id=chosen.delivery_id)
    headers = {"x_github_event": header, "x_shopify_topic": header, "x_shopify_shop_domain": header}

    answer = hooks.call(body, **headers)

    event = hooks.events()[-1]
    assert answer.status in (204, 400)
    if answer.status == 400:
        assert event.event == "prefect-cloud.webhook.failed"
        assert answer.reason
    else:
        assert event.event.startswith(NAMES[preset])
