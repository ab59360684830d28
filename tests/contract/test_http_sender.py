"""What every HTTP sender does. The real one calls a server on this machine, by the flag for private networks."""

from collections.abc import Callable
from typing import Any

import pytest

from whenflow.aws.http_port import GuardedHttp
from whenflow.errors import Transient
from whenflow.ports import HttpAnswer, HttpRequest, HttpSender
from whenflow.testing import RecordedHttp

Answering = Callable[..., tuple[HttpSender, str]]


@pytest.fixture(params=["fake", "real"])
def answering(request: pytest.FixtureRequest) -> Answering:
    """A function that returns a sender, and a URL at which it is given this answer."""

    def answered(status: int = 200, headers: dict[str, str] | None = None, body: bytes = b"ok") -> Any:
        if request.param == "fake":
            fake = RecordedHttp()
            fake.answers = [HttpAnswer(status, headers or {}, body)]
            return fake, "https://shop.example/orders"
        server = request.getfixturevalue("httpserver")
        server.expect_request("/orders").respond_with_data(body, status=status, headers=headers or {})
        return GuardedHttp(), server.url_for("/orders")

    return answered


def post(url: str) -> HttpRequest:
    return HttpRequest("POST", url, {"content-type": "text/plain"}, b"7", allow_private=True)


@pytest.mark.parametrize("status", [200, 204, 301, 404, 429, 500])
def test_an_answer_of_any_status_is_an_answer(answering, status):
    sender, url = answering(status, body=b"")

    assert sender.send(post(url)).status == status


def test_headers_and_body_come_along(answering):
    sender, url = answering(headers={"x-shop": "7"}, body=b"thanks")

    answer = sender.send(post(url))

    assert answer.headers["x-shop"] == "7"
    assert answer.body == b"thanks"


def test_nobody_there_may_be_tried_again(request, answering):
    if "fake" in request.node.name:
        sender: HttpSender = RecordedHttp()
        sender.answers = [Transient("nobody there")]  # type: ignore[attr-defined]
    else:
        sender = GuardedHttp()

    with pytest.raises(Transient):
        sender.send(post("http://127.0.0.1:1/orders"))
