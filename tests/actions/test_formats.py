"""What each service is sent, in the shape that it documents."""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as some

from whenflow.actions.notifications.formats import FORMATS, Message
from whenflow.actions.notifications.kinds import KINDS

MESSAGE = Message("5c2d4c6e-0000-4000-8000-000000000001", "Orders are late", "Seven of *them*\nwait.")
DATA: dict[str, dict[str, Any]] = {
    "slack-webhook": {"url": "https://hooks.slack.com/services/T/B/x"},
    "ms-teams-webhook": {"url": "https://prod.westeurope.logic.azure.com/workflows/x"},
    "discord-webhook": {"url": "https://discord.com/api/webhooks/123/to-ken_1"},
    "mattermost-webhook": {"hostname": "chat.example.com", "token": "abc", "channels": ["ops", "shop"]},
    "pager-duty-webhook": {"integration_key": "key", "region_name": "eu", "severity": "critical"},
    "opsgenie-webhook": {"apikey": "key", "priority": 1, "tags": ["orders"], "target_team": ["shop"]},
    "twilio-sms": {
        "account_sid": "AC" + "0" * 32,
        "auth_token": "token",
        "from_phone_number": "+15005550006",
        "to_phone_numbers": ["+15005550001", "+15005550002"],
    },
    "custom-webhook": {
        "url": "https://chat.example.com/send?title={{subject}}",
        "json_data": {"text": "{{subject}}: {{body}}", "list": ["{{ body }}", 1]},
    },
}


def sent(type_, message=MESSAGE, **changes):
    data = KINDS[type_].model_validate({**DATA[type_], **changes}).model_dump(mode="json")
    return FORMATS[type_](data, message)


def document(type_, message=MESSAGE, **changes):
    return json.loads(sent(type_, message, **changes)[0].body)


def test_slack_gets_a_header_and_a_section_and_a_text_for_notices():
    told = document("slack-webhook")

    assert told["text"] == "Orders are late\nSeven of *them*\nwait."
    assert [block["type"] for block in told["blocks"]] == ["header", "section"]
    assert told["blocks"][1]["text"] == {"type": "mrkdwn", "text": MESSAGE.body}


def test_teams_gets_an_adaptive_card():
    told = document("ms-teams-webhook")

    (attachment,) = told["attachments"]
    assert told["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["text"] for block in attachment["content"]["body"]] == [MESSAGE.subject, MESSAGE.body]


def test_discord_gets_content_and_mentions_nobody():
    (request,) = sent("discord-webhook")

    assert request.url == "https://discord.com/api/webhooks/123/to-ken_1"
    assert json.loads(request.body)["content"] == "**Orders are late**\nSeven of *them*\nwait."
    assert json.loads(request.body)["allowed_mentions"] == {"parse": []}


def test_mattermost_is_told_once_for_each_channel():
    requests = sent("mattermost-webhook")

    assert [json.loads(request.body)["channel"] for request in requests] == ["ops", "shop"]
    assert {request.url for request in requests} == {"https://chat.example.com/hooks/abc"}


def test_pagerduty_gets_an_event_that_repeats_as_the_same_incident():
    (request,) = sent("pager-duty-webhook")
    told = json.loads(request.body)

    assert request.url == "https://events.eu.pagerduty.com/v2/enqueue"
    assert (told["routing_key"], told["event_action"], told["dedup_key"]) == ("key", "trigger", MESSAGE.id)
    assert told["payload"]["severity"] == "critical"
    assert told["payload"]["summary"] == MESSAGE.subject


def test_opsgenie_gets_an_alert_that_repeats_as_the_same_alert():
    (request,) = sent("opsgenie-webhook")
    told = json.loads(request.body)

    assert request.url == "https://api.opsgenie.com/v2/alerts"
    assert request.headers["authorization"] == "GenieKey key"
    assert (told["alias"], told["priority"], told["tags"]) == (MESSAGE.id, "P1", ["orders"])
    assert told["responders"] == [{"type": "team", "name": "shop"}]


def test_twilio_is_told_once_for_each_number():
    requests = sent("twilio-sms")

    forms = [parse_qs(request.body.decode()) for request in requests]
    assert [form["To"] for form in forms] == [["+15005550001"], ["+15005550002"]]
    assert forms[0]["Body"] == ["Orders are late\nSeven of *them*\nwait."]
    login = b64decode(requests[0].headers["authorization"].removeprefix("Basic "))
    assert login.decode() == "AC" + "0" * 32 + ":token"


def test_a_custom_service_gets_the_message_where_it_wants_it():
    (request,) = sent("custom-webhook")

    assert request.url == "https://chat.example.com/send?title=Orders%20are%20late"
    assert json.loads(request.body) == {"text": f"Orders are late: {MESSAGE.body}", "list": [MESSAGE.body, 1]}


def test_a_message_that_looks_like_a_placeholder_is_not_filled_in_again():
    told = document("custom-webhook", Message("1", "{{body}}", "{{subject}}"))

    assert told["text"] == "{{body}}: {{subject}}"


def test_a_custom_service_may_want_a_form():
    (request,) = sent("custom-webhook", json_data=None, form_data={"t": "{{body}}"}, headers={"X-Key": "k"})

    assert parse_qs(request.body.decode()) == {"t": [MESSAGE.body]}
    assert request.headers == {"content-type": "application/x-www-form-urlencoded", "X-Key": "k"}


@pytest.mark.parametrize(
    ("type_", "read", "limit"),
    [
        ("slack-webhook", lambda told: told["text"], 4_000),
        ("slack-webhook", lambda told: told["blocks"][-1]["text"]["text"], 3_000),
        ("discord-webhook", lambda told: told["content"], 2_000),
        ("mattermost-webhook", lambda told: told["text"], 16_383),
        ("opsgenie-webhook", lambda told: told["message"], 130),
        ("opsgenie-webhook", lambda told: told["description"], 15_000),
        ("pager-duty-webhook", lambda told: told["payload"]["summary"], 1_024),
    ],
)
def test_what_is_too_long_for_a_service_is_cut_and_marked(type_, read, limit):
    told = read(document(type_, Message("1", "s" * 5_000, "b" * 50_000)))

    assert len(told) == limit
    assert told.endswith("…")


@given(subject=some.text(max_size=50), body=some.text(max_size=200))
def test_every_message_can_be_sent_everywhere(subject, body):
    for type_ in FORMATS:
        for request in sent(type_, Message("1", subject, body)):
            assert request.url.startswith("https://")
            assert request.body is not None
