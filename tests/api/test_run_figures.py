"""Flow runs in pages, in figures and as a graph; dates of schedules made ahead and after."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow import flow, task
from whenflow.events import iso
from whenflow.runs import State, StateDetails, StateType
from whenflow.runs.task_runs import TaskRun


@pytest.fixture
def deployed(world):
    """A deployment whose runs a process of the user's own fetches."""
    return world.deployment(work_pool_name=None, parameters={}, parameter_openapi_schema={})


@pytest.fixture
def ran(api, world, deployed):
    """A function that makes a run, late by some seconds, which takes some and ends so; or waits, without an end."""

    def run(late=0, seconds=0, end="COMPLETED"):
        made = api("POST", f"/deployments/{deployed['id']}/create_flow_run", {}).document
        world.clock.advance(late)
        if end:
            api("POST", f"/flow_runs/{made['id']}/set_state", {"state": {"type": "RUNNING"}})
            world.clock.advance(seconds)
            api("POST", f"/flow_runs/{made['id']}/set_state", {"state": {"type": end}})
        return made["id"]

    return run


def test_runs_come_in_numbered_pages(api, ran):
    made = [ran() for _ in range(5)]

    page = api("POST", "/flow_runs/paginate", {"limit": 2, "page": 3, "sort": "ID_DESC"}).document

    assert [one["id"] for one in page.pop("results")] == [made[0]]
    assert page == {"count": 5, "limit": 2, "pages": 3, "page": 3}
    assert api("POST", "/flow_runs/paginate", {"page": 0}).status == 422


def test_deployments_and_flows_come_in_numbered_pages(api, world):
    for name in ("c", "a", "b"):
        world.deployment(name=name, flow_name=f"flow-{name}")

    deployments = api("POST", "/deployments/paginate", {"limit": 2, "sort": "NAME_ASC"}).document
    flows = api("POST", "/flows/paginate", {"limit": 2, "page": 2}).document

    assert [one["name"] for one in deployments["results"]] == ["a", "b"]
    assert (deployments["count"], deployments["pages"], deployments["page"]) == (3, 2, 1)
    assert [one["name"] for one in flows["results"]] == ["flow-c"]


def test_a_history_counts_runs_by_state_and_by_when_they_were_to_start(api, world, ran):
    ran(late=10, seconds=20)
    ran(late=0, seconds=5)
    world.clock.advance(3_600)
    ran(end=None)
    asked = {
        "history_start": iso(NOON),
        "history_end": iso(NOON + timedelta(hours=2)),
        "history_interval_seconds": 3600,
    }

    first, second = api("POST", "/flow_runs/history", asked).document

    assert first["interval_end"] == second["interval_start"] == iso(NOON + timedelta(hours=1))
    assert first["states"] == [
        {
            "state_type": "COMPLETED",
            "state_name": "Completed",
            "count_runs": 2,
            "sum_estimated_run_time": 25.0,
            "sum_estimated_lateness": 10.0,
        }
    ]
    assert [(one["state_type"], one["count_runs"]) for one in second["states"]] == [("SCHEDULED", 1)]


@pytest.mark.parametrize(
    ("change", "status", "steps"),
    [
        ({"history_interval_seconds": 0.5}, 422, 0),
        ({"history_start": "x"}, 422, 0),
        ({"history_end": iso(NOON - timedelta(days=1))}, 200, 0),
        ({"history_interval_seconds": 1}, 200, 500),
        ({"history_start": "9999-12-31T00:00:00Z", "history_end": "9999-12-31T23:59:59Z"}, 200, 24),
    ],
)
def test_a_history_has_bounds(api, change, status, steps):
    asked = {"history_start": iso(NOON), "history_end": iso(NOON + timedelta(days=1)), "history_interval_seconds": 3600}

    for path in ("/flow_runs/history", "/task_runs/history"):
        answer = api("POST", path, asked | change)
        assert answer.status == status
        assert status != 200 or len(answer.document) == steps


def test_the_history_of_task_runs_counts_them(api, world):
    states = (State(NOBODY, StateType.RUNNING, "Running", NOON), State(NOBODY, StateType.FAILED, "Failed", NOON))
    world.task_runs.put_single(TaskRun(NOBODY, "load", states), 0)
    asked = {
        "history_start": iso(NOON),
        "history_end": iso(NOON + timedelta(hours=1)),
        "history_interval_seconds": 3600,
    }

    (step,) = api("POST", "/task_runs/history", asked).document

    assert [(one["state_type"], one["count_runs"]) for one in step["states"]] == [("FAILED", 1)]


def test_lateness_is_an_average(api, ran, world):
    assert api("POST", "/flow_runs/lateness", {}).document is None

    ran(late=10)
    ran(late=0)
    waiting = ran(end=None)
    world.clock.advance(20)

    assert api("POST", "/flow_runs/lateness", {}).document == 10.0
    only = {"flow_runs": {"id": {"any_": [waiting]}}}
    assert api("POST", "/flow_runs/lateness", only).document == 20.0


def test_a_graph_shows_tasks_and_nested_flows(api, world, monkeypatch):
    from whenflow.flows import runtime

    monkeypatch.setattr(runtime, "connected", lambda: world.backend)

    @task
    def load():
        world.clock.advance(1)

    @flow
    def inner():
        world.clock.advance(1)

    @flow
    def outer():
        load()
        inner()

    outer()
    run = next(one for one in world.runs.newest(5) if one.flow_name == "outer")
    nested = next(one for one in world.runs.newest(5) if one.flow_name == "inner")

    graph = api("GET", f"/flow_runs/{run.id}/graph-v2").document

    assert [(node["kind"], node["state_type"]) for _, node in graph["nodes"]] == [
        ("task-run", "COMPLETED"),
        ("flow-run", "COMPLETED"),
    ]
    assert graph["nodes"][1][0] == nested.id
    assert graph["root_node_ids"] == [id_ for id_, _ in graph["nodes"]]
    assert [one["name"] for one in graph["states"]][-1] == "Completed"
    assert (graph["start_time"], graph["end_time"]) == (iso(run.start_time), iso(run.end_time))
    assert api("GET", f"/flow_runs/{NOBODY}/graph-v2").status == 404


def test_a_graph_shows_what_was_given_to_which(api, world, ran):
    run_id = ran()
    ids = [f"0190163d-8694-7000-8000-{number:012d}" for number in (1, 2)]

    def row(number, inputs):
        states = (
            State(NOBODY, StateType.RUNNING, "Running", NOON + timedelta(seconds=number), details=StateDetails()),
        )
        return TaskRun(ids[number], f"t{number}", states, run_id, task_inputs=inputs)

    given = {"x": [{"input_type": "task_run", "id": ids[0]}, {"input_type": "constant", "type": "int"}], "y": []}
    world.task_runs.put_single(row(0, {}), 0)
    world.task_runs.put_single(row(1, given), 0)

    graph = api("GET", f"/flow_runs/{run_id}/graph-v2").document
    nodes = dict(graph["nodes"])

    assert graph["root_node_ids"] == [ids[0]]
    assert nodes[ids[0]]["children"] == [{"id": ids[1]}]
    assert nodes[ids[1]]["parents"] == [{"id": ids[0]}]
    later = api("GET", f"/flow_runs/{run_id}/graph-v2", query={"since": iso(NOON + timedelta(seconds=1))}).document
    assert [id_ for id_, _ in later["nodes"]] == [ids[1]]
    assert api("GET", f"/flow_runs/{run_id}/graph-v2", query={"since": "soon"}).status == 422


@pytest.fixture
def hourly(world):
    """A deployment that runs every hour, without any runs yet."""
    made = world.deployment(schedules=[{"schedule": {"cron": "0 * * * *", "timezone": "UTC"}, "active": True}])
    world.desk.scheduler.clear(made)
    world.clock.advance(1)
    return made


def dates(world):
    return sorted(iso(run.expected_start_time)[8:16] for run in world.runs.newest(200))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ["20T13:00", "20T14:00", "20T15:00"]),
        ({"min_runs": 1, "min_time": 0}, ["20T13:00"]),
        ({"max_runs": 2}, ["20T13:00", "20T14:00"]),
        (
            {"start_time": "2026-11-19T22:00:00Z", "end_time": "2026-11-20T01:00:00Z"},
            ["19T22:00", "19T23:00", "20T00:00"],
        ),
        ({"start_time": "2026-11-19T22:30:00Z", "min_runs": 1, "min_time": 3600}, ["19T23:00"]),
        ({"end_time": "2026-11-20T11:00:00Z"}, []),
    ],
)
def test_runs_are_made_for_the_dates_that_are_asked_for(api, world, hourly, body, expected):
    path = f"/deployments/{hourly['id']}/schedule"

    assert (api("POST", path, body).status, api("POST", path, body).status) == (200, 200)

    assert dates(world) == expected


@pytest.mark.parametrize(
    "body", [{"start_time": "0001-01-01T00:00:00Z"}, {"start_time": "9999-01-01T00:00:00Z"}, {"max_runs": -1}]
)
def test_dates_too_far_away_are_refused(api, hourly, body):
    assert api("POST", f"/deployments/{hourly['id']}/schedule", body).status == 422
