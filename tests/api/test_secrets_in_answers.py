"""What is refused is shown with the answer, but for what is secret in it."""

import pytest
from tests.stories import signup_webhook

CANARY = "canary-31b9d7c2"
TARGETS = {
    "slack-webhook": {"url": f"https://hooks.slack.com/services/T/B/{CANARY}"},
    "pager-duty-webhook": {"integration_key": CANARY, "api_url": "no url"},
    "twilio-sms": {"account_sid": "x", "auth_token": CANARY},
    "webhook": {"url": "https://shop.example/", "headers": {"authorization": CANARY}, "signing_secret": CANARY},
}


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("wrong", [{"name": ""}, {"colour": "blue"}, {"type": "pigeon"}])
def test_a_target_that_is_refused_is_shown_without_what_it_knows(api, kind, wrong):
    answer = api("POST", "/notification-targets", {"name": "team", "type": kind, "data": TARGETS[kind]} | wrong)

    assert answer.status == 422
    assert answer.document["request_body"]["data"] == "[removed]"
    assert CANARY not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_webhook_that_is_refused_is_shown_without_its_secret(api, method):
    made = api("POST", "/webhooks", signup_webhook()).document
    path = "/webhooks" if method == "POST" else f"/webhooks/{made['id']}"

    answer = api(method, path, signup_webhook(name="", auth={"type": "bearer", "secret": CANARY}))

    assert answer.status == 422
    assert CANARY not in answer.text
