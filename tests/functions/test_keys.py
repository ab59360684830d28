"""Keys at the real door: what they open, how often, and for how long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.calls import Answer, call, read
from tests.functions.conftest import forget
from tests.functions.stack import Stack, later
from tests.stories import order_document, signup_webhook


def made(stack: Stack, *scopes: str, **more: Any) -> dict[str, Any]:
    """Make a key, with the first one."""
    document: dict[str, Any] = stack.api("POST", "/keys", {"name": "theirs", "scopes": scopes, **more}).document
    return document


def ask(stack: Stack, key: str, method: str, path: str, body: Any = None) -> Answer:
    return read(stack.invoke("api", call(method, f"/api{path}", body, headers={"authorization": f"Bearer {key}"})))


def test_the_first_key_makes_others_that_can_do_no_more_than_they_are_given(stack: Stack) -> None:
    emitting = made(stack, "emit")["key"]

    assert ask(stack, emitting, "POST", "/events", order_document()).status == 204
    for method, path in (("GET", "/events"), ("POST", "/keys/filter"), ("POST", "/webhooks")):
        answer = ask(stack, emitting, method, path, {} if method == "POST" else None)
        assert answer.status == 403
        assert "the key 'theirs' has emit." in answer.document["detail"]


@pytest.mark.parametrize("scope", ["read", "emit", "operate"])
def test_no_key_but_one_for_everything_makes_keys_or_takes_them_back(stack: Stack, scope: str) -> None:
    theirs = made(stack, scope)

    assert ask(stack, theirs["key"], "POST", "/keys", {"name": "more", "scopes": ["admin"]}).status == 403
    assert ask(stack, theirs["key"], "DELETE", f"/keys/{theirs['id']}").status == 403


def test_a_key_of_one_webhook_changes_that_one_and_sees_no_other(stack: Stack) -> None:
    mine, other = (stack.api("POST", "/webhooks", signup_webhook(name=name)).document["id"] for name in ("a", "b"))
    key = made(stack, f"webhook:{mine}")["key"]

    assert ask(stack, key, "PATCH", f"/webhooks/{mine}", {"enabled": False}).status == 204
    assert ask(stack, key, "POST", f"/webhooks/{mine}/rotate").status == 200
    assert ask(stack, key, "DELETE", f"/webhooks/{mine}").status == 403
    assert ask(stack, key, "GET", f"/webhooks/{other}").status == 403
    assert ask(stack, key, "POST", "/webhooks/filter", {}).status == 403


def test_a_key_that_was_taken_back_opens_nothing_a_second_later(stack: Stack) -> None:
    theirs = made(stack, "read")
    assert ask(stack, theirs["key"], "GET", "/events").status == 200

    assert stack.api("DELETE", f"/keys/{theirs['id']}").status == 204

    with later(1.1):
        assert ask(stack, theirs["key"], "GET", "/events").status == 401


def test_a_key_ends_when_it_was_said_to(stack: Stack) -> None:
    ends = (datetime.now(UTC) + timedelta(seconds=90)).isoformat()
    theirs = made(stack, "read", expires=ends)
    assert ask(stack, theirs["key"], "GET", "/events").status == 200

    with later(91):
        assert ask(stack, theirs["key"], "GET", "/events").status == 401


def test_when_a_key_was_last_used_is_shown(stack: Stack) -> None:
    theirs = made(stack, "read")
    assert theirs["last_used"] is None

    ask(stack, theirs["key"], "GET", "/events")

    assert stack.api("GET", f"/keys/{theirs['id']}").document["last_used"] is not None


def test_who_asks_too_often_waits_and_holds_up_nobody_else(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHENFLOW_API_REQUESTS_PER_SECOND", "1")
    forget()
    busy, quiet = made(stack, "read")["key"], made(stack, "read")["key"]

    answers = [ask(stack, busy, "GET", "/hello") for _ in range(30)]

    waiting = [one for one in answers if one.status == 429]
    assert waiting
    assert 1 <= int(waiting[0].headers["retry-after"]) <= 10
    assert ask(stack, quiet, "GET", "/hello").status == 200


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer null",
        "Basic Og==",
        "Basic !!",
        "Digest x",
        "Bearer wfk_",
        "Bearer ☃",
        "☃",
    ],
)
def test_what_is_no_key_opens_nothing(stack: Stack, value: str) -> None:
    answer = read(stack.invoke("api", call("GET", "/api/events", headers={"authorization": value})))

    assert (answer.status, answer.document) == (401, {"exception_message": "Unauthorized"})
