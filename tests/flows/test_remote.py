"""Events to the REST API, from code outside of the stack."""

import json

import pytest
from tests.stories import order_placed

from whenflow.errors import Rejected, Transient
from whenflow.flows import emit_event, flush_events
from whenflow.flows.remote import RemoteEvents


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path) -> None:
    for name in ("WHENFLOW_EVENTS_TABLE", "WHENFLOW_API_URL", "WHENFLOW_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def api(httpserver) -> RemoteEvents:
    """An API that answers as the test says."""
    return RemoteEvents(httpserver.url_for("/api"), "wfk_tests")


def test_an_event_is_posted_with_the_key(httpserver, api):
    expected = {"headers": {"Authorization": "Bearer wfk_tests", "Content-Type": "application/json"}}
    httpserver.expect_oneshot_request(
        "/api/events", method="POST", json=[order_placed().as_document()], **expected
    ).respond_with_data(status=204)

    assert api.put(order_placed()) == order_placed()
    httpserver.check_assertions()


def test_a_refusal_is_raised_with_its_reason(httpserver, api):
    httpserver.expect_request("/api/events").respond_with_data('{"exception_message": "no such key"}', status=401)

    with pytest.raises(Rejected, match=r"refused the event \(401\): .*no such key"):
        api.put(order_placed())


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_work_later_asks_for_another_try(httpserver, api, status):
    httpserver.expect_request("/api/events").respond_with_data("Try again.", status=status)

    with pytest.raises(Transient, match=str(status)):
        api.put(order_placed())


def test_an_api_that_is_not_there_asks_for_another_try():
    with pytest.raises(Transient, match="cannot be reached"):
        RemoteEvents("http://127.0.0.1:1/api", "k").put(order_placed())


def test_the_environment_says_where_the_api_is(monkeypatch):
    monkeypatch.setenv("WHENFLOW_API_URL", "https://example.com/api/")
    monkeypatch.setenv("WHENFLOW_API_KEY", "k")

    assert RemoteEvents.from_environment() == RemoteEvents("https://example.com/api", "k")


def test_a_running_local_stack_is_found_from_any_directory_of_its_project(monkeypatch, tmp_path):
    (tmp_path / ".whenflow").mkdir()
    (tmp_path / ".whenflow" / "local.json").write_text(json.dumps({"api_url": "http://x/api", "api_key": "k"}))
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")

    assert RemoteEvents.from_environment() == RemoteEvents("http://x/api", "k")


def test_where_nothing_is_set_there_is_no_api():
    assert RemoteEvents.from_environment() is None


def test_an_event_emitted_anywhere_reaches_the_api(httpserver, monkeypatch):
    monkeypatch.setenv("WHENFLOW_API_URL", httpserver.url_for("/api"))
    monkeypatch.setenv("WHENFLOW_API_KEY", "wfk_tests")
    httpserver.expect_request("/api/events", method="POST").respond_with_data(status=204)

    told = emit_event("order.placed", {"prefect.resource.id": "order.7"})
    flush_events()

    ((request, _response),) = httpserver.log
    assert request.get_json()[0]["id"] == told.id


def test_many_events_are_posted_in_as_few_requests_as_hold_them(httpserver, api):
    httpserver.expect_request("/api/events", method="POST").respond_with_data(status=204)
    small = [order_placed(number) for number in range(600)]
    large = [order_placed(number, payload={"text": "x" * 1_400_000}) for number in range(3)]

    assert api.put_many(small) == small
    assert api.put_many(large) == large

    assert [len(request.get_json()) for request, _ in httpserver.log] == [500, 100, 2, 1]


def test_of_a_batch_only_the_events_that_were_refused_are_told_as_such(httpserver, api):
    fault = {"loc": ["body", 1, "resource"], "msg": "must include an id", "type": "value_error"}
    httpserver.expect_request("/api/events").respond_with_json({"exception_detail": [fault]}, status=422)
    orders = [order_placed(number) for number in range(3)]

    answers = api.put_many(orders)

    assert (answers[0], answers[2]) == (orders[0], orders[2])
    assert isinstance(answers[1], Rejected)
    assert "must include an id" in str(answers[1])
