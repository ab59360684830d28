"""The log of a webhook's requests."""

import json
import logging

import pytest
from tests.stories import ANN, NOON
from tests.webhooks.signing import SECRET

from whenflow.errors import Rejected, Transient
from whenflow.webhooks.sample import MAX_KEPT_BYTES


@pytest.fixture
def logged_requests(hooks):
    """The log, as a list."""
    return hooks.world.requests.entries


def test_a_request_that_made_an_event_is_not_logged_unless_the_webhook_wants_it(hooks, logged_requests):
    hooks.add()

    hooks.call()

    assert logged_requests == []


def test_a_request_that_made_an_event_is_logged_with_its_id(hooks, logged_requests):
    webhook = hooks.add(log_requests=True)

    hooks.call()

    [entry] = logged_requests
    assert (entry.webhook_id, entry.received, entry.method) == (webhook.id, NOON, "POST")
    assert (entry.outcome, entry.status, entry.reason) == ("accepted", 204, "")
    assert entry.events == (hooks.event().id,)
    assert entry.size == len(json.dumps(ANN))
    assert entry.request is None


def test_a_delivery_that_came_again_is_told_apart(hooks, logged_requests):
    hooks.add(log_requests=True)

    hooks.call(webhook_id="1")
    hooks.call(webhook_id="1")

    assert [entry.outcome for entry in logged_requests] == ["accepted", "duplicate"]
    assert logged_requests[0].events == logged_requests[1].events


def test_what_was_refused_is_always_logged_with_the_reason(hooks, logged_requests):
    hooks.guard({"type": "bearer"}, SECRET, max_body_bytes=100, template="{{ 1 / 0 }}")
    allowed = f"Bearer {SECRET}"

    hooks.call(authorization="Bearer wrong")
    hooks.call(authorization=allowed)
    hooks.call(b"x" * 101, authorization=allowed)
    hooks.call(method="PURGE")

    assert [(entry.outcome, entry.status) for entry in logged_requests] == [
        ("unauthorized", 401),
        ("misread", 400),
        ("too-large", 413),
        ("method", 405),
    ]
    assert all(entry.reason for entry in logged_requests)


def test_nothing_is_logged_of_addresses_that_are_not_there(hooks, logged_requests):
    hooks.add("disabled", enabled=False)

    hooks.call(slug="disabled")
    hooks.call(slug="unknown")

    assert logged_requests == []


def test_a_request_is_kept_whole_where_the_webhook_wants_it(hooks, logged_requests):
    hooks.add(log_requests=True, keep_bodies=True)

    hooks.call(ANN, query={"shop": "berlin"}, x_event="signup")

    assert logged_requests[0].request == {
        "method": "POST",
        "headers": {"content-type": "application/json", "x-event": "signup"},
        "query": {"shop": "berlin"},
        "body": json.dumps(ANN),
    }
    assert json.loads(json.dumps(logged_requests[0].as_document()))["request"]["body"] == json.dumps(ANN)


def test_bytes_that_are_no_text_are_kept_as_they_are(hooks, logged_requests):
    hooks.add(log_requests=True, keep_bodies=True)

    hooks.call(b"\x00\xff", content_type="application/octet-stream")

    assert logged_requests[0].sample().body == b"\x00\xff"


@pytest.mark.parametrize("secret", [SECRET, "open-sesame"])
def test_what_is_kept_has_no_secrets(hooks, logged_requests, secret):
    hooks.guard({"type": "bearer"}, SECRET, keep_bodies=True, log_requests=True)
    allowed = f"Bearer {SECRET}"

    hooks.call(
        {"copy": secret},
        query={"api_key": "s3cr3t-1", "q": secret},
        authorization=allowed,
        x_api_key="s3cr3t-2",
        x_copy=secret,
    )
    hooks.call(f"\xff{secret}".encode("latin-1"), content_type="text/plain", authorization=allowed)

    assert len(logged_requests) == 2
    assert secret not in repr(logged_requests)
    assert b"[removed]" in logged_requests[1].sample().body
    assert "s3cr3t" not in repr(logged_requests)


def test_nothing_is_kept_of_those_who_were_not_let_in(hooks, logged_requests):
    hooks.guard({"type": "bearer"}, SECRET, keep_bodies=True, log_requests=True, max_body_bytes=1000)

    hooks.call(ANN)
    hooks.call(b"x" * 1001)
    hooks.call(b"x" * 900, "OPTIONS", webhook_request_origin="example.com")

    assert [entry.outcome for entry in logged_requests] == ["unauthorized", "too-large", "handshake"]
    assert [entry.request for entry in logged_requests] == [None, None, None]


def test_a_body_that_is_too_large_to_be_kept_is_not_kept_in_part(hooks, logged_requests):
    hooks.add(log_requests=True, keep_bodies=True)

    hooks.call({"userid": "u", "name": "x" * MAX_KEPT_BYTES})

    assert logged_requests[0].request is None
    with pytest.raises(Rejected, match="too large"):
        logged_requests[0].sample()


def test_a_long_reason_is_logged_in_part(hooks, logged_requests):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r", "{{ body }}": 7}}')

    answer = hooks.call(b"x" * 500, content_type="text/plain")

    assert len(answer.reason) > 500
    assert logged_requests[0].reason == answer.reason[:300]


def test_a_log_that_cannot_be_written_costs_no_event(hooks, monkeypatch, caplog):
    webhook = hooks.add(log_requests=True)

    def broken(_entry):
        raise Transient("busy")

    monkeypatch.setattr(hooks.world.requests, "add", broken)
    with caplog.at_level(logging.ERROR, "whenflow.webhooks"):
        assert hooks.call().status == 204

    assert hooks.event().event == "user.signed-up"
    assert f"the log of webhook {webhook.id} misses a request" in caplog.text


def test_later_requests_have_greater_ids(hooks, logged_requests):
    hooks.add(log_requests=True)

    for _ in range(5):
        hooks.call()
        hooks.world.clock.advance(0.001)

    ids = [entry.id for entry in logged_requests]
    assert ids == sorted(ids)


def test_the_time_that_a_request_took_is_logged(hooks, logged_requests, monkeypatch):
    hooks.add(log_requests=True)
    put = hooks.world.events.put
    monkeypatch.setattr(hooks.world.events, "put", lambda event: [hooks.world.clock.advance(0.0127), put(event)][1])

    hooks.call()

    assert logged_requests[0].milliseconds == 12.7
