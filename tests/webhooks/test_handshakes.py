"""Questions that senders ask before they send."""

import json

import pytest
from tests.webhooks.signing import SECRET, slack

GRID = "Microsoft.EventGrid.SubscriptionValidationEvent"
CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
OF_THE_GRID = [{"id": "1", "eventType": GRID, "topic": "t", "subject": "", "data": {"validationCode": CODE}}]
OF_CLOUD_EVENTS = {"id": "1", "type": GRID, "source": "s", "specversion": "1.0", "data": {"validationCode": CODE}}


@pytest.mark.parametrize("question", [OF_THE_GRID, OF_CLOUD_EVENTS, OF_THE_GRID[0], [OF_CLOUD_EVENTS]])
def test_event_grid_is_told_its_code_and_no_event_comes_of_it(hooks, question):
    hooks.add()

    answer = hooks.call(question, aeg_event_type="SubscriptionValidation")

    assert (answer.status, answer.body) == (200, {"validationResponse": CODE})
    assert hooks.events() == []


@pytest.mark.parametrize(
    "question",
    [
        [{"eventType": GRID, "data": {}}],
        [{"eventType": GRID, "data": {"validationCode": 7}}],
        [{"eventType": GRID, "data": {"validationCode": "x" * 3000}}],
        [{"eventType": GRID}],
        OF_THE_GRID * 2,
        {"text": GRID},
        [GRID],
    ],
)
def test_what_only_looks_like_a_question_is_a_request_like_any_other(hooks, question):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r"}}')

    assert hooks.call(question).status == 204
    assert hooks.event().event == "e"


def test_event_grid_proves_who_it_is_where_the_webhook_wants_that(hooks):
    hooks.guard({"type": "bearer"}, SECRET)

    assert hooks.call(OF_THE_GRID).status == 401
    assert hooks.call(OF_THE_GRID, authorization=f"Bearer {SECRET}").body == {"validationResponse": CODE}


def test_a_sender_of_cloud_events_may_ask_whether_it_may_send(hooks):
    hooks.add()

    answer = hooks.call(b"", "OPTIONS", webhook_request_origin="eventemitter.example.com")

    assert answer.status == 200
    assert answer.headers["webhook-allowed-origin"] == "eventemitter.example.com"
    assert answer.headers["webhook-allowed-rate"] == "*"
    assert hooks.events() == []


@pytest.mark.parametrize("origin", ["", "a b", "x" * 300, "a\r\nset-cookie: b", "ä"])
def test_an_origin_that_is_none_is_not_echoed(hooks, origin):
    hooks.add()

    answer = hooks.call(b"", "OPTIONS", webhook_request_origin=origin)

    assert answer.status == 405
    assert answer.headers == {"allow": "DELETE, GET, HEAD, PATCH, POST, PUT"}


CHALLENGE = {"token": "t", "challenge": "3eZbrw1a", "type": "url_verification"}


def test_slack_is_told_its_challenge(hooks):
    hooks.guard({"type": "slack"}, SECRET)
    data = json.dumps(CHALLENGE).encode()

    assert hooks.call(data, **slack(data)).body == {"challenge": "3eZbrw1a"}
    assert hooks.call(data).status == 401
    assert hooks.events() == []


def test_others_than_slack_have_no_challenge(hooks):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r"}}')

    assert hooks.call(CHALLENGE).status == 204
    assert hooks.event().event == "e"
