"""`ANY /hooks/{slug}`."""

import json

import pytest
from tests.calls import hook_call, read
from tests.outages import failing, unreachable
from tests.stories import ANN, signup_webhook
from tests.webhooks.signing import github

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


DATA = json.dumps(ANN).encode()


def guarded(stack, **auth):
    """Set up the signup webhook with a scheme; return its slug and its secret."""
    made = stack.api("POST", "/webhooks", signup_webhook(auth=auth)).document
    return made["slug"], made.get("secret")


def test_a_signed_message_in_base_64_is_believed(stack):
    slug, secret = guarded(stack, type="github")

    assert stack.hook(slug, DATA, headers=github(DATA, secret)).status == 204
    assert stack.events()[0].payload == ANN


def test_a_signed_message_in_plain_text_is_believed(stack):
    slug, secret = guarded(stack, type="github")
    text = '{"userid": "u-1", "name": "Zoë"}'

    assert stack.hook(slug, text, headers=github(text.encode(), secret)).status == 204


def test_who_is_not_believed_is_told_in_json_and_with_the_challenge(stack):
    slug, _ = guarded(stack, type="bearer")

    answer = stack.hook(slug, ANN)

    assert (answer.status, answer.document) == (401, {"detail": "The credentials are missing or wrong."})
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert stack.events() == []


def test_a_rotated_secret_and_the_one_before_are_both_believed(stack):
    made = stack.api("POST", "/webhooks", signup_webhook(auth="bearer")).document
    new = stack.api("POST", f"/webhooks/{made['id']}/rotate-secret").document["secret"]

    for secret in (made["secret"], new):
        assert stack.hook(made["slug"], ANN, headers={"authorization": f"Bearer {secret}"}).status == 204


def test_a_secret_of_the_users_own_is_believed(stack):
    wiring.client("ssm").put_parameter(Name="/team/hooks", Value='{"shop": "open sesame"}', Type="SecureString")
    slug, _ = guarded(stack, type="bearer", secret="ssm:/team/hooks#shop")

    assert stack.hook(slug, ANN, headers={"authorization": "Bearer open sesame"}).status == 204


def test_when_the_secrets_cannot_be_reached_the_caller_may_try_again(stack):
    slug, secret = guarded(stack, type="bearer")
    headers = {"authorization": f"Bearer {secret}"}

    with failing(wiring.client("ssm"), "GetParameter", unreachable()):
        assert stack.hook(slug, ANN, headers=headers).status == 503
    assert stack.hook(slug, ANN, headers=headers).status == 204


def test_event_grid_is_told_its_code(stack):
    question = [
        {"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d38b6"}}
    ]

    answer = stack.hook(stack.webhook(), question)

    assert (answer.status, answer.document) == (200, {"validationResponse": "512d38b6"})


def test_a_sender_may_ask_whether_it_may_send(stack):
    answer = stack.hook(stack.webhook(), method="OPTIONS", headers={"webhook-request-origin": "example.com"})

    assert (answer.status, answer.headers["webhook-allowed-origin"]) == (200, "example.com")


def test_another_method_is_refused_with_those_that_are_taken(stack):
    answer = stack.hook(stack.webhook(), method="OPTIONS")

    assert (answer.status, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH, POST, PUT")


def test_a_request_that_was_refused_is_in_the_log(stack):
    made = stack.api("POST", "/webhooks", signup_webhook(keep_bodies=True)).document
    stack.hook(made["slug"], "{")

    [entry] = stack.api("GET", f"/webhooks/{made['id']}/requests").document

    assert (entry["status"], entry["outcome"], entry["request"]["body"]) == (400, "misread", "{")
    again = stack.api("POST", f"/webhooks/{made['id']}/test", {"request_id": entry["id"]}).document
    assert again["errors"][0]["message"] == entry["reason"]


def test_a_log_that_cannot_be_written_costs_no_event(stack, logged):
    made = stack.api("POST", "/webhooks", signup_webhook(log_requests=True)).document
    stack.hook(made["slug"], ANN)

    def is_log(params):
        return params["Item"].get("pk", {}).get("S", "").startswith("webhook#")

    with failing(wiring.dynamodb(), "PutItem", unreachable(), when=is_log):
        assert stack.hook(made["slug"], ANN).status == 204

    assert stack.names() == ["user.signed-up"] * 2
    assert "misses a request" in logged()
    assert len(stack.api("GET", f"/webhooks/{made['id']}/requests").document) == 1


def test_a_rotated_address_works_and_the_old_one_is_not_there(stack):
    made = stack.api("POST", "/webhooks", signup_webhook()).document
    new = stack.api("POST", f"/webhooks/{made['id']}/rotate").document["slug"]

    assert stack.hook(made["slug"], ANN).status == 404
    assert stack.hook(new, ANN).status == 204
