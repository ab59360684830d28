"""Task runs: built from events in any order (D11), kept many in a row, found by id and by flow run."""

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.clients import call_api

from whenflow.errors import TooLarge, Transient
from whenflow.events import RESOURCE_ID, event_from_document
from whenflow.flows import flow, task
from whenflow.runs.task_runs import applied, merged
from whenflow.testing.doubles import START

ID = "0190163d-8694-7000-8000-0000000000aa"
RUN = "0190163d-8694-7000-8000-0000000000bb"
STORY = [("RUNNING", "Running"), ("SCHEDULED", "AwaitingRetry"), ("RUNNING", "Retrying"), ("COMPLETED", "Completed")]


def told(number: int, **changes):
    """The event of the n-th state of the task run."""
    type_, name = STORY[number]
    document = {
        "id": f"0190163d-8694-7000-8000-{number + 1:012d}",
        "occurred": f"2026-11-20T12:00:0{number}Z",
        "event": f"prefect.task-run.{name}",
        "resource": {
            RESOURCE_ID: f"prefect.task-run.{ID}",
            "prefect.resource.name": "load",
            "prefect.orchestration": "client",
            "prefect.state-type": type_,
            "prefect.state-name": name,
        },
        "related": [{RESOURCE_ID: f"prefect.flow-run.{RUN}", "prefect.resource.role": "flow-run"}],
        "payload": {
            "validated_state": {"type": type_, "name": name},
            "task_run": {"name": "load", "task_key": "a.load"},
        },
        "follows": f"0190163d-8694-7000-8000-{number:012d}" if number else None,
        **changes,
    }
    return event_from_document(document, START)


def built(events):
    row = None
    for event in events:
        row = applied(row, event)
    return row


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_D11_events_in_any_order_build_the_same_task_run(order):
    row = built(told(number) for number in order)

    assert [state.name for state in row.states] == ["Running", "AwaitingRetry", "Retrying", "Completed"]
    assert row == built(told(number) for number in range(4))
    assert (row.run_count, row.flow_run_id, row.task_key, row.total_run_time) == (2, RUN, "a.load", 2.0)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_D11_events_told_any_number_of_times_build_the_same_task_run(numbers):
    once = built(told(number) for number in sorted(set(numbers)))

    assert [one.id for one in built(told(number) for number in numbers).states] == [one.id for one in once.states]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_states_of_the_same_moment_stand_as_they_follow_each_other(order):
    row = built(told(number, occurred="2026-11-20T12:00:00Z") for number in order)

    assert [state.name for state in row.states] == ["Running", "AwaitingRetry", "Retrying", "Completed"]


def test_parts_of_a_task_run_that_two_processes_know_come_together():
    (row,) = merged([built([told(0), told(1)]), built([told(2), told(3)])])

    assert [state.name for state in row.states] == ["Running", "AwaitingRetry", "Retrying", "Completed"]


def test_a_task_run_is_read_as_it_was_stored():
    row = built(told(number) for number in range(4))

    assert type(row).from_stored(json.loads(json.dumps(row.as_stored()))) == row


# ---- told from outside ----


def test_D11_events_posted_by_a_client_make_a_task_run(world):
    for number in (2, 0, 3, 1):
        call_api(world, "POST", "/events", [told(number).as_document()])

    (row,) = call_api(world, "POST", "/task_runs/filter", {"task_runs": {"flow_run_id": {"any_": [RUN]}}})
    assert (row["id"], row["name"], row["state_name"], row["run_count"]) == (ID, "load", "Completed", 2)
    assert call_api(world, "GET", f"/task_runs/{ID}") == row
    states = call_api(world, "GET", "/task_run_states", query={"task_run_id": ID})
    assert [one["name"] for one in states] == ["Running", "AwaitingRetry", "Retrying", "Completed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "order.placed"},
        {"resource": {RESOURCE_ID: f"prefect.task-run.{ID}"}},
        {"resource": {RESOURCE_ID: "prefect.task-run.7", "prefect.orchestration": "client"}},
    ],
)
def test_an_event_that_tells_of_no_task_run_makes_none(world, changes):
    call_api(world, "POST", "/events", [told(0, **changes).as_document()])

    assert world.task_runs.single(ID) == (None, 0)


def test_an_id_that_no_task_run_has_is_not_found(world):
    assert "There is no task run" in call_api(world, "GET", f"/task_runs/{ID}", status=404)["detail"]


# ---- those of flows in the stack ----


@task
def load(name: str) -> str:
    """Load something."""
    if name == "missing.csv":
        raise LookupError(name)
    return name


def test_task_runs_of_a_flow_are_found_by_their_flow_run_and_by_id(world, serve):
    @flow
    def process() -> None:
        load("a.csv")
        load("missing.csv")

    serve(process)

    rows = call_api(
        world, "POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [world.run().id]}}, "sort": "ID_ASC"}
    )
    assert sorted(row["state_name"] for row in rows) == ["Completed", "Failed"]
    assert sorted(row["dynamic_key"] for row in rows) == ["0", "1"]
    assert call_api(world, "GET", f"/task_runs/{rows[0]['id']}") == rows[0]
    failed = {"task_runs": {"state": {"type": {"any_": ["FAILED"]}}}}
    assert call_api(world, "POST", "/task_runs/count", failed) == 1


def test_a_small_flow_keeps_its_task_runs_in_one_write(world, serve):
    @flow
    def process() -> None:
        for name in ("a.csv", "b.csv", "c.csv"):
            load(name)

    serve(process)

    assert world.task_runs.written == 1


def test_a_large_flow_keeps_its_task_runs_in_packs(world, serve):
    @flow
    def process() -> None:
        for number in range(60):
            load(f"{number}.csv")

    serve(process)

    assert world.task_runs.written == 3
    assert len(world.services.task_runs.of_flow_run(world.run().id)) == 60


def test_a_task_alone_tells_the_same_events_without_any_flow(connected):
    assert load("a.csv") == "a.csv"

    begun, done = connected.events.stored.values()
    assert (begun.event, done.event) == ("prefect.task-run.Running", "prefect.task-run.Completed")
    assert begun.related == done.related == ()
    (row,) = call_api(connected, "POST", "/task_runs/filter", {"task_runs": {"flow_run_id": {"is_null_": True}}})
    assert (row["name"], row["flow_run_id"], row["state_name"]) == ("load", None, "Completed")
    assert call_api(connected, "GET", f"/task_runs/{row['id']}") == row


def test_an_event_that_cannot_be_stored_now_is_stored_later(world, serve, monkeypatch):
    put = world.events.put
    refused: list[str] = []

    def throttled(event):
        if event.event == "prefect.task-run.Running" and not refused:
            refused.append(event.id)
            raise Transient("DynamoDB: ThrottlingException")
        return put(event)

    monkeypatch.setattr(world.events, "put", throttled)

    @flow
    def process() -> None:
        load("a.csv")

    serve(process)

    assert world.run().state.name == "Completed"
    assert refused[0] in world.events.stored


def test_a_pack_that_fits_no_row_is_kept_task_run_by_task_run(world, serve, monkeypatch):
    keep = world.task_runs.keep

    def small(group, pack, rows) -> None:
        if len(rows) > 1:
            raise TooLarge("It has 400,000 bytes when compressed.")
        keep(group, pack, rows)

    monkeypatch.setattr(world.task_runs, "keep", small)

    @flow
    def process() -> None:
        load("a.csv")
        load("b.csv")

    serve(process)

    assert len(world.services.task_runs.of_flow_run(world.run().id)) == 2
