"""Secrets that go in never come out: not in the log, not in a table, not in an answer."""

import base64
import logging
import socket
from typing import Any

import pytest
from tests.calls import call, hook_call, read
from tests.functions.stack import Stack
from tests.outages import failing, unreachable
from tests.stories import ANN, order_document, signup_webhook
from tests.tables import tables
from tests.wire.asking import automation

from whenflow.aws import wiring
from whenflow.documents import unpack

CANARY = "canary-5f2b9c"
ORDERS = {"type": "event", "posture": "Reactive", "expect": ["order.placed"]}
SECRET_HEADERS = {
    "authorization": f"Bearer {CANARY}",
    "proxy-authorization": f"Basic {CANARY}",
    "cookie": f"session={CANARY}",
    "x-api-key": CANARY,
    "x-hub-signature-256": f"sha256={CANARY}",
    "stripe-signature": f"t=1,v1={CANARY}",
    "x-gitlab-token": CANARY,
    "x-my-secret": CANARY,
}
ECHO = '{"event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {"headers": {{ headers | tojson }}}}'


def everything_stored() -> str:
    """All items of all tables, their documents unpacked."""
    seen: list[Any] = []
    for table in tables():
        for item in wiring.dynamodb().scan(TableName=table)["Items"]:
            body: Any = item.get("body")
            seen.append([item, unpack(body["B"]) if body else None])
    return repr(seen)


@pytest.fixture(autouse=True)
def _log_everything() -> Any:
    log = logging.getLogger("whenflow")
    level = log.level
    log.setLevel(logging.DEBUG)
    yield
    log.setLevel(level)


@pytest.mark.parametrize(
    "template",
    [
        ECHO,
        '{"event": "e", "resource": {"prefect.resource.id": "r"}}',
        "{{ headers | tojson }}",
        "{{ headers }}",
        "{{ 1 / 0 }}",
        '{"event": "e", "resource": {"prefect.resource.id": "{{ headers.authorization }}"}}',
    ],
)
def test_the_secrets_of_a_request_leave_no_trace(stack: Stack, logged: Any, template: str) -> None:
    slug = stack.webhook(template=template)

    answer = stack.hook(slug, ANN, headers=SECRET_HEADERS)

    assert CANARY not in logged() + everything_stored() + answer.text


def test_the_secrets_of_a_request_that_breaks_leave_no_trace(stack: Stack, logged: Any) -> None:
    slug = stack.webhook()

    with failing(wiring.dynamodb(), "PutItem", unreachable()):
        answer = stack.hook(slug, ANN, headers=SECRET_HEADERS)

    assert answer.status == 503
    assert "webhook failed" in logged()
    assert CANARY not in logged() + everything_stored() + answer.text


def secrets_of(auth: dict[str, Any]) -> dict[str, str]:
    """The canary as the secret that callers of a webhook have, in the header where it belongs."""
    if auth["type"] == "bearer":
        return {"authorization": f"Bearer {CANARY}"}
    return {"authorization": "Basic " + base64.b64encode(f"ann:{CANARY}".encode()).decode()}


TEMPLATES = [
    ECHO,
    "{{ body | tojson }}",
    '{"event": "{{ body.secret }}", "resource": {"prefect.resource.id": "{{ query.q }}"}}',
    '{"event": "e", "resource": {"prefect.resource.id": "r", "{{ headers.x_copy }}": "{{ body.secret }}"}}',
    '{"event": "e", "resource": {"prefect.resource.id": "r"}, "related": [{"x": "{{ body.secret }}"}]}',
    {"event": "e", "resource": {"prefect.resource.id": "{{ body.secret }}"}, "payload": "{{ body }}"},
]


@pytest.mark.parametrize("auth", [{"type": "bearer"}, {"type": "basic", "username": "ann"}], ids=["bearer", "basic"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_secret_of_a_webhook_leaves_no_trace_wherever_it_is_sent(
    stack: Stack, logged: Any, capsys: Any, template: Any, auth: dict[str, Any]
) -> None:
    made = stack.api(
        "POST",
        "/webhooks",
        signup_webhook(template=template, auth={**auth, "secret": CANARY}, log_requests=True, keep_bodies=True),
    ).document
    body = {"secret": CANARY, CANARY: [CANARY], "url": f"https://x/hooks/{made['slug']}"}
    query = {"q": CANARY, "api_key": "canary-of-theirs"}

    answers = [
        stack.hook(made["slug"], body, query=query, headers=secrets_of(auth) | {"x-copy": CANARY}),
        stack.hook(made["slug"], f"secret={CANARY}", query=query, headers=secrets_of(auth)),
        stack.hook(made["slug"], body, query=query, headers={"authorization": f"Bearer wrong-{CANARY}"}),
        stack.api("GET", f"/webhooks/{made['id']}/requests"),
        stack.api("GET", f"/webhooks/{made['id']}"),
        stack.api("GET", "/events"),
    ]

    seen = logged() + everything_stored() + "".join(answer.text for answer in answers) + capsys.readouterr().out
    assert len(stack.events()) >= 1
    assert CANARY not in seen
    assert made["slug"] not in seen
    assert "canary-of-theirs" not in seen


def test_the_secret_of_a_webhook_leaves_no_trace_when_the_secrets_break(stack: Stack, logged: Any) -> None:
    auth = {"type": "bearer", "secret": CANARY}
    slug = stack.api("POST", "/webhooks", signup_webhook(auth=auth)).document["slug"]

    with failing(wiring.client("ssm"), "GetParameter", RuntimeError("broken")):
        answer = stack.hook(slug, ANN, headers=secrets_of(auth))

    assert answer.status == 503
    assert "broken" in logged()
    assert CANARY not in logged() + everything_stored() + answer.text


def test_a_secret_that_cannot_be_kept_leaves_no_trace(stack: Stack, logged: Any) -> None:
    document = signup_webhook(auth={"type": "bearer", "secret": CANARY})

    with failing(wiring.client("ssm"), "PutParameter", unreachable()):
        answer = stack.api("POST", "/webhooks", document)

    assert answer.status == 503
    assert CANARY not in logged() + everything_stored() + answer.text


@pytest.mark.parametrize("change", [{"name": ""}, {"auth": {"type": "github", "secret": CANARY, "colour": "blue"}}])
def test_a_secret_in_a_webhook_that_is_refused_leaves_no_trace(stack: Stack, logged: Any, change: Any) -> None:
    document = signup_webhook(auth={"type": "github", "secret": CANARY}) | change

    answer = stack.api("POST", "/webhooks", document)

    assert answer.status == 422
    assert CANARY not in logged() + everything_stored() + answer.text


@pytest.mark.parametrize("body", [ANN, "{"], ids=["good", "bad"])
def test_a_slug_leaves_no_trace(stack: Stack, logged: Any, body: Any) -> None:
    slug = stack.webhook()

    answer = stack.hook(slug, body)

    assert slug not in logged() + everything_stored() + answer.text


def test_a_slug_leaves_no_trace_when_the_request_breaks(stack: Stack, logged: Any) -> None:
    slug = stack.webhook()

    with failing(wiring.dynamodb(), "PutItem", RuntimeError("broken")):
        stack.hook(slug, ANN)

    assert "broken" in logged()
    assert slug not in logged()


def test_a_guessed_slug_leaves_no_trace(stack: Stack, logged: Any) -> None:
    answer = stack.hook(CANARY, ANN)

    assert answer.status == 404
    assert CANARY not in logged() + everything_stored() + answer.text


@pytest.mark.parametrize("path", ["/api/events", "/api/nope", "/api/events/x"])
def test_an_api_key_leaves_no_trace(stack: Stack, logged: Any, path: str) -> None:
    answers = [
        read(stack.invoke("api", call("GET", path, headers={"authorization": f"Bearer {key}"})))
        for key in (stack.key, CANARY)
    ]

    seen = logged() + everything_stored() + "".join(answer.text for answer in answers)
    assert stack.key not in seen
    assert CANARY not in seen


def test_the_key_leaves_no_trace_when_the_api_breaks(stack: Stack, logged: Any) -> None:
    event = call("GET", "/api/events", headers={"authorization": f"Bearer {stack.key}"})

    with failing(wiring.dynamodb(), "Query", RuntimeError("broken")):
        answer = read(stack.invoke("api", event))

    assert answer.status == 500
    assert stack.key not in logged() + answer.text


def test_a_whole_request_is_never_logged(stack: Stack, logged: Any) -> None:
    slug = stack.webhook()

    stack.invoke("webhook", hook_call(slug, {"password": CANARY}))

    assert CANARY not in logged()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("slack-webhook", {"url": f"https://hooks.slack.com/services/T/B/{CANARY}"}),
        ("webhook", {"url": "https://shop.example/orders", "headers": {"authorization": CANARY}}),
    ],
)
def test_what_a_notification_target_knows_leaves_no_trace_when_it_cannot_be_reached(
    stack: Stack, logged: Any, monkeypatch: pytest.MonkeyPatch, kind: str, data: dict[str, Any]
) -> None:
    def nowhere(*_asked: Any, **_more: Any) -> Any:
        raise socket.gaierror(-2, f"unknown: {data['url']}")

    monkeypatch.setattr("socket.getaddrinfo", nowhere)
    made = stack.api("POST", "/notification-targets", {"name": "team", "type": kind, "data": data}).document
    tell = {"type": "send-notification", "block_document_id": made["id"], "body": "{{ event.id }}"}
    call_it = {"type": "call-webhook", "block_document_id": made["id"]}
    stack.automation(automation(trigger={**ORDERS}, actions=[tell if kind != "webhook" else call_it]))

    answers = [
        stack.api("GET", f"/notification-targets/{made['id']}"),
        stack.api("POST", "/notification-targets/filter", {}),
        stack.api("POST", f"/notification-targets/{made['id']}/test"),
        stack.api("PATCH", f"/notification-targets/{made['id']}", {"name": "", "data": data}),
        stack.api("POST", "/events", order_document()),
    ]
    stack.settle()
    stack.invoke("action", stack.retries())

    assert answers[2].document["sent"] is False
    assert CANARY not in logged() + everything_stored() + "".join(answer.text for answer in answers)
