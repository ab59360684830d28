"""Task runs that Prefect's client makes: for a flow within a flow."""

import pytest
from tests.wire.asking import PENDING, a_flow_run_of_a_program, a_task_run


@pytest.fixture
def ask(api):
    """A function that calls the API and returns the answer's document."""

    def call(method, path, body=None):
        answer = api(method, path, body)
        assert answer.status < 300, answer.text
        return answer.document

    return call


def within(ask, task_run):
    """Make a flow run that a task run stands for."""
    path, body = a_flow_run_of_a_program(ask)
    return ask("POST", path, body | {"parent_task_run_id": task_run["id"]})


def told(world):
    """The names of the events of task runs."""
    return [one.event for one in world.events.stored.values() if one.event.startswith("prefect.task-run.")]


def test_a_task_run_is_made_told_and_found(api, ask, world):
    path, body = a_task_run(ask)

    made = api("POST", path, body)

    row = made.document
    assert (made.status, row["state_type"], row["flow_run_id"]) == (201, "PENDING", body["flow_run_id"])
    assert ask("GET", f"/task_runs/{row['id']}") == row
    assert ask("POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [body["flow_run_id"]]}}}) == [row]
    assert told(world) == ["prefect.task-run.Pending"]


def test_the_same_task_run_of_a_flow_run_is_made_once(api, ask, world):
    path, body = a_task_run(ask)

    first, again = api("POST", path, body), api("POST", path, body)

    assert (first.status, again.status) == (201, 200)
    assert again.document == first.document
    assert len(told(world)) == 1


def test_task_runs_without_a_flow_run_are_each_their_own(ask):
    body = {"name": "t", "task_key": "t", "dynamic_key": "0", "state": PENDING}

    assert ask("POST", "/task_runs/", body)["id"] != ask("POST", "/task_runs/", body)["id"]


def test_a_task_run_shows_the_states_of_the_flow_run_that_it_stands_for(ask, world):
    task_run = ask("POST", *a_task_run(ask))
    child = within(ask, task_run)
    world.clock.advance(seconds=1)
    ask("POST", f"/flow_runs/{child['id']}/set_state", {"state": {"type": "COMPLETED"}, "force": True})

    shown = ask("GET", f"/task_runs/{task_run['id']}")

    assert shown["state_type"] == "COMPLETED"


def test_only_the_first_flow_run_is_what_a_task_run_stands_for(ask, world):
    task_run = ask("POST", *a_task_run(ask))
    first = within(ask, task_run)
    within(ask, task_run)

    details = ask("GET", f"/task_runs/{task_run['id']}")["state"]["state_details"]

    assert details["child_flow_run_id"] == first["id"]
    assert len(told(world)) == 2


def test_a_task_run_of_no_known_flow_run_is_not_found(api, ask):
    path, body = a_task_run(ask)

    answer = api("POST", path, body | {"flow_run_id": "00000000-0000-4000-8000-00000000dead"})

    assert answer.status == 404
    assert "There is no flow run" in answer.text


def test_a_background_task_needs_an_id(api):
    state = {"type": "SCHEDULED", "name": "Scheduled", "state_details": {"deferred": True}}

    answer = api("POST", "/task_runs", {"task_key": "t", "state": state})

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"] == ["body", "id"]


@pytest.mark.parametrize(
    "state",
    [{"name": 7}, {"name": ""}, {"message": 7}, {"state_details": 7}, {"timestamp": "soon"}, {"type": "RUNNING"}],
)
def test_a_state_that_is_none_is_refused(api, ask, world, state):
    path, body = a_task_run(ask)

    answer = api("POST", path, body | {"state": PENDING | state})

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"] == ["body", "state"]
    assert told(world) == []


def test_a_task_run_without_a_name_is_found_like_any_other(api, ask):
    path, body = a_task_run(ask)

    made = api("POST", path, body | {"name": None})

    assert (made.status, made.document["name"]) == (201, "")
    assert ask("GET", f"/task_runs/{made.document['id']}") == made.document
