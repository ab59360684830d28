"""Log lines over HTTP: by level, time, task and text."""

import csv
from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON, ann_signs_up

from whenflow import flow, get_run_logger, task
from whenflow.ports import LogLine

TASK, OTHER = "0190163d-8694-7000-8000-0000000000aa", "0190163d-8694-7000-8000-0000000000ab"


def line(message, level=20, second=0, task_run_id=None, name="prefect.flow_runs"):
    return LogLine(NOON + timedelta(seconds=second), level, name, message, task_run_id)


@pytest.fixture
def log(world):
    """Lines of a run: of the flow, and of two tasks."""
    lines = [
        line("begin", 20, 0),
        line("detail", 10, 1),
        line("loading a", 20, 2, TASK, "prefect.task_runs"),
        line("slow", 30, 3, OTHER, "prefect.task_runs"),
        line("broken", 40, 4),
    ]
    world.runs.add_logs(NOBODY, lines)
    return lines


@pytest.fixture
def found(api):
    """A function that asks for lines of the run and returns their messages."""

    def ask(more=None, **wanted):
        body = {"logs": {"flow_run_id": {"any_": [NOBODY]}, **wanted}, **(more or {})}
        return [one["message"] for one in api("POST", "/logs/filter", body).document]

    return ask


@pytest.mark.parametrize(
    ("wanted", "messages"),
    [
        ({"level": {"ge_": 30}}, ["slow", "broken"]),
        ({"level": {"ge_": 20, "le_": 30}}, ["begin", "loading a", "slow"]),
        ({"timestamp": {"after_": "2026-11-20T12:00:03Z"}}, ["slow", "broken"]),
        ({"timestamp": {"before_": "2026-11-20T12:00:00Z"}}, ["begin"]),
        ({"task_run_id": {"any_": [TASK]}}, ["loading a"]),
        ({"task_run_id": {"is_null_": True}}, ["begin", "detail", "broken"]),
        ({"task_run_id": {"is_null_": False}}, ["loading a", "slow"]),
        ({"name": {"any_": ["prefect.task_runs"]}, "level": {"ge_": 30}}, ["slow"]),
        ({"text": {"query": "BEG"}}, ["begin"]),
        ({"level": None, "timestamp": None, "task_run_id": None}, ["begin", "detail", "loading a", "slow", "broken"]),
    ],
)
def test_lines_are_asked_for_by_what_they_are(log, found, wanted, messages):
    assert found(**wanted) == messages


def test_they_come_in_both_orders_page_by_page(log, found):
    assert found({"sort": "TIMESTAMP_DESC", "limit": 2}) == ["broken", "slow"]
    assert found({"sort": "TIMESTAMP_DESC", "limit": 2, "offset": 2}) == ["loading a", "detail"]
    assert found({"sort": "TIMESTAMP_ASC", "offset": 3}) == ["slow", "broken"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"logs": 7},
        {"logs": {"flow_run_id": {"any_": []}}},
        {"logs": {"flow_run_id": {"any_": 7}}},
        {"logs": {"flow_run_id": {"any_": [NOBODY, TASK]}}},
        {"logs": {"flow_run_id": {"any_": [NOBODY]}, "level": {"ge_": "high"}}},
        {"logs": {"flow_run_id": {"any_": [NOBODY]}, "timestamp": {"after_": 7}}},
        {"logs": {"flow_run_id": {"any_": [NOBODY]}}, "sort": "NAME_ASC"},
    ],
)
def test_a_filter_that_is_none_is_refused_with_the_field(api, wrong):
    answer = api("POST", "/logs/filter", wrong)

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"][0] == "body"


def test_each_line_has_the_id_that_it_always_has_even_if_it_was_logged_twice(api, world):
    world.runs.add_logs(NOBODY, [line("again"), line("again")])
    body = {"logs": {"flow_run_id": {"any_": [NOBODY]}}}

    first = [one["id"] for one in api("POST", "/logs/filter", body).document]
    backwards = [one["id"] for one in api("POST", "/logs/filter", body | {"sort": "TIMESTAMP_DESC"}).document]

    assert len(set(first)) == 2
    assert backwards == first[::-1]


def test_what_a_task_logs_is_found_by_its_task_run(api, world):
    @task
    def load():
        get_run_logger().info("loading")

    @flow
    def new_user_flow(name):
        get_run_logger().info("begin %s", name)
        load()

    world.welcomes_new_users()
    world.happens(ann_signs_up())
    world.settle(new_user_flow)
    (row,) = world.task_runs.of_group(world.run().id)

    answer = api("POST", "/logs/filter", {"logs": {"task_run_id": {"any_": [row.id]}}, "sort": "TIMESTAMP_ASC"})

    assert [(one["message"], one["flow_run_id"]) for one in answer.document] == [("loading", world.run().id)]


def test_what_a_task_on_its_own_logs_is_found_by_its_task_run(api):
    sent = {"name": "prefect.task_runs", "level": 20, "message": "alone", "timestamp": "2026-11-20T12:00:00Z"}
    assert api("POST", "/logs/", [sent | {"task_run_id": TASK, "flow_run_id": None}]).status == 201

    (told,) = api("POST", "/logs/filter", {"logs": {"task_run_id": {"any_": [TASK]}}}).document

    assert (told["message"], told["flow_run_id"], told["task_run_id"]) == ("alone", None, TASK)


def test_lines_of_several_task_runs_come_by_time(api):
    sent = {"name": "prefect.task_runs", "level": 20}
    for task_run_id, second in ((TASK, 2), (OTHER, 1)):
        moment = f"2026-11-20T12:00:0{second}Z"
        api("POST", "/logs/", [sent | {"message": moment, "timestamp": moment, "task_run_id": task_run_id}])

    told = api("POST", "/logs/filter", {"logs": {"task_run_id": {"any_": [TASK, OTHER]}}}).document

    assert [one["task_run_id"] for one in told] == [OTHER, TASK]


def test_the_log_of_a_run_is_downloaded_as_csv(api, world):
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    run = world.run()
    world.runs.add_logs(run.id, [line('said "hello",\nand left', 30, 1, TASK)])

    answer = api("GET", f"/flow_runs/{run.id}/logs/download")

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv"
    assert f"{run.name}-logs.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(answer.text.splitlines(keepends=True)))
    assert rows == [
        {
            "timestamp": "2026-11-20T12:00:01.000000Z",
            "level": "30",
            "flow_run_id": run.id,
            "task_run_id": TASK,
            "message": 'said "hello",\nand left',
        }
    ]
    assert api("GET", f"/flow_runs/{NOBODY}/logs/download").status == 404
