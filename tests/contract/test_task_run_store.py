"""What every store of task runs does."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow.aws.task_run_store import DynamoTaskRunStore
from whenflow.errors import Conflict
from whenflow.ports import Claim, TaskRunStore
from whenflow.runs import State, StateDetails, StateType
from whenflow.runs.task_runs import TaskRun
from whenflow.testing.task_runs import MemoryTaskRunStore

RUN = "0190163d-8694-7000-8000-0000000000bb"
IDS = [f"0190163d-8694-7000-8000-{number:012d}" for number in range(60)]
SOON = NOON + timedelta(minutes=5)


@pytest.fixture(params=["memory", "dynamodb"])
def store(request, clock) -> TaskRunStore:
    """A store of task runs, empty."""
    if request.param == "memory":
        return MemoryTaskRunStore()
    return DynamoTaskRunStore(request.getfixturevalue("dynamodb"), "RunsTable", clock)


def task_run(number: int = 1, *names: str, run_id: str | None = RUN) -> TaskRun:
    types = {"Running": StateType.RUNNING, "Completed": StateType.COMPLETED}
    states = tuple(
        State(
            f"{IDS[number][:-4]}{place:04d}",
            types[name],
            name,
            NOON + timedelta(seconds=number + place),
            details=StateDetails(others={"child_flow_run_id": RUN}) if place else StateDetails(),
        )
        for place, name in enumerate(names or ("Running",), 1)
    )
    return TaskRun(IDS[number], "load", states, run_id, "app.load", str(number), tags=("a",))


def test_a_pack_is_read_as_it_was_kept(store):
    rows = [task_run(2, "Running", "Completed"), task_run(1)]
    store.keep(RUN, "p1", rows)

    assert store.of_group(RUN) == [rows[1], rows[0]]
    assert store.of_group(NOBODY) == []


def test_a_pack_takes_the_place_of_the_one_before(store):
    store.keep(RUN, "p1", [task_run(1)])
    store.keep(RUN, "p1", [task_run(1, "Running", "Completed")])
    store.keep(RUN, "p2", [task_run(2)])

    assert [row.state.name for row in store.of_group(RUN)] == ["Completed", "Running"]


def test_a_row_of_its_own_is_found_by_id_and_in_its_group(store):
    store.put_single(task_run(1), 0)
    store.put_single(task_run(2, run_id=None), 0)

    assert store.single(IDS[1]) == (task_run(1), 1)
    assert store.of_group(RUN) == [task_run(1)]
    assert store.of_group("alone#2026-11-20") == [task_run(2, run_id=None)]
    assert store.single(NOBODY) == (None, 0)


def test_a_row_is_changed_only_over_the_version_that_was_read(store):
    store.put_single(task_run(1), 0)
    store.put_single(task_run(1, "Running", "Completed"), 1)

    for version in (0, 1):
        with pytest.raises(Conflict):
            store.put_single(task_run(1), version)
    assert store.single(IDS[1])[0].state.name == "Completed"


def test_what_two_processes_know_of_a_task_run_comes_together(store):
    store.put_single(task_run(1, "Running"), 0)
    store.keep(RUN, "p1", [task_run(1, "Running", "Completed")])

    (row,) = store.of_group(RUN)
    assert [state.name for state in row.states] == ["Running", "Completed"]


def test_a_task_is_claimed_by_one_until_that_is_over_or_it_is_done(store):
    assert store.claim(IDS[1], SOON, NOON) == Claim.MINE
    assert store.claim(IDS[1], SOON, NOON) == Claim.BUSY
    assert store.claim(IDS[1], SOON + timedelta(minutes=5), SOON) == Claim.MINE

    store.done(IDS[1])

    assert store.claim(IDS[1], SOON, SOON + timedelta(days=1)) == Claim.DONE
    assert store.claim(IDS[2], SOON, NOON) == Claim.MINE
