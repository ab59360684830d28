"""Notification targets over HTTP, and as block documents."""

import pytest
from tests.stories import NOBODY

from whenflow.ports import HttpAnswer

URL = "https://hooks.slack.com/services/T0/B0/canary"
SLACK = {"name": "team", "type": "slack-webhook", "data": {"url": URL}}
CALLED = {
    "name": "shop",
    "type": "webhook",
    "data": {"url": "https://shop.example/orders", "headers": {"authorization": "Bearer canary", "x-shop": "7"}},
}
AREA = "/notification-targets"


@pytest.fixture
def slack(api):
    """A target on Slack, as the API made it."""
    return api("POST", AREA, SLACK).document


def test_a_target_is_made_and_its_secret_is_a_reference_from_then_on(world, api, slack):
    assert slack["data"]["url"].startswith("ssm:")
    assert world.secrets.get(slack["data"]["url"]) == URL
    assert api("GET", f"{AREA}/{slack['id']}").document == slack
    assert "canary" not in repr(world.config.all("block-document"))


def test_headers_that_say_they_are_secret_are_kept_as_secrets(world, api):
    made = api("POST", AREA, CALLED).document

    assert made["data"]["headers"]["x-shop"] == "7"
    assert world.secrets.get(made["data"]["headers"]["authorization"]) == "Bearer canary"
    assert "canary" not in repr(world.config.all("block-document"))


def test_a_secret_of_the_user_s_own_is_referred_to_and_not_touched(world, api):
    world.secrets.kept["secretsmanager:slack"] = URL
    made = api("POST", AREA, {**SLACK, "data": {"url": "secretsmanager:slack"}}).document
    assert made["data"]["url"] == "secretsmanager:slack"

    api("DELETE", f"{AREA}/{made['id']}")

    assert world.secrets.kept == {"secretsmanager:slack": URL}


def test_a_secret_that_another_target_keeps_stays_when_one_that_refers_to_it_goes(world, api, slack):
    other = api("POST", AREA, {**SLACK, "data": {"url": slack["data"]["url"]}}).document

    api("DELETE", f"{AREA}/{other['id']}")

    assert world.secrets.get(slack["data"]["url"]) == URL


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, ["name"]),
        ({"type": "pigeon"}, ["type"]),
        ({"colour": "blue"}, ["colour"]),
        ({"data": {}}, ["data", "url"]),
        ({"data": {"url": URL, "colour": "blue"}}, ["data", "colour"]),
        ({"data": {"url": "http:///x"}}, ["data", "url"]),
        ({"data": {"url": "https://{{ event.x }}/"}}, ["data", "url"]),
        ({"type": "email", "data": {"to": ["nobody"]}}, ["data", "to", 0]),
        ({"type": "email", "data": {"to": []}}, ["data", "to"]),
        ({"type": "sns", "data": {"topic_arn": "arn:aws:sqs:x"}}, ["data", "topic_arn"]),
        ({"type": "webhook", "data": {"url": URL, "signing_secret": "short"}}, ["data", "signing_secret"]),
        ({"type": "webhook", "data": {"url": URL, "headers": {"Host": "x"}}}, ["data", "headers"]),
        ({"type": "webhook", "data": {"url": URL, "headers": {"x": "a\nb"}}}, ["data", "headers", "x"]),
        ({"type": "discord-webhook", "data": {"url": "https://evil.example/api/webhooks/1/t"}}, ["data"]),
        ({"type": "mattermost-webhook", "data": {"hostname": "a/b", "token": "t"}}, ["data", "hostname"]),
        ({"type": "twilio-sms", "data": {"account_sid": "x", "auth_token": "t", "from_phone_number": "+15005550006",
          "to_phone_numbers": ["+15005550001"]}}, ["data", "account_sid"]),
    ],
)  # fmt: skip
def test_a_target_that_is_wrong_is_refused_by_its_place_and_leaves_nothing_behind(world, api, changes, place):
    answer = api("POST", AREA, {**SLACK, **changes})

    assert answer.status == 422
    assert [fault["loc"] for fault in answer.document["exception_detail"]] == [place]
    assert world.config.all("block-document") == []
    assert world.secrets.kept == {}


def test_targets_are_listed_by_name(api):
    for name in ("b", "c", "a"):
        api("POST", AREA, {**SLACK, "name": name})

    assert [one["name"] for one in api("POST", f"{AREA}/filter", {}).document] == ["a", "b", "c"]
    assert [one["name"] for one in api("POST", f"{AREA}/filter", {"limit": 1, "offset": 1}).document] == ["b"]


def test_what_is_changed_is_changed_and_the_rest_stays(world, api, slack):
    answer = api("PATCH", f"{AREA}/{slack['id']}", {"name": "crew", "is_default": True})

    assert answer.document["name"] == "crew"
    assert answer.document["is_default"] is True
    assert answer.document["data"] == slack["data"]


def test_a_new_secret_takes_the_place_of_the_old_one_which_is_forgotten(world, api, slack):
    changed = api("PATCH", f"{AREA}/{slack['id']}", {"data": {"url": URL + "2"}}).document

    assert world.secrets.kept == {changed["data"]["url"]: URL + "2"}


def test_a_change_that_is_wrong_changes_nothing(world, api, slack):
    assert api("PATCH", f"{AREA}/{slack['id']}", {"data": {"url": "no"}}).status == 422

    assert api("GET", f"{AREA}/{slack['id']}").document == slack
    assert world.secrets.kept == {slack["data"]["url"]: URL}


def test_a_target_is_removed_with_its_secrets(world, api, slack):
    assert api("DELETE", f"{AREA}/{slack['id']}").status == 204

    assert api("GET", f"{AREA}/{slack['id']}").status == 404
    assert world.secrets.kept == {}


def test_a_trial_is_sent_and_told(world, api, slack):
    answer = api("POST", f"{AREA}/{slack['id']}/test", {})

    assert answer.document == {"sent": True, "status_code": 200}
    assert b"trial" in (world.http.sent[0].body or b"")


def test_a_trial_that_fails_says_why_and_tells_no_secret(world, api, slack):
    world.http.answers = [HttpAnswer(500, {}, URL.encode())]

    answer = api("POST", f"{AREA}/{slack['id']}/test", {})

    assert answer.document == {"sent": False, "reason": "Slack answered 500: ********"}


@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test")])
@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_a_target_that_is_not_there_is_not_found(api, method, tail, id_):
    answer = api(method, f"{AREA}/{id_}{tail}", {} if method != "GET" else None)

    assert answer.status == 404


def test_as_a_block_document_it_has_prefect_s_shape_and_masks_its_secrets(api, slack):
    answer = api("GET", f"/block_documents/{slack['id']}")

    assert answer.document["block_type"]["slug"] == "slack-webhook"
    assert answer.document["data"] == {"url": "********"}
    assert answer.document["is_anonymous"] is False
    assert api("POST", "/block_documents/filter", {}).document == [answer.document]
    assert api("POST", "/block_documents/count", {}).document == 1
