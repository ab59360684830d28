"""Requests that give no event: the caller is told why, and so is the feed."""

import pytest
from tests.stories import ANN

from whenflow.webhooks.receive import SHOWN_CHARS

SECRETS = {
    "authorization": "Bearer s3cr3t-1",
    "cookie": "session=s3cr3t-2",
    "x-api-key": "s3cr3t-3",
    "x-hub-signature-256": "s3cr3t-4",
}


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ body.name }}", "The template's result is not valid JSON: Expecting value at line 1 column 1."),
        ('{"event": "x",\n}', "The template's result is not valid JSON"),
        ("[1]", "The template's result is not a JSON object."),
        ('"text"', "The template's result is not a JSON object."),
        ("", "The template's result is not valid JSON"),
        ("{{ body.nope | tojson }}", "The template failed: line 1: 'nope' is undefined"),
        ("a\n{{ 1 / 0 }}", "The template failed: line 2: ZeroDivisionError: division by zero"),
        ('{"event": "x"}', "The template's result is not an event: resource: Field required"),
        (
            '{"resource": {"prefect.resource.id": "x"}}',
            "The template's result is not an event: event: Field required",
        ),
        (
            '{"event": "x", "resource": {"prefect.resource.id": "{{ body.nope }}"}}',
            "resource: Value error, Resources must include the prefect.resource.id label",
        ),
        ('{"event": 7, "resource": {"prefect.resource.id": "x"}}', "event: Input should be a valid string"),
        (
            '{"event": "x", "resource": {"prefect.resource.id": "x"}, "related": 7}',
            "related: Input should be a valid list",
        ),
        ('{"event": "x", "resource": {"prefect.resource.id": "x"}, "id": "7"}', "id: Input should be a valid UUID"),
        ('{"event": "x", "resource": 7, "id": null}', "id: UUID input should be"),
        ('{"event": "x", "resource": {"prefect.resource.id": "x"}, "payload": 7}', "payload: Input should be a valid"),
        ('{"event": "x", "resource": {"prefect.resource.id": "x"}, "payload": {"n": NaN}}', "NaN is no JSON number"),
    ],
)
def test_the_caller_is_told_what_is_wrong(hooks, template, reason):
    hooks.add(template=template)

    answer = hooks.call()

    assert answer.status == 400
    assert reason in answer.reason


@pytest.mark.parametrize("body", [b"{", b"{'a': 1}", b"\xff", b"[" * 100_000, b""], ids=str)
def test_a_body_that_is_said_to_be_json_and_is_not_is_told(hooks, body):
    hooks.add(template="{{ body | tojson }}")

    answer = hooks.call(body)

    assert answer.status == 400
    assert answer.reason


def test_the_feed_tells_that_the_webhook_failed_and_shows_all_there_is_to_see(hooks):
    webhook = hooks.add(template='{"event": "{{ body.name }}"')

    answer = hooks.call(ANN, x_event="signup")

    event = hooks.event()
    assert event.event == "prefect-cloud.webhook.failed"
    assert event.resource == {
        "prefect.resource.id": f"prefect-cloud.webhook.{webhook.id}",
        "prefect.resource.name": "signup",
    }
    assert event.payload == {
        "reason": answer.reason,
        "rendered": '{"event": "Ann"',
        "method": "POST",
        "headers": {"content-type": "application/json", "x-event": "signup"},
        "query": {},
        "body": '{"userid": "u-1", "name": "Ann"}',
    }


def test_a_template_that_fails_has_rendered_nothing(hooks):
    hooks.add(template="{{ 1 / 0 }}")

    hooks.call()

    assert hooks.event().payload["rendered"] is None


def test_the_result_that_is_no_event_is_shown(hooks):
    hooks.add(template='{"event": "user.{{ body.name }}"}')

    hooks.call()

    assert "user.Ann" in hooks.event().payload["rendered"]


@pytest.mark.parametrize("template", ["{{ 1 / 0 }}", "{{ headers | tojson }}", '{"payload": {{ headers | tojson }}}'])
def test_the_failure_shows_no_secret(hooks, template):
    hooks.add(template=template)

    answer = hooks.call(**SECRETS)

    assert answer.status == 400
    assert "s3cr3t" not in repr(hooks.event()) + answer.reason


def test_a_long_body_is_shown_in_part(hooks):
    hooks.add(template="{{ body.nope | tojson }}")

    hooks.call(b'"' + b"x" * 900_000 + b'"')

    shown = hooks.event().payload["body"]
    assert len(shown) < SHOWN_CHARS + 100
    assert shown.endswith("… (900,002 characters)")


def test_a_long_result_is_shown_in_part(hooks):
    hooks.add(template="{{ body }}")

    hooks.call(b"x" * 900_000, content_type="text/plain")

    assert len(hooks.event().payload["rendered"]) < SHOWN_CHARS + 100


def test_a_failure_told_twice_is_two_events(hooks):
    hooks.add(template="{{ 1 / 0 }}")

    hooks.call()
    hooks.call()

    assert [event.event for event in hooks.events()] == ["prefect-cloud.webhook.failed"] * 2


def test_a_failure_does_not_use_up_the_delivery(hooks):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "{{ body.id }}"}, "payload": {}}')

    assert hooks.call({}, webhook_id="delivery-1").status == 400
    assert hooks.call({"id": "r"}, webhook_id="delivery-1").status == 204


def test_a_caller_cannot_forge_what_tells_who_changed_what(hooks):
    hooks.add(template="{{ body | tojson }}")

    answer = hooks.call(
        {"event": "whenflow.api-key.created", "resource": {"prefect.resource.id": "whenflow.api-key.x"}}
    )

    assert answer.status == 400
    assert [event.event for event in hooks.events()] == ["prefect-cloud.webhook.failed"]
