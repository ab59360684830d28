"""Events to the REST API, from code outside of the stack."""

import json
from datetime import timedelta

import pytest
from tests.flows.clients import WorldClient
from tests.runs.looking import minutes_pass
from tests.stories import NOBODY, order_placed
from werkzeug import Request, Response

from whenflow.errors import Locked, Rejected, Transient
from whenflow.flows import emit_event, flush_events, runtime
from whenflow.flows.companion import Companion
from whenflow.flows.logs import LogBuffer
from whenflow.flows.recorder import Recorder
from whenflow.flows.remote import RemoteClient
from whenflow.flows.remote_backend import RemoteBackend
from whenflow.limits import Holder, Mode
from whenflow.limits.inputs import LimitInput
from whenflow.runs import Refused
from whenflow.runs.heartbeats import pulse_of
from whenflow.testing import SequentialIds

CONNECTED = runtime.connected


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path) -> None:
    for name in ("WHENFLOW_EVENTS_TABLE", "WHENFLOW_API_URL", "WHENFLOW_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runtime, "connected", CONNECTED)


@pytest.fixture
def api(httpserver, clock, ids) -> RemoteBackend:
    """An API that answers as the test says."""
    return RemoteBackend(RemoteClient(httpserver.url_for("/api"), "wfk_tests"), clock, ids)


def test_an_event_is_posted_with_the_key(httpserver, api):
    expected = {"headers": {"Authorization": "Bearer wfk_tests", "Content-Type": "application/json"}}
    httpserver.expect_oneshot_request(
        "/api/events", method="POST", json=[order_placed().as_document()], **expected
    ).respond_with_data(status=204)

    assert api.put(order_placed()) == order_placed()
    httpserver.check_assertions()


def test_a_refusal_is_raised_with_its_reason(httpserver, api):
    httpserver.expect_request("/api/events").respond_with_data('{"exception_message": "no such key"}', status=401)

    with pytest.raises(Rejected, match=r"refused POST /events \(401\): .*no such key"):
        api.put(order_placed())


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_work_later_asks_for_another_try(httpserver, api, status):
    httpserver.expect_request("/api/events").respond_with_data("Try again.", status=status)

    with pytest.raises(Transient, match=str(status)):
        api.put(order_placed())


def test_an_api_that_is_not_there_asks_for_another_try():
    with pytest.raises(Transient, match="cannot be reached"):
        RemoteClient("http://127.0.0.1:1/api", "k").call("GET", "/health")


def test_the_environment_says_where_the_api_is(monkeypatch):
    monkeypatch.setenv("WHENFLOW_API_URL", "https://example.com/api/")
    monkeypatch.setenv("WHENFLOW_API_KEY", "k")

    assert RemoteClient.from_environment() == RemoteClient("https://example.com/api", "k")


def test_a_running_local_stack_is_found_from_any_directory_of_its_project(monkeypatch, tmp_path):
    (tmp_path / ".whenflow").mkdir()
    (tmp_path / ".whenflow" / "local.json").write_text(json.dumps({"api_url": "http://x/api", "api_key": "k"}))
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")

    assert RemoteClient.from_environment() == RemoteClient("http://x/api", "k")


def test_where_nothing_is_set_there_is_no_api():
    assert RemoteClient.from_environment() is None


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


def test_a_flow_outside_of_the_stack_shows_that_it_lives_and_is_missed_when_it_is_gone(world, launched, monkeypatch):
    backend = RemoteBackend(WorldClient(world), world.clock, SequentialIds(shards=1))
    made = backend.make_run(launched())
    started = backend.start(made.id, "here", 60.0)
    assert not isinstance(started, Refused)
    companion = Companion(started, backend, LogBuffer(), Recorder(backend, made.id), pulse_of(started))

    for _ in range(30):
        companion.tick(world.clock.advance(30))
        world.schedule.sweep()
        world.wait(0)
    assert world.ledger.get(made.id).state.name == "Running"
    minutes_pass(world, 8)

    assert world.ledger.get(made.id).state.name == "Crashed"


def test_of_a_batch_only_the_events_that_were_refused_are_told_as_such(httpserver, api):
    orders = [order_placed(number) for number in range(3)]

    def answer(request: Request) -> Response:
        refused = orders[1].id in {event["id"] for event in request.get_json()}
        return Response("must include an id" if refused else "", status=422 if refused else 204)

    httpserver.expect_request("/api/events").respond_with_handler(answer)

    answers = api.put_many(orders)

    assert (answers[0], answers[2]) == (orders[0], orders[2])
    assert isinstance(answers[1], Rejected)
    assert "must include an id" in str(answers[1])


def test_where_iam_guards_the_api_requests_are_signed_and_no_key_is_sent(httpserver, monkeypatch):
    for name, value in {
        "WHENFLOW_API_URL": httpserver.url_for("/api"),
        "WHENFLOW_API_KEY": "wfk_tests",
        "WHENFLOW_API_AUTHORIZATION": "iam",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret-of-ann",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    httpserver.expect_request("/api/flows/", method="POST").respond_with_json({"id": "f"}, status=201)

    client = RemoteClient.from_environment()
    assert client is not None
    assert client.call("POST", "/flows/", {"name": "f"}) == (201, {"id": "f"})

    (request, _) = httpserver.log[0]
    sent = request.headers["Authorization"]
    assert sent.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "SignedHeaders=content-type;host;x-amz-date" in sent
    assert "wfk_tests" not in str(request.headers)


def test_where_there_are_no_credentials_to_sign_with_that_is_said(monkeypatch):
    monkeypatch.setenv("WHENFLOW_API_URL", "http://127.0.0.1:1/api")
    monkeypatch.setenv("WHENFLOW_API_AUTHORIZATION", "iam")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    client = RemoteClient.from_environment()
    assert client is not None
    with pytest.raises(Rejected, match="No AWS credentials"):
        client.call("GET", "/health")


def test_slots_that_are_taken_say_when_to_ask_again(httpserver, api):
    httpserver.expect_request("/api/v2/concurrency_limits/increment-with-lease").respond_with_data(
        '{"detail": "taken"}', status=423, headers={"Retry-After": "2.5"}
    )

    with pytest.raises(Locked) as told:
        api.take_slots(["db"], 1, Mode.CONCURRENCY, timedelta(minutes=1), Holder("task_run", NOBODY))

    assert told.value.retry_after == 2.5


def test_slots_are_taken_renewed_and_given_back_through_the_api(world):
    api = RemoteBackend(WorldClient(world), world.clock, world.ids)
    world.limits.registry.create(LimitInput(name="db", limit=1))
    world.limits.registry.create(LimitInput(name="calls", limit=1, slot_decay_per_second=0.1))
    minute = timedelta(minutes=1)

    taken = api.take_slots(["db"], 1, Mode.CONCURRENCY, minute, Holder("task_run", NOBODY))
    with pytest.raises(Locked):
        api.take_slots(["db"], 1, Mode.CONCURRENCY, minute, None)

    assert [one.name for one in taken.limits] == ["db"]
    assert api.renew_slots(taken.lease_id, minute)
    api.give_back_slots(taken.lease_id)
    assert not api.renew_slots(taken.lease_id, minute)
    assert [one.name for one in api.take_slots(["calls"], 1, Mode.RATE_LIMIT, None, None).limits] == ["calls"]
