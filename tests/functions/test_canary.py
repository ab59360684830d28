"""Secrets that go in never come out: not in the log, not in a table, not in an answer."""

import logging
from typing import Any

import pytest
from tests.calls import call, hook_call, read
from tests.functions.stack import Stack
from tests.outages import failing, unreachable
from tests.stories import ANN
from tests.tables import tables

from whenflow.aws import wiring
from whenflow.documents import unpack

CANARY = "canary-5f2b9c"
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
