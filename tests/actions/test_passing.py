"""Which troubles of calls to the outside are tried again, which are final, and when the next try is."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stories import NOON
from tests.world import World

from whenflow.actions.notifications.passing import LONGEST_SECONDS, retry_after
from whenflow.errors import Rejected, Transient
from whenflow.ports import HttpAnswer

SLACK_URL = "https://hooks.slack.com/services/T0/B0/canary-in-the-url"
PASSES, FINAL, DONE = "passes", "final", "done"
TROUBLES = [
    (200, DONE, DONE),
    (302, FINAL, DONE),
    (400, FINAL, DONE),
    (404, FINAL, DONE),
    (408, PASSES, DONE),
    (409, FINAL, DONE),
    (410, FINAL, DONE),
    (422, FINAL, DONE),
    (425, PASSES, DONE),
    (429, PASSES, PASSES),
    (500, PASSES, DONE),
    (501, FINAL, DONE),
    (502, PASSES, PASSES),
    (503, PASSES, PASSES),
    (504, PASSES, PASSES),
]


def outcome(world: World, firing: Any) -> str:
    world.dispatcher.dispatch(firing)
    if world.retries.sent:
        assert [(one[0], one[1]) for one in world.retries.sent] == [(firing.id, 0)]
        return PASSES
    (ended,) = (name for name in world.events.names() if name.endswith((".executed", ".failed")))
    return DONE if ended.endswith("executed") else FINAL


def sending(world: World) -> dict[str, Any]:
    target = world.targets.create({"name": "team", "type": "slack-webhook", "data": {"url": SLACK_URL}})
    return {"type": "send-notification", "block_document_id": target["id"], "body": "x"}


def calling(world: World) -> dict[str, Any]:
    target = world.targets.create({"name": "shop", "type": "webhook", "data": {"url": "https://shop.example/"}})
    return {"type": "call-webhook", "block_document_id": target["id"], "payload": "x"}


@pytest.mark.parametrize(("status", "expected"), [(status, notified) for status, notified, _ in TROUBLES])
def test_what_a_service_answers_to_a_notification_decides_whether_it_is_sent_again(world, fire, status, expected):
    world.http.answers = [HttpAnswer(status, {}, b"")]

    assert outcome(world, fire(sending(world))) == expected


@pytest.mark.parametrize(("status", "expected"), [(status, called) for status, _, called in TROUBLES])
def test_a20_an_answer_to_a_call_is_an_answer_but_for_those_that_say_to_come_again(world, fire, status, expected):
    world.http.answers = [HttpAnswer(status, {}, b"")]

    assert outcome(world, fire(calling(world))) == expected


@pytest.mark.parametrize("action", [sending, calling])
@pytest.mark.parametrize(("error", "expected"), [(Transient("nobody is there"), PASSES), (Rejected("private"), FINAL)])
def test_no_connection_passes_and_no_permission_is_final(world, fire, action, error, expected):
    world.http.answers = [error]

    assert outcome(world, fire(action(world))) == expected


@pytest.mark.parametrize(("error", "expected"), [(Transient("throttled"), PASSES), (Rejected("no sender"), FINAL)])
def test_a_throttle_of_ses_and_sns_passes_and_a_refusal_is_final(world, fire, error, expected):
    world.mailer.errors = [error]

    assert outcome(world, fire({"type": "send-email-notification", "emails": ["a@b.example"], "body": "x"})) == expected


@pytest.mark.parametrize("action", [sending, calling])
def test_the_wait_that_a_server_asks_for_is_kept(world, fire, action):
    world.http.answers = [HttpAnswer(503, {"retry-after": "120"}, b"")]
    world.dispatcher.dispatch(fire(action(world)))

    assert world.retries.waits == [120.0]


def test_what_went_wrong_names_no_secret(world, fire):
    world.http.answers = [HttpAnswer(503, {}, b"no such hook " + SLACK_URL.encode())]

    world.dispatcher.dispatch(fire(sending(world)))

    assert world.retries.sent[0][2] == "Slack answered 503: no such hook ********"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("3601", LONGEST_SECONDS),
        ("9" * 400, LONGEST_SECONDS),
        (format_datetime(NOON + timedelta(seconds=90)), 90.0),
        (format_datetime(NOON - timedelta(days=1)), 0.0),
        (format_datetime(NOON + timedelta(days=9)), LONGEST_SECONDS),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Fri, 20 Nov 2026 12:01:00 -0000", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date_and_an_hour_at_most(said, seconds):
    assert retry_after({"retry-after": said}, NOON) == seconds


@given(said=st.text() | st.integers().map(str) | st.datetimes().map(str))
def test_whatever_a_server_says_the_wait_is_within_bounds(said):
    wait = retry_after({"retry-after": said}, NOON)

    assert wait is None or 0 <= wait <= LONGEST_SECONDS


def test_each_part_of_a_message_has_a_key_that_stays_the_same(world, fire):
    data = {"hostname": "chat.example", "token": "t", "channels": ["a", "b"]}
    target = world.targets.create({"name": "chat", "type": "mattermost-webhook", "data": data})
    world.http.answers = [HttpAnswer(200, {}, b""), HttpAnswer(503, {}, b"")]
    firing = fire({"type": "send-notification", "block_document_id": target["id"], "body": "x"})

    world.dispatcher.dispatch(firing)
    world.dispatcher.retry(firing.id, 0, tries=1)

    first, second, *again = (request.headers["idempotency-key"] for request in world.http.sent)
    assert first != second
    assert again == [first, second]


def test_an_e_mail_bears_an_id_that_stays_the_same(world, fire):
    world.mailer.errors = [Transient("throttled")]
    firing = fire(*[{"type": "send-email-notification", "emails": ["a@b.example"], "body": "x"}] * 2)
    world.dispatcher.dispatch(firing)

    world.dispatcher.retry(firing.id, 0, tries=1)

    (other, first) = (mail.message_id for mail in world.mailer.sent)
    assert first
    assert first != other
