"""What a person reads when it goes wrong; a server on loopback gives the answers."""

import json
import socket
import time

import pytest
from tests.cli.conftest import KEY

UNPROCESSABLE = {
    "exception_message": "Invalid request received.",
    "exception_detail": [
        {
            "loc": ["body", "trigger", "posture"],
            "msg": "Value error, must be Reactive or Proactive",
            "type": "value_error",
        },
        {"loc": ["body", "name"], "msg": "Field required", "type": "missing"},
    ],
    "request_body": {},
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_where_nothing_listens_the_error_asks_whether_it_is_up(cli):
    url = f"http://127.0.0.1:{free_port()}/api"

    outcome = cli("event", "ls", "--api-url", url, "--api-key", KEY)

    assert outcome.code == 1
    assert f"Nothing answers at {url}; is `make up` running?" in outcome.err
    assert "--api-url" in outcome.err


def test_a_host_that_does_not_exist_is_said_to_be_out_of_reach(cli):
    outcome = cli("event", "ls", "--api-url", "https://no-such-host.invalid/api", "--api-key", KEY)

    assert outcome.code == 1
    assert "Nothing answers at https://no-such-host.invalid/api" in outcome.err


def test_an_api_that_keeps_silent_is_not_waited_for_without_end(cli, at_server, monkeypatch):
    monkeypatch.setattr("whenflow.cli.client.TIMEOUT_SECONDS", 0.05)
    at_server.expect_request("/api/events").respond_with_handler(lambda _: time.sleep(0.3))

    outcome = cli("event", "ls")

    assert outcome.code == 1
    assert "did not answer within 0.05 seconds" in outcome.err


def test_a_refused_key_is_named_by_its_source_and_not_shown(cli, at_server):
    at_server.expect_request("/api/events").respond_with_json({"exception_message": "Unauthorized"}, status=401)

    outcome = cli("event", "ls")

    assert outcome.code == 1
    assert "does not accept the API key" in outcome.err
    assert "WHENFLOW_API_KEY" in outcome.err
    assert KEY not in outcome.text


def test_an_invalid_document_is_told_field_by_field(cli, at_server):
    at_server.expect_request("/api/automations/").respond_with_json(UNPROCESSABLE, status=422)

    outcome = cli("automation", "create", "--from-json", '{"name": "x"}')

    assert outcome.code == 1
    assert "trigger.posture: must be Reactive or Proactive" in outcome.err
    assert "name: Field required" in outcome.err
    assert "loc" not in outcome.err


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (404, {"detail": "Not Found"}, "Not found"),
        (409, {"detail": "A webhook of this name exists."}, "A webhook of this name exists"),
        (413, {"detail": "The event is over 1.5 MB."}, "It is too large: The event is over 1.5 MB"),
        (429, {}, "too many requests"),
        (500, {"exception_message": "Internal Server Error"}, "The API failed (status 500: Internal Server Error)"),
        (502, "<html>Bad Gateway</html>", "The API failed (status 502)"),
        (302, "", "no Whenflow API"),
        (200, "<html>hello</html>", "no Whenflow API"),
        (200, "[]", "no Whenflow API"),
        (200, '{"events": 7}', "no Whenflow API"),
    ],
)
def test_every_answer_becomes_a_sentence(cli, at_server, status, answer, said):
    body = answer if isinstance(answer, str) else json.dumps(answer)
    at_server.expect_request("/api/events").respond_with_data(body, status=status, content_type="application/json")

    outcome = cli("event", "ls")

    assert outcome.code == 1
    assert said in outcome.err
    assert "Traceback" not in outcome.text


def test_with_json_an_error_leaves_standard_output_empty(cli, at_server):
    at_server.expect_request("/api/events").respond_with_json({"detail": "gone"}, status=404)

    outcome = cli("event", "ls", "--json")

    assert outcome.code == 1
    assert outcome.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evnt", "ls"], 'Did you mean "event"?'),
        (["event", "l"], 'Did you mean "ls"?'),
        (["event", "ls", "--jsn"], "Did you mean --json?"),
        (["event", "ls", "--limit", "many"], "--limit"),
        (["event", "ls", "--limit", "0"], "Must be >= 1"),
        (["webhook", "create", "signups"], "--template"),
        (["flow-run", "inspect"], "RUN"),
    ],
)
def test_a_wrong_command_line_is_explained_and_ends_with_2(cli, words, said):
    outcome = cli(*words)

    assert outcome.code == 2
    assert said in outcome.err
    assert "--help` shows how it is called" in outcome.err


def test_what_nobody_foresaw_shows_no_stack_trace_unless_asked(cli, monkeypatch):
    def broken(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("whenflow.cli.client.find_connection", broken)

    quiet = cli("event", "ls")
    monkeypatch.setenv("WHENFLOW_DEBUG", "1")
    loud = cli("event", "ls")

    assert quiet.code == loud.code == 1
    assert "Unexpected KeyError: 'surprise'" in quiet.err
    assert "Traceback" not in quiet.err
    assert "Traceback" in loud.err


def test_ctrl_c_ends_quietly(cli, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("whenflow.cli.client.find_connection", interrupted)

    outcome = cli("event", "ls")

    assert (outcome.code, outcome.out, outcome.err) == (130, "", "")


def test_a_refused_event_is_told_without_its_place_in_the_batch_of_one(cli, at_server):
    faults = [
        {"loc": ["body", 0, "event"], "msg": "String should have at most 1024 characters", "type": "string_too_long"}
    ]
    answer = {"exception_message": "Invalid request received.", "exception_detail": faults, "request_body": []}
    at_server.expect_request("/api/events").respond_with_json(answer, status=422)

    outcome = cli("event", "emit", "x" * 2000, "--resource-id", "r")

    assert outcome.code == 1
    assert "  event: String should have at most 1024 characters\n" in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["automation", "ls", "new"], "`whenflow automation ls` takes no such argument: new"),
        (["event", "emit", "a", "b", "c d"], "`whenflow event emit` takes no such arguments: b, c d"),
        (["version", "x"], "`whenflow version` takes no such argument: x"),
    ],
)
def test_a_word_too_many_is_said_in_plain_words(cli, words, said):
    outcome = cli(*words)

    assert outcome.code == 2
    assert outcome.err.splitlines()[0] == f"Error: {said}"
    assert "--help` shows how it is called." in outcome.err
