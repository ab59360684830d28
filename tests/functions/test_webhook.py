"""`ANY /hooks/{slug}`."""

import json

import pytest
from tests.calls import hook_call, read
from tests.outages import failing, unreachable
from tests.stories import ANN

from whenflow.aws import wiring


def test_a_message_is_stored_and_answered_with_nothing(stack):
    slug = stack.webhook()

    answer = stack.hook(slug, ANN)

    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["cache-control"] == "no-store"
    (event,) = stack.events()
    assert (event.event, event.payload) == ("user.signed-up", ANN)


def test_a_body_in_base_64_is_read(stack):
    slug = stack.webhook()

    assert stack.hook(slug, json.dumps(ANN).encode()).status == 204
    assert stack.events()[0].payload == ANN


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "PATCH", "POST"])
def test_every_method_is_taken(stack, method):
    slug = stack.webhook(template='{"event": "e", "resource": {"prefect.resource.id": "{{ method }}"}}')

    assert stack.hook(slug, method=method).status == 204
    assert stack.events()[0].resource_id == method


def test_what_is_wrong_is_told_in_json(stack):
    slug = stack.webhook()

    answer = stack.hook(slug, "{")

    assert answer.status == 400
    assert answer.document == {
        "detail": "The body is not valid JSON: Expecting property name enclosed in double quotes at line 1 column 2."
    }
    assert stack.names() == ["prefect-cloud.webhook.failed"]


def test_a_webhook_that_is_disabled_is_not_there(stack):
    disabled = stack.webhook(enabled=False)

    assert stack.hook(disabled, ANN) == stack.hook("no-such-slug", ANN)
    assert stack.hook(disabled, ANN).status == 404


def test_a_webhook_that_was_removed_is_not_there(stack):
    created = stack.api("POST", "/webhooks", {"name": "x", "template": "{}"}).document
    stack.api("DELETE", f"/webhooks/{created['id']}")

    assert stack.hook(created["slug"], ANN).status == 404


def test_a_path_without_a_slug_is_not_there(stack):
    event = hook_call("x", ANN) | {"pathParameters": None}

    assert read(stack.invoke("webhook", event)).status == 404


def test_a_body_that_is_too_large_is_refused(stack):
    slug = stack.webhook()

    answer = stack.hook(slug, "x" * 1_100_000)

    assert answer.status == 413
    assert "the limit is 1,048,576" in answer.document["detail"]
    assert stack.events() == []


def test_when_the_table_cannot_be_reached_the_caller_may_try_again(stack):
    slug = stack.webhook()

    with failing(wiring.dynamodb(), "PutItem", unreachable()):
        answer = stack.hook(slug, ANN)

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.document == {"detail": "Try again."}
    assert stack.hook(slug, ANN).status == 204


def test_a_bug_of_ours_is_logged_and_not_told(stack, logged):
    slug = stack.webhook()

    with failing(wiring.dynamodb(), "PutItem", RuntimeError("the secret of line 42")):
        answer = stack.hook(slug, ANN)

    assert answer.status == 503
    assert "line 42" not in answer.text
    assert "the secret of line 42" in logged()
