"""A request to a webhook becomes an event."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.stories import ANN, NOBODY, NOON

from whenflow.events import address_of
from whenflow.webhooks.receive import METHODS
from whenflow.webhooks.request import MAX_BODY_BYTES

HEARTBEAT = '{"event": "backup.alive", "resource": {"prefect.resource.id": "backup.1"}}'
ECHO = '{"event": "echo", "resource": {"prefect.resource.id": "e"}, "payload": {"body": {{ body | tojson }}}}'


def with_expression(expression: str) -> str:
    """A template whose event tells the value of one expression, as text."""
    return (
        '{"event": "said", "resource": {"prefect.resource.id": "e"}, "payload": {"said": "{{ ' + expression + ' }}"}}'
    )


def test_anns_message_becomes_the_event_that_she_signed_up(hooks):
    hooks.add()

    answer = hooks.call(ANN)

    assert answer.status == 204
    assert hooks.event().event == "user.signed-up"
    assert hooks.event().resource == {"prefect.resource.id": "user.u-1", "prefect.resource.name": "Ann"}
    assert hooks.event().payload == ANN


def test_a_static_template_is_the_same_event_whatever_is_sent(hooks):
    hooks.add(template=HEARTBEAT)

    assert hooks.call(b"", method="GET").status == 204
    assert hooks.event().event == "backup.alive"


def test_an_answer_of_success_says_nothing(hooks):
    hooks.add()

    assert hooks.call().reason == ""


def test_a_form_is_read_by_its_fields(hooks):
    hooks.add()

    hooks.call(b"userid=u-1&name=Ann+B%C3%A4r&empty=", content_type="application/x-www-form-urlencoded")

    assert hooks.event().payload == {"userid": "u-1", "name": "Ann Bär", "empty": ""}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/cloudevents+json", "TEXT/JSON+JSON"],
)
def test_json_of_any_kind_is_read_as_json(hooks, content_type):
    hooks.add(template=ECHO)

    hooks.call(ANN, content_type=content_type)

    assert hooks.event().payload["body"] == ANN


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream"])
def test_what_does_not_say_what_it_is_is_tried_as_json(hooks, content_type):
    hooks.add(template=ECHO)

    hooks.call(ANN, content_type=content_type)

    assert hooks.event().payload["body"] == ANN


def test_what_is_no_json_is_text(hooks):
    hooks.add(template=ECHO)

    hooks.call("Ännchen \n".encode(), content_type="text/plain")

    assert hooks.event().payload["body"] == "Ännchen \n"


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(hooks):
    hooks.add(template=ECHO)

    hooks.call(b"a\xff\xfeb", content_type="application/octet-stream")

    assert hooks.event().payload["body"] == "a��b"


def test_no_body_is_empty_text(hooks):
    hooks.add(template=ECHO)

    hooks.call(b"")

    assert hooks.event().payload["body"] == ""


@pytest.mark.parametrize("expression", ["headers['x-event']", "headers['X-EVENT']", "headers.x_event"])
def test_a_header_is_found_whatever_its_case(hooks, expression):
    hooks.add(template=with_expression(expression))

    hooks.call(x_event="signup")

    assert hooks.event().payload["said"] == "signup"


@pytest.mark.parametrize(
    "name",
    [
        *["authorization", "cookie", "proxy-authorization", "x-api-key", "x-amz-security-token"],
        *["x-hub-signature", "x-hub-signature-256", "stripe-signature", "webhook-signature", "x-gitlab-token"],
        *["x-shared-secret", "traceparent", "x-forwarded-for", "x-prefect-key", "x-amzn-trace-id"],
    ],
)
def test_secrets_and_what_belongs_to_the_way_are_not_seen(hooks, name):
    hooks.add(template=with_expression("headers['" + name + "']"))

    hooks.call(**{name: "s3cr3t"})

    assert hooks.event().payload["said"] == ""


def test_the_query_is_seen(hooks):
    hooks.add(template=with_expression("query.shop ~ query['nope']"))

    hooks.call(query={"shop": "berlin"})

    assert hooks.event().payload["said"] == "berlin"


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_is_taken_and_seen(hooks, method):
    hooks.add(template=with_expression("method"))

    assert hooks.call(method=method).status == 204
    assert hooks.event().payload["said"] == method


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_method_without_a_body_has_none(hooks, method):
    hooks.add(template=ECHO)

    hooks.call(ANN, method=method)

    assert hooks.event().payload["body"] == ""


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT", "PURGE"])
def test_another_method_is_refused_with_those_that_are_taken(hooks, method):
    hooks.add()

    answer = hooks.call(method=method)

    assert answer.status == 405
    assert answer.reason == "Use one of DELETE, GET, HEAD, PATCH, POST, PUT."
    assert hooks.events() == []


def test_a_body_that_is_an_event_already_is_passed_through(hooks):
    hooks.add(template="{{ body | tojson }}")
    given: dict[str, Any] = {
        "id": NOBODY,
        "occurred": "2026-11-20T11:00:00Z",
        "event": "order.placed",
        "resource": {"prefect.resource.id": "order.7", "size": "large"},
        "related": [{"prefect.resource.id": "ann", "prefect.resource.role": "buyer"}],
        "payload": {"number": 7},
        "follows": NOBODY,
    }

    hooks.call(given)

    event = hooks.event()
    assert (event.id, event.follows, event.occurred) == (NOBODY, NOBODY, NOON - timedelta(hours=1))
    assert (event.event, event.resource, event.payload) == ("order.placed", given["resource"], given["payload"])
    assert event.related[0] == given["related"][0]


def test_the_time_of_receipt_is_ours_to_say(hooks):
    hooks.add(template="{{ body | tojson }}")

    hooks.call(
        {"event": "e", "resource": {"prefect.resource.id": "r"}, "received": "2020-01-01T00:00:00Z", "payload": {}}
    )

    assert hooks.event().received == NOON


def test_an_event_without_a_time_occurred_now(hooks):
    hooks.add()
    hooks.world.clock.advance(5)

    hooks.call()

    assert hooks.event().occurred == hooks.event().received == NOON + timedelta(seconds=5)


def test_the_webhook_is_a_related_resource(hooks):
    webhook = hooks.add()

    hooks.call()

    assert hooks.event().related == (
        {
            "prefect.resource.id": f"prefect-cloud.webhook.{webhook.id}",
            "prefect.resource.role": "webhook",
            "prefect.resource.name": "signup",
        },
    )


def test_without_a_payload_the_event_shows_what_was_sent(hooks):
    hooks.add(template=HEARTBEAT)

    hooks.call(ANN, x_event="signup", authorization="Bearer s3cr3t", query={"shop": "berlin"})

    assert hooks.event().payload == {
        "method": "POST",
        "headers": {"content-type": "application/json", "x-event": "signup"},
        "query": {"shop": "berlin"},
        "body": ANN,
    }


def test_quotes_and_line_breaks_in_values_stay_values(hooks):
    hooks.add()
    name = 'Ann "the\nsecond" \\ Bär'

    assert hooks.call(ANN | {"name": name}).status == 204
    assert hooks.event().resource["prefect.resource.name"] == name
    assert hooks.event().payload["name"] == name


def test_a_value_cannot_name_the_event(hooks):
    hooks.add()

    hooks.call(ANN | {"name": '", "prefect.resource.id": "admin'})

    assert hooks.event().resource_id == "user.u-1"


def test_a_value_that_is_not_sent_is_empty(hooks):
    hooks.add(template=with_expression("body.nope.deeper"))

    hooks.call()

    assert hooks.event().payload["said"] == ""


def test_a_body_at_the_limit_is_taken(hooks):
    hooks.add(template=HEARTBEAT[:-1] + ', "payload": {}}')
    body = json.dumps("x" * (MAX_BODY_BYTES - 2)).encode()

    assert len(body) == MAX_BODY_BYTES
    assert hooks.call(body).status == 204


def test_a_larger_body_is_refused_with_both_numbers(hooks):
    hooks.add()

    answer = hooks.call(b"x" * (MAX_BODY_BYTES + 1))

    assert (answer.status, answer.reason) == (413, "The body has 1,048,577 bytes; the limit is 1,048,576.")
    assert hooks.events() == []


def test_an_event_over_its_limit_is_refused_and_not_stored(hooks):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r", "text": "{{ body }}"}}')

    answer = hooks.call(b"x" * 800_000, content_type="text/plain")

    assert answer.status == 413
    assert "the limit is 1,500,000" in answer.reason
    assert hooks.events() == []


def test_a_webhook_that_nobody_set_up_is_not_there(hooks):
    assert hooks.call().status == 404


def test_a_webhook_that_is_disabled_is_not_there(hooks):
    hooks.add(enabled=False)

    assert hooks.call().status == 404
    assert hooks.events() == []


@pytest.mark.parametrize("method", ["POST", "GET", "OPTIONS"])
@pytest.mark.parametrize("body", [b"", b"x" * (MAX_BODY_BYTES + 1), b"{"], ids=["none", "large", "bad"])
def test_a_guess_learns_nothing_of_a_webhook_that_is_disabled(hooks, method, body):
    hooks.add("disabled", enabled=False)

    assert hooks.call(body, method, "disabled") == hooks.call(body, method, "unknown")


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("iso-8859-1", "latin-1"), ("ISO-8859-15", "iso-8859-15"), ("windows-1252", "cp1252"), ("utf-16", "utf-16")],
)
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "application/x-www-form-urlencoded"])
def test_a_body_is_read_in_the_encoding_that_it_says(hooks, charset, encoding, content_type):
    hooks.add(template=ECHO)
    sent = {"text/plain": "Zoë", "application/json": '{"name": "Zoë"}'}.get(content_type, "name=Zoë")

    hooks.call(sent.encode(encoding), content_type=f'{content_type}; charset="{charset}"')

    assert "Zoë" in repr(hooks.event().payload["body"])


@pytest.mark.parametrize("charset", ["idna", "punycode", "unicode_escape", "zlib", "nope", "iso-8859-99", "utf-8-sig"])
def test_an_encoding_that_nobody_sends_is_taken_for_utf_8(hooks, charset):
    hooks.add(template=ECHO)

    hooks.call("Zoë \\u0041".encode(), content_type=f"text/plain; charset={charset}")

    assert hooks.event().payload["body"] == "Zoë \\u0041"


def test_json_that_says_another_encoding_and_is_utf_8_is_utf_8(hooks):
    hooks.add(template=ECHO)

    hooks.call('{"name": "Zoë"}'.encode(), content_type="application/json; charset=iso-8859-1")

    assert hooks.event().payload["body"] == {"name": "Zoë"}


@pytest.mark.parametrize("name", ["api_key", "apikey", "access-key", "token", "sig", "X-Signature", "auth", "password"])
def test_secrets_in_the_query_are_not_seen(hooks, name):
    hooks.add(template=HEARTBEAT)

    hooks.call(query={name: "s3cr3t", "shop": "berlin"})

    assert hooks.event().payload["query"] == {"shop": "berlin"}


@pytest.mark.parametrize("name", ["author", "x-signed-off", "idempotency-key", "x-github-event", "tokyo", "x-assigned"])
def test_what_only_sounds_like_a_secret_is_seen(hooks, name):
    hooks.add(template=with_expression("headers['" + name + "']"))

    hooks.call(**{name: "seen"})

    assert hooks.event().payload["said"] == "seen"


OBJECT: dict[str, Any] = {
    "event": "order.{{ body.what }}",
    "resource": {"prefect.resource.id": "order.{{ body.number }}", "large": "yes"},
    "payload": {"number": "{{ body.number }}", "lines": ["{{ body.lines }}", "n: {{ body.number }}"], "fixed": 1},
}


def test_a_template_may_be_an_object_whose_texts_are_templates(hooks):
    hooks.add(template=OBJECT)

    assert hooks.call({"what": 'pla"ced', "number": 7, "lines": ["tea", {"n": None}]}).status == 204

    event = hooks.event()
    assert (event.event, event.resource_id) == ('order.pla"ced', "order.7")
    assert event.payload == {"number": 7, "lines": [["tea", {"n": None}], "n: 7"], "fixed": 1}


def test_what_fails_in_an_object_is_told_with_its_place(hooks):
    hooks.add(template=OBJECT | {"payload": {"n": ["{{ 1 / 0 }}"]}})

    answer = hooks.call({"what": "x", "number": 7})

    assert answer.status == 400
    assert "payload.n[0]" in answer.reason


def test_a_webhook_may_take_less_than_the_limit(hooks):
    hooks.add(max_body_bytes=100)

    answer = hooks.call(b"x" * 101)

    assert (answer.status, answer.reason) == (413, "The body has 101 bytes; the limit is 100.")


def test_the_time_that_the_template_gives_is_in_the_id_too(hooks):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r"}, "occurred": "{{ body.at }}"}')

    hooks.call({"at": "2026-11-19T08:00:00Z"})

    address = address_of(hooks.event().id)
    assert address
    assert address.occurred == hooks.event().occurred == NOON - timedelta(hours=28)


@pytest.mark.parametrize("at", ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_any_time_of_the_calendar_may_be_given(hooks, at):
    hooks.add(template='{"event": "e", "resource": {"prefect.resource.id": "r"}, "occurred": "{{ body.at }}"}')

    assert hooks.call({"at": at}).status == 204
