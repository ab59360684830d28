"""Tasks: their states are events, and they may be tried again."""

import pytest
from tests.stories import NOBODY

from whenflow.errors import NotFound, Rejected
from whenflow.flows import flow, get_run_logger, task


class NoSuchFile(Exception):
    """A file is not there."""


@task
def load(file_name: str) -> str:
    """Load a file."""
    get_run_logger().info("loading %s", file_name)
    if file_name == "missing.csv":
        raise NoSuchFile(file_name)
    return f"loaded {file_name}"


def task_events(world):
    return [event for event in world.events.stored.values() if event.event.startswith("prefect.task-run.")]


def flaky(failures: int, **options):
    """A task that raises a few times before it works."""
    left = [failures]

    @task(**options)
    def tries() -> str:
        if left[0]:
            left[0] -= 1
            raise NoSuchFile("not yet")
        return "at last"

    return tries


def test_a_task_called_outside_of_a_flow_just_runs(world):
    assert load("clients.csv") == "loaded clients.csv"
    assert world.events.names() == []


def test_a_task_in_a_flow_tells_its_states(world, serve):
    @flow
    def process() -> None:
        load("clients.csv")

    serve(process)

    assert [event.event for event in task_events(world)] == [
        "prefect.task-run.Running",
        "prefect.task-run.Completed",
    ]


def test_the_states_of_a_task_stand_on_one_task_run_and_follow_each_other(world, serve):
    @flow
    def process() -> None:
        load("clients.csv")

    serve(process)

    begun, done = task_events(world)
    assert begun.resource_id == done.resource_id
    assert begun.resource["prefect.resource.name"] == "load"
    assert done.resource["prefect.state-type"] == "COMPLETED"
    assert (begun.follows, done.follows) == (None, begun.id)


def test_a_task_relates_to_its_run_and_to_all_that_the_run_belongs_to(world, serve):
    @flow
    def process() -> None:
        load("clients.csv")

    serve(process)

    roles = [one["prefect.resource.role"] for one in task_events(world)[0].related]
    assert roles == ["flow-run", "flow", "deployment", "work-queue", "work-pool", "creator"]
    assert task_events(world)[0].related[0]["prefect.resource.id"] == f"prefect.flow-run.{world.run().id}"


def test_a_task_called_twice_is_two_task_runs(world, serve):
    @flow
    def process() -> None:
        load("a.csv")
        load("b.csv")

    serve(process)

    assert len({event.resource_id for event in task_events(world)}) == 2


def test_a_task_that_raises_tells_it_and_raises(world, serve):
    @flow
    def process() -> None:
        load("missing.csv")

    serve(process)

    failed = task_events(world)[-1]
    assert failed.event == "prefect.task-run.Failed"
    assert failed.resource["prefect.state-message"] == "NoSuchFile: missing.csv"
    assert world.run().state.message == "Flow run encountered an exception: NoSuchFile: missing.csv"


def test_a_flow_may_go_on_after_a_task_that_raised(world, serve):
    @flow
    def careful() -> None:
        with pytest.raises(NoSuchFile):
            load("missing.csv")

    serve(careful)

    assert world.run().state.name == "Completed"


def test_a_task_is_tried_again_as_often_as_it_says(world, serve):
    tries = flaky(2, retries=2)

    @flow
    def patient() -> None:
        assert tries() == "at last"

    serve(patient)

    assert world.run().state.name == "Completed"
    assert [event.event.rpartition(".")[2] for event in task_events(world)] == [
        "Running",
        "AwaitingRetry",
        "Retrying",
        "AwaitingRetry",
        "Retrying",
        "Completed",
    ]


def test_a_task_that_never_works_raises_what_it_raised_last(world, serve):
    tries = flaky(9, retries=1)

    @flow
    def patient() -> None:
        tries()

    serve(patient)

    assert world.run().state.name == "Failed"
    assert [event.event.rpartition(".")[2] for event in task_events(world)] == [
        "Running",
        "AwaitingRetry",
        "Retrying",
        "Failed",
    ]


def test_a_task_outside_of_a_flow_is_tried_again_as_well():
    assert flaky(1, retries=1)() == "at last"

    with pytest.raises(NoSuchFile):
        flaky(2, retries=1)()


def test_a_task_may_have_a_name_of_its_own(world, serve):
    @task(name="Load a file")
    def loads() -> None: ...

    @flow
    def process() -> None:
        loads()

    serve(process)

    assert task_events(world)[0].resource["prefect.resource.name"] == "Load a file"


def test_a_state_machine_calls_a_task_by_its_name_and_gets_its_result(world, launched):
    run = launched("process-new-file")

    result = world.serve(load).serve({"flow_run_id": run.id, "task": "load", "arguments": {"file_name": "clients.csv"}})

    assert result == "loaded clients.csv"
    assert [event.event for event in task_events(world)] == [
        "prefect.task-run.Running",
        "prefect.task-run.Completed",
    ]


def test_a_task_of_a_state_machine_raises_its_own_exception(world, launched):
    run = launched("process-new-file")

    with pytest.raises(NoSuchFile, match=r"missing\.csv"):
        world.serve(load).serve({"flow_run_id": run.id, "task": "load", "arguments": {"file_name": "missing.csv"}})


def test_what_a_task_of_a_state_machine_logs_is_kept_and_its_traceback_if_it_raises(world, launched):
    run = launched("process-new-file")

    for file_name in ("clients.csv", "missing.csv"):
        event = {"flow_run_id": run.id, "task": "load", "arguments": {"file_name": file_name}}
        try:
            world.serve(load).serve(event)
        except NoSuchFile:
            world.clock.advance(1)

    first, second, last = [line.message for line in world.runs.logs(run.id)]
    assert [first, second] == ["loading clients.csv", "loading missing.csv"]
    assert last.startswith("Task load failed\nTraceback (most recent call last):")
    assert last.endswith("NoSuchFile: missing.csv")


@pytest.mark.parametrize("arguments", [{}, None])
def test_a_task_without_arguments_is_called_without(world, launched, arguments):
    run = launched("process-new-file")

    result = world.serve(flaky(0)).serve({"flow_run_id": run.id, "task": "tries", "arguments": arguments})

    assert result == "at last"


@task
def counts(text: str, *, start: int = 0) -> int:
    """Count characters."""
    return start + len(text)


@task
def takes_all(**given: object) -> list[str]:
    """Return the names of what it got."""
    return sorted(given)


def test_a_task_gets_by_reference_those_parameters_of_the_run_that_it_takes(world, launched):
    run = launched("process-new-file", text="x" * 1_000, start=1, colour="blue")
    event = {"flow_run_id": run.id, "parameters_ref": run.id}
    server = world.serve(counts, takes_all)

    assert server.serve(event | {"task": "counts"}) == 1_001
    assert server.serve(event | {"task": "counts", "arguments": {"start": 5}}) == 1_005
    assert server.serve(event | {"task": "takes_all"}) == ["colour", "start", "text"]


def test_the_whole_input_of_a_machine_does_for_parameters_of_any_size(world, launched):
    run = launched("process-new-file", text="abc")
    small = {"flow_run_id": run.id, "parameters": {"text": "abc", "colour": "blue"}, "task": "counts"}
    large = {"flow_run_id": run.id, "parameters_ref": run.id, "task": "counts"}

    assert world.serve(counts).serve(small) == world.serve(counts).serve(large) == 3


@pytest.mark.parametrize("by_reference", [False, True])
def test_the_input_of_an_execution_is_passed_on_as_it_is(world, launched, by_reference):
    run = launched("process-new-file", text="abc")
    parameters = {"parameters_ref": run.id} if by_reference else {"parameters": {"text": "abc", "colour": "blue"}}
    event = {"task": "counts", "input": {"flow_run_id": run.id, **parameters}}

    assert world.serve(counts).serve(event) == 3
    assert world.serve(counts).serve(event | {"arguments": {"text": "abcd"}}) == 4


@pytest.mark.parametrize(
    ("given", "said"), [("abc", "'input' must be an object"), ({}, "flow_run_id"), ({"flow_run_id": 7}, "flow_run_id")]
)
def test_an_input_that_names_no_run_is_refused(world, given, said):
    with pytest.raises(Rejected, match=said):
        world.serve(counts).serve({"task": "counts", "input": given})


def test_the_parameters_of_another_run_are_not_to_be_had(world, launched):
    run = launched("process-new-file", text="abc")

    with pytest.raises(Rejected, match="parameters_ref"):
        world.serve(counts).serve({"flow_run_id": run.id, "parameters_ref": NOBODY, "task": "counts"})


@pytest.mark.parametrize("name", ["arguments", "parameters"])
def test_what_is_no_object_is_not_given_to_a_task(world, launched, name):
    run = launched("process-new-file")

    with pytest.raises(Rejected, match=f"'{name}' must be an object"):
        world.serve(counts).serve({"flow_run_id": run.id, "task": "counts", name: ["abc"]})


def test_a_task_does_not_change_the_state_of_its_run(world, launched):
    run = launched("process-new-file")

    world.serve(flaky(0)).serve({"flow_run_id": run.id, "task": "tries"})

    assert world.run() == run


def test_a_task_that_is_not_served_is_named_with_those_that_are(world, launched):
    run = launched("process-new-file")

    with pytest.raises(NotFound, match="serves no task 'unload'; it serves: load"):
        world.serve(load).serve({"flow_run_id": run.id, "task": "unload"})


def test_a_task_of_a_run_that_is_not_there_is_not_run(world):
    with pytest.raises(NotFound, match=NOBODY):
        world.serve(load).serve({"flow_run_id": NOBODY, "task": "load", "arguments": {"file_name": "a"}})
