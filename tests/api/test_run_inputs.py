"""Inputs of flow runs over HTTP, and runs that are resumed with one."""

import json

import pytest
from tests.stories import NOBODY, ann_signs_up

KEYSET = {"schema": "paused-1-schema", "response": "paused-1-response", "description": "paused-1-description"}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@pytest.fixture
def run(world):
    """A run, launched."""
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    return world.run()


@pytest.fixture
def path(run):
    return f"/flow_runs/{run.id}/input"


@pytest.fixture
def waiting(api, run, path):
    """The run, paused until somebody gives it a name."""
    api("POST", f"/flow_runs/{run.id}/set_state", {"state": {"type": "RUNNING"}})
    details = {"pause_key": "1", "pause_timeout": "2026-11-20T13:00:00Z", "run_input_keyset": KEYSET}
    state = {"type": "PAUSED", "name": "Paused", "state_details": details}
    assert api("POST", f"/flow_runs/{run.id}/set_state", {"state": state}).document["status"] == "ACCEPT"
    api("POST", path, {"key": KEYSET["schema"], "value": json.dumps(SCHEMA)})
    return run


def test_an_input_is_given_read_and_removed(api, path):
    assert api("POST", path, {"key": "name", "value": '{"a": 1}', "sender": "me"}).status == 201

    answer = api("GET", f"{path}/name")
    assert (answer.status, answer.text, answer.headers["content-type"]) == (200, '{"a": 1}', "text/plain")
    assert api("POST", path, {"key": "name", "value": "2"}).status == 409
    assert api("DELETE", f"{path}/name").status == 204
    assert api("DELETE", f"{path}/name").status == api("GET", f"{path}/name").status == 404


def test_inputs_are_listed_by_the_beginning_of_their_keys(api, path, run, world):
    for key in ("n-1", "n-2", "other", "n-3"):
        api("POST", path, {"key": key, "value": key})
        world.clock.advance(1)

    def keys(**wanted):
        return [one["key"] for one in api("POST", f"{path}/filter", {"prefix": "n-", **wanted}).document]

    assert keys() == ["n-1"]
    assert keys(limit=10) == ["n-1", "n-2", "n-3"]
    assert keys(limit=1, exclude_keys=["n-1"]) == ["n-2"]
    (told,) = api("POST", f"{path}/filter", {"prefix": "other"}).document
    assert (told["flow_run_id"], told["value"], told["sender"]) == (run.id, "other", None)


@pytest.mark.parametrize("body", [{}, {"key": "a"}, {"key": "a/b", "value": ""}, {"key": "", "value": ""}])
def test_what_is_no_input_is_refused(api, path, body):
    assert api("POST", path, body).status == 422


def test_a_key_too_long_to_be_one_is_not_found(api, path):
    long = "a" * 1_100

    assert api("GET", f"{path}/{long}").status == api("DELETE", f"{path}/{long}").status == 404
    assert api("POST", path, {"key": long, "value": ""}).status == 422
    assert api("POST", f"{path}/filter", {"prefix": long}).status == 422


def test_a_run_that_is_not_there_takes_none(api):
    assert api("POST", f"/flow_runs/{NOBODY}/input", {"key": "a", "value": "1"}).status == 404


def test_a_run_that_waits_for_input_goes_on_with_it(api, waiting, path):
    answer = api("POST", f"/flow_runs/{waiting.id}/resume", {"run_input": {"name": "Ann"}})

    assert (answer.status, answer.document["status"]) == (201, "ACCEPT")
    assert json.loads(api("GET", f"{path}/{KEYSET['response']}").text) == {"name": "Ann"}


@pytest.mark.parametrize("run_input", [None, {}, {"name": 7}])
def test_input_that_does_not_fit_leaves_it_waiting(api, waiting, path, run_input):
    answer = api("POST", f"/flow_runs/{waiting.id}/resume", {"run_input": run_input})

    assert (answer.status, answer.document["status"]) == (200, "REJECT")
    assert "name" in answer.document["details"]["reason"]
    assert api("GET", f"/flow_runs/{waiting.id}").document["state_type"] == "PAUSED"
    assert api("GET", f"{path}/{KEYSET['response']}").status == 404


@pytest.mark.parametrize("schema", [None, "no JSON", '{"type": 7}'])
def test_a_schema_that_is_none_leaves_it_waiting(api, waiting, path, schema):
    api("DELETE", f"{path}/{KEYSET['schema']}")
    if schema:
        api("POST", path, {"key": KEYSET["schema"], "value": schema})

    answer = api("POST", f"/flow_runs/{waiting.id}/resume", {"run_input": {"name": "Ann"}})

    assert (answer.status, answer.document["status"]) == (200, "REJECT")
