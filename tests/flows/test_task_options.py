"""What a task can be told: how it is tried again, how long it may take, what is called at its end."""

import threading
import time
from typing import Any

import pytest

from whenflow.errors import Rejected
from whenflow.flows import flow, task, unmapped


class NotYet(Exception):
    """It does not work yet."""


def failing(times: int, **options):
    """A task that raises a few times before it works."""
    left = [times]

    @task(**options)
    def tries() -> str:
        if left[0]:
            left[0] -= 1
            raise NotYet("not yet")
        return "at last"

    return tries


def states(world) -> list[str]:
    (row,) = world.services.task_runs.of_flow_run(world.run().id)
    return [state.name for state in row.states]


@pytest.mark.parametrize(
    ("delay", "waits"),
    [
        (5, [5, 5, 5]),
        ([1, 10], [1, 10, 10]),
        (lambda retries: [2**number for number in range(retries)], [1, 2, 4]),
    ],
    ids=["a number", "a list", "a function"],
)
def test_a_task_waits_before_it_is_tried_again(naps, delay, waits):
    assert failing(3, retries=3, retry_delay_seconds=delay)() == "at last"

    assert naps == waits


def test_a_wait_may_be_longer_by_chance(naps):
    failing(3, retries=3, retry_delay_seconds=10, retry_jitter_factor=0.5)()

    assert all(10 <= one <= 15 for one in naps)
    assert len(set(naps)) > 1


def test_a_condition_says_whether_a_task_is_tried_again():
    def only_not_yet(_task, _run, state) -> bool:
        return isinstance(state.result(raise_on_failure=False), NotYet)

    assert failing(1, retries=1, retry_condition_fn=only_not_yet)() == "at last"
    with pytest.raises(NotYet):
        failing(1, retries=1, retry_condition_fn=lambda *_: False)()


def test_a_retry_is_told_with_the_time_for_which_it_is_planned(world, serve):
    tries = failing(1, retries=1, retry_delay_seconds=30)

    @flow
    def patient() -> None:
        tries()

    serve(patient)

    (waiting,) = world.events.named("prefect.task-run.AwaitingRetry")
    assert waiting.payload["validated_state"]["state_details"]["scheduled_time"] == "2026-11-20T12:00:30.000000Z"
    assert states(world) == ["Running", "AwaitingRetry", "Retrying", "Completed"]


@pytest.mark.parametrize("options", [{"retries": -1}, {"retry_delay_seconds": -1}, {"retry_jitter_factor": -1}])
def test_a_number_out_of_bounds_is_refused_when_the_task_is_made(options):
    with pytest.raises(ValueError, match="must"):
        task(lambda: None) if not options else task(**options)(lambda: None)


@pytest.mark.parametrize("option", ["cache_key_fn", "cache_policy"])
def test_caching_is_refused_with_the_reason(option):
    with pytest.raises(ValueError, match="keeps no results of tasks"):
        task(**{option: lambda *_: "key"})


def test_a_task_that_takes_too_long_is_stopped_even_while_it_waits(world, serve):
    @task(timeout_seconds=0.05)
    def sleeps() -> None:
        time.sleep(10)

    @flow
    def patient() -> None:
        sleeps()

    begun = time.monotonic()
    serve(patient)

    assert time.monotonic() - begun < 5
    assert states(world) == ["Running", "TimedOut"]
    assert world.run().state.name == "TimedOut"
    assert world.run().state.message == "Task sleeps exceeded timeout of 0.05 second(s)"


def test_a_task_in_a_thread_that_takes_too_long_is_stopped(world, serve):
    @task(timeout_seconds=0.05)
    def spins() -> None:
        while True:
            time.sleep(0.001)

    @flow
    def patient() -> None:
        with pytest.raises(TimeoutError):
            spins.submit().result(5)

    serve(patient)

    assert world.run().state.name == "Completed"
    assert states(world) == ["Running", "TimedOut"]


def test_a_coroutine_task_that_takes_too_long_is_stopped(world, serve):
    import asyncio

    @task(timeout_seconds=0.05)
    async def sleeps() -> None:
        await asyncio.sleep(10)

    @flow
    async def patient() -> None:
        await sleeps()

    serve(patient)

    assert states(world) == ["Running", "TimedOut"]


def test_a_flow_that_takes_too_long_is_stopped(world, serve):
    @flow(timeout_seconds=0.05)
    def sleeps() -> None:
        time.sleep(10)

    serve(sleeps)

    assert world.run().state.name == "TimedOut"
    assert world.run().state.message == "Flow run exceeded timeout of 0.05 second(s)"


def test_the_timeout_of_a_task_within_a_flow_leaves_the_flows_own(world, serve):
    @task(timeout_seconds=5)
    def quick() -> None: ...

    @flow(timeout_seconds=0.1)
    def sleeps() -> None:
        quick()
        time.sleep(10)

    serve(sleeps)

    assert world.run().state.message == "Flow run exceeded timeout of 0.1 second(s)"


def test_the_timeout_of_a_flow_stops_a_task_that_may_take_longer(world, serve):
    @task(timeout_seconds=60)
    def sleeps() -> None:
        time.sleep(10)

    @flow(timeout_seconds=0.05)
    def hurried() -> None:
        sleeps()

    serve(hurried)

    assert world.run().state.message == "Flow run exceeded timeout of 0.05 second(s)"


def test_hooks_are_called_at_the_end_and_do_no_harm():
    seen = []

    def noted(task, run, state) -> None:
        seen.append((task.name, state.name))
        raise RuntimeError("a bad hook")

    @task(on_completion=[noted], on_failure=[noted])
    def works() -> None: ...

    @task(on_completion=[noted], on_failure=[noted])
    def breaks() -> None:
        raise NotYet

    works()
    with pytest.raises(NotYet):
        breaks()

    assert seen == [("works", "Completed"), ("breaks", "Failed")]


def test_hooks_of_a_flow_get_its_run(world, serve):
    seen = []

    @flow(on_completion=[lambda flow, run, state: seen.append((flow.name, run.id, state.name))])
    def works() -> None: ...

    serve(works)

    assert seen == [("works", world.run().id, "Completed")]


# ---- submit and map ----


def test_tasks_that_are_submitted_run_at_the_same_time(world, serve):
    both = threading.Barrier(2, timeout=5)

    @task
    def meets(name: str) -> str:
        both.wait()
        return name

    @flow
    def together() -> None:
        first, second = meets.submit("a"), meets.submit("b")
        assert (first.result(), second.result()) == ("a", "b")

    serve(together)

    assert world.run().state.name == "Completed"
    assert {one.flow_run_id for one in world.services.task_runs.of_flow_run(world.run().id)} == {world.run().id}


def test_a_future_as_an_argument_stands_for_its_result(world, serve):
    @task
    def one() -> int:
        return 1

    @task
    def total(numbers: Any) -> int:
        return sum(numbers)

    @flow
    def adds() -> None:
        assert total([one.submit(), one.submit(), 5]) == 7
        assert total.submit([one.submit()]).result() == 1

    serve(adds)

    assert world.run().state.name == "Completed"


def test_map_calls_once_for_each_item(world, serve):
    @task
    def adds(left: int, right: int, scale: int) -> int:
        return (left + right) * scale

    @flow
    def many() -> None:
        assert adds.map([1, 2, 3], [10, 20, 30], unmapped(2)).result() == [22, 44, 66]

    serve(many)

    assert world.run().state.name == "Completed"


def test_map_with_lists_of_different_lengths_is_refused():
    @task
    def adds(left: int, right: int) -> int:
        return left + right

    with pytest.raises(Rejected, match="not equally long"):
        adds.map([1, 2], [1])
    with pytest.raises(Rejected, match="at least one argument that is a list"):
        adds.map(1, 2)


def test_many_more_tasks_than_threads_wait_for_each_other_and_end(world, serve):
    @task
    def next_one(before: int) -> int:
        return before + 1

    @flow
    def chain() -> None:
        number = next_one.submit(0)
        for _ in range(99):
            number = next_one.submit(number)
        assert number.result() == 100

    serve(chain)

    assert world.run().state.name == "Completed"
    assert len(world.services.task_runs.of_flow_run(world.run().id)) == 100


def test_a_flow_waits_for_what_it_submitted(world, serve):
    done = []

    @task
    def slow() -> None:
        time.sleep(0.05)
        done.append(True)

    @flow
    def hurried() -> None:
        slow.submit()

    serve(hurried)

    assert done == [True]
    assert world.services.task_runs.of_flow_run(world.run().id)[0].state.name == "Completed"


def test_a_future_that_a_flow_returns_is_its_result(connected):
    @task
    def answers() -> int:
        return 42

    @flow
    def asks():
        return answers.submit()

    assert asks() == 42


def test_a_state_is_returned_where_it_is_asked_for():
    state = failing(1)(return_state=True)

    assert (state.is_failed(), state.message) == (True, "Task run encountered an exception: NotYet: not yet")


def test_a_task_waits_for_those_that_it_is_told_to_wait_for(world, serve):
    order: list[str] = []

    @task
    def slow() -> None:
        time.sleep(0.05)
        order.append("slow")

    @task
    def after() -> None:
        order.append("after")

    @flow
    def in_order() -> None:
        first = slow.submit()
        after.submit(wait_for=[first])

    serve(in_order)

    assert order == ["slow", "after"]
