"""Flow runs, their states and their logs over HTTP."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON, ann_signs_up, run_of, welcoming
from tests.world import World

from whenflow.ports import LogLine
from whenflow.runs import FlowRun, StateType


@pytest.fixture
def welcome(world: World) -> FlowRun:
    """Ann's run, completed after two seconds."""
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    run_id = world.run().id
    world.ledger.start(run_id, "launch-1")
    world.clock.advance(2)
    world.ledger.move(run_id, StateType.COMPLETED, message="all well")
    return world.run()


def test_a_run_is_shown_with_its_state_and_why_there_is_one(api, welcome):
    answer = api("GET", f"/flow_runs/{welcome.id}")

    shown = answer.document
    assert answer.status == 200
    assert (shown["name"], shown["flow_name"], shown["deployment_name"]) == (welcome.name, "new-user-flow", "welcome")
    assert (shown["state_type"], shown["state_name"], shown["state_id"]) == ("COMPLETED", "Completed", welcome.state.id)
    assert shown["state"] == {
        "id": welcome.state.id,
        "type": "COMPLETED",
        "name": "Completed",
        "timestamp": "2026-11-20T12:00:02.000000Z",
        "message": "all well",
        "data": None,
        "state_details": shown["state"]["state_details"],
    }
    assert {value for value in shown["state"]["state_details"].values() if value} == set()
    assert (shown["event_id"], shown["firing_id"]) == (ann_signs_up().id, welcome.firing_id)
    assert shown["parameters"] == {"name": "Ann"}
    assert (shown["run_count"], shown["total_run_time"]) == (1, 2.0)


def test_what_is_ours_to_know_is_not_shown(api, welcome):
    shown = api("GET", f"/flow_runs/{welcome.id}").document

    assert not {"launch", "version", "states"} & shown.keys()


def test_a_run_that_did_not_start_has_run_for_no_time(world, api):
    world.welcomes_new_users()
    world.happens(ann_signs_up())

    shown = api("GET", f"/flow_runs/{world.run().id}").document

    assert (shown["start_time"], shown["end_time"], shown["total_run_time"]) == (None, None, 0.0)


def scheduled(world: World, seconds: float) -> FlowRun:
    """Ann's run, which is to start some seconds after noon."""
    deployment = world.deployment(parameters={"name": "Ann"})
    world.automation(welcoming(deployment, actions=[run_of(deployment, schedule_after=seconds)]))
    world.happens(ann_signs_up())
    return world.run()


def test_a_run_that_waits_is_shown_with_the_time_it_waits_for(world, api):
    run = scheduled(world, 60)

    shown = api("GET", f"/flow_runs/{run.id}").document

    assert (shown["state_type"], shown["state_name"]) == ("SCHEDULED", "Scheduled")
    at_one_past = "2026-11-20T12:01:00.000000Z"
    assert shown["state"]["state_details"]["scheduled_time"] == at_one_past
    assert shown["expected_start_time"] == shown["next_scheduled_start_time"] == at_one_past


def test_a_run_that_waited_is_shown_with_the_time_it_was_expected_at(world, api):
    run = scheduled(world, 60)
    world.wait(61)

    shown = api("GET", f"/flow_runs/{run.id}").document

    assert shown["state_name"] == "Pending"
    assert shown["expected_start_time"] == "2026-11-20T12:01:00.000000Z"
    assert shown["next_scheduled_start_time"] is None


def test_a_run_that_starts_at_once_is_expected_when_it_is_made(api, welcome):
    shown = api("GET", f"/flow_runs/{welcome.id}").document
    states = api("GET", "/flow_run_states", query={"flow_run_id": welcome.id}).document

    assert shown["expected_start_time"] == shown["created"] == states[0]["state_details"]["scheduled_time"]
    assert shown["next_scheduled_start_time"] is None


def test_runs_are_listed_newest_first(world, api):
    world.welcomes_new_users()
    for _ in range(3):
        world.happens(ann_signs_up(id=world.ids.new()))
        world.clock.advance(1)

    answer = api("POST", "/flow_runs/filter", {})

    created = [run["created"] for run in answer.document]
    assert len(created) == 3
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize(("limit", "offset", "seconds"), [(2, 0, [4, 3]), (2, 3, [1, 0]), (2, 9, []), (0, 0, [])])
def test_a_part_of_the_list_can_be_asked_for(world, api, limit, offset, seconds):
    world.welcomes_new_users()
    for _ in range(5):
        world.happens(ann_signs_up(id=world.ids.new()))
        world.clock.advance(1)

    answer = api("POST", "/flow_runs/filter", {"limit": limit, "offset": offset})

    expected = [f"2026-11-20T12:00:0{second}.000000Z" for second in seconds]
    assert [run["created"] for run in answer.document] == expected


def test_the_states_of_a_run_are_listed_oldest_first(api, welcome):
    answer = api("GET", "/flow_run_states", query={"flow_run_id": welcome.id})

    assert [state["name"] for state in answer.document] == ["Scheduled", "Pending", "Running", "Completed"]


@pytest.mark.parametrize("query", [None, {"flow_run_id": ""}, {"flow_run_id": "nope"}, {"flow_run_id": NOBODY}])
def test_states_of_a_run_that_is_not_there_are_not_found(api, query):
    assert api("GET", "/flow_run_states", query=query).status == 404


@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_a_run_that_is_not_there_is_not_found(api, id_):
    answer = api("GET", f"/flow_runs/{id_}")

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no flow run")


def of(run_id):
    return {"logs": {"flow_run_id": {"any_": [run_id]}}}


def test_the_log_of_a_run_is_listed(world, api, welcome):
    lines = [LogLine(NOON + timedelta(seconds=n), 20, "whenflow.flow_runs", f"line {n}") for n in range(5)]
    world.runs.add_logs(welcome.id, lines)

    answer = api("POST", "/logs/filter", of(welcome.id) | {"limit": 2, "offset": 1})

    told = [{name: one[name] for name in one.keys() - {"id", "created", "updated"}} for one in answer.document]
    assert told == [
        {
            "timestamp": f"2026-11-20T12:00:0{n}.000000Z",
            "level": 20,
            "name": "whenflow.flow_runs",
            "message": f"line {n}",
            "flow_run_id": welcome.id,
            "task_run_id": None,
        }
        for n in (1, 2)
    ]


def test_a_run_that_logged_nothing_has_an_empty_log(api, welcome):
    assert api("POST", "/logs/filter", of(welcome.id)).document == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"logs": {}},
        {"logs": {"flow_run_id": None}},
        {"logs": {"flow_run_id": {"any_": None}, "task_run_id": {"is_null_": True}}},
    ],
)
def test_a_log_of_no_run_in_particular_is_refused(api, body):
    answer = api("POST", "/logs/filter", body)

    assert answer.status == 422
    assert "give the flow run" in answer.document["exception_detail"][0]["msg"]
