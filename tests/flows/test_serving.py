"""Flows as Lambda runs them."""

import pytest
from tests.stories import NOBODY

from whenflow.errors import NotFound, Rejected, Transient
from whenflow.flows import emit_event, flow, get_run_logger, task


@flow
def new_user_flow(name: str, greeting: str = "Hello") -> str:
    """Greet."""
    get_run_logger().info("%s, %s!", greeting, name)
    return "done"


@flow
def breaks(name: str) -> None:
    """Raise."""
    get_run_logger().info("so far so good")
    raise LookupError(f"no such user: {name}")


def lines(world) -> list[str]:
    return [line.message for line in world.runs.logs(world.run().id)]


def test_a_flow_that_returns_is_completed(world, serve):
    answer = serve(new_user_flow, name="Ann")

    run = world.run()
    assert answer == {"flow_run_id": run.id, "state": "Completed"}
    assert [state.name for state in run.states] == ["Scheduled", "Pending", "Running", "Completed"]
    assert world.events.names()[-2:] == ["prefect.flow-run.Running", "prefect.flow-run.Completed"]


def test_a_flow_is_called_with_the_parameters_of_its_run(world, serve):
    serve(new_user_flow, name="Ann", greeting="Moin")

    assert lines(world) == ["Moin, Ann!"]


def test_a_flow_that_raises_is_failed_with_its_message(world, serve):
    answer = serve(breaks, name="Ann")

    state = world.run().state
    assert answer["state"] == state.name == "Failed"
    assert state.message == "Flow run encountered an exception: LookupError: no such user: Ann"


def test_the_log_of_a_flow_that_raises_has_the_traceback(world, serve):
    serve(breaks, name="Ann")

    first, last = lines(world)
    assert first == "so far so good"
    assert last.startswith(f"Flow run {world.run().name} failed\nTraceback (most recent call last):")
    assert last.endswith("LookupError: no such user: Ann")


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({}, "do not fit the flow new-user-flow: name: Field required"),
        ({"name": "Ann", "colour": "blue"}, "colour: Extra inputs are not permitted"),
        ({"name": ["Ann"]}, "name: Input should be a valid string"),
    ],
)
def test_parameters_that_the_flow_does_not_take_fail_the_run(world, serve, parameters, complaint):
    serve(new_user_flow, **parameters)

    assert world.run().state.name == "Failed"
    assert complaint in world.run().state.message


def test_a_flow_that_is_not_served_crashes_the_run_and_names_those_that_are(world, launched):
    run = launched("another-flow")

    world.serve(new_user_flow, breaks).serve({"flow_run_id": run.id, "launch": "l"})

    assert world.run().state.name == "Crashed"
    assert world.run().state.message == "This function serves no flow 'another-flow'; it serves: breaks, new-user-flow."


@pytest.mark.parametrize("name", ["my_flow", "my-flow", "My flow"])
def test_a_flow_is_found_under_the_name_it_was_given(world, launched, name):
    @flow(name=name)
    def anything() -> None: ...

    run = launched(name)
    world.serve(anything).serve({"flow_run_id": run.id, "launch": "l"})

    assert world.run().state.name == "Completed"


def test_a_flow_is_found_by_dashes_and_by_underscores(world, launched):
    run = launched("new_user_flow", name="Ann")

    world.serve(new_user_flow).serve({"flow_run_id": run.id, "launch": "l"})

    assert world.run().state.name == "Completed"


def test_another_launch_of_a_run_that_is_over_is_skipped(world, serve):
    serve(new_user_flow, name="Ann")
    before = world.events.names()

    answer = world.serve(new_user_flow).serve({"flow_run_id": world.run().id, "launch": "launch-2"})

    assert "already ended" in answer["skipped"]
    assert world.events.names() == before
    assert lines(world) == ["Hello, Ann!"]


def test_another_launch_of_a_run_that_is_worked_on_is_skipped(world, launched):
    run = launched(name="Ann")
    world.ledger.start(run.id, "launch-1")

    answer = world.serve(new_user_flow).serve({"flow_run_id": run.id, "launch": "launch-2"})

    assert "another launch" in answer["skipped"]
    assert lines(world) == []


def test_the_same_launch_delivered_again_finishes_what_a_crash_left(world, launched):
    run = launched(name="Ann")
    world.ledger.start(run.id, "launch-1")

    answer = world.serve(new_user_flow).serve({"flow_run_id": run.id, "launch": "launch-1"})

    assert answer["state"] == "Completed"
    assert [state.name for state in world.run().states[2:]] == ["Running", "Retrying", "Completed"]


def test_a_run_cancelled_while_it_works_stays_cancelled(world, serve):
    from whenflow.runs import StateType

    @flow
    def cancels_itself() -> None:
        world.ledger.move(world.run().id, StateType.CANCELLED)

    serve(cancels_itself)

    assert world.run().state.name == "Cancelled"


@pytest.mark.parametrize("event", [{}, {"flow_run_id": None}, {"flow_run_id": 7}, {"launch": "l"}, {"hello": "world"}])
def test_an_invocation_that_names_no_run_is_refused(world, event):
    with pytest.raises(Rejected, match="This function runs flows"):
        world.serve(new_user_flow).serve(event)


def test_a_run_that_is_not_there_is_not_found(world):
    with pytest.raises(NotFound, match=NOBODY):
        world.serve(new_user_flow).serve({"flow_run_id": NOBODY, "launch": "l"})


def test_what_is_printed_is_kept_where_the_flow_says_so(world, serve, capsys):
    @flow(log_prints=True)
    def talks() -> None:
        print("one\ntwo", end="")
        print(" three")
        print("no end", end="")

    serve(talks)

    assert lines(world) == ["one", "two three", "no end"]
    assert capsys.readouterr().out == ""


def test_what_is_printed_is_only_printed_otherwise(world, serve, capsys):
    @flow
    def talks() -> None:
        print("hello")

    serve(talks)

    assert lines(world) == []
    assert capsys.readouterr().out == "hello\n"


def test_what_a_flow_logs_below_info_is_not_kept(world, serve):
    @flow
    def whispers() -> None:
        get_run_logger().debug("psst")
        get_run_logger().warning("ahem")

    serve(whispers)

    assert lines(world) == ["ahem"]


def test_log_lines_know_level_and_logger(world, serve):
    serve(new_user_flow, name="Ann")

    (line,) = world.runs.logs(world.run().id)
    assert (line.level, line.name) == (20, "whenflow.flow_runs")


def test_one_run_does_not_keep_the_lines_of_another(world, serve):
    serve(new_user_flow, name="Ann")
    get_run_logger().warning("said between two runs")

    assert lines(world) == ["Hello, Ann!"]


def test_a_flow_called_like_a_function_just_runs(world):
    assert new_user_flow("Ann") == "done"
    assert world.events.names() == []


def test_a_flow_is_named_by_its_function_with_dashes():
    assert new_user_flow.name == "new-user-flow"
    assert getattr(new_user_flow, "__name__", None) == "new_user_flow"
    assert new_user_flow.__doc__ == "Greet."


def test_nothing_of_a_run_remains_when_it_is_over(world, serve):
    from whenflow.flows.context import current

    serve(breaks, name="Ann")

    assert current.get() is None


def test_a_whole_story_is_told_in_its_order(world, serve):
    @task
    def send(name: str) -> None: ...

    @flow
    def welcome(name: str) -> None:
        send(name)
        emit_event("user.welcomed", {"prefect.resource.id": f"user.{name}"})

    serve(welcome, name="Ann")

    assert world.events.names()[-5:] == [
        "prefect.flow-run.Running",
        "prefect.task-run.Running",
        "prefect.task-run.Completed",
        "user.welcomed",
        "prefect.flow-run.Completed",
    ]


def test_a_flow_whose_log_cannot_be_kept_is_completed_all_the_same(world, serve, monkeypatch):
    def throttled(*_arguments):
        raise Transient("DynamoDB: ThrottlingException")

    monkeypatch.setattr(world.runs, "add_logs", throttled)

    answer = serve(new_user_flow, name="Ann")

    assert answer["state"] == world.run().state.name == "Completed"
