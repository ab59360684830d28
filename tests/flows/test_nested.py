"""Flows in flows: each has its own run, and a task run that stands for it in the flow that called it (D10)."""

import pytest
from tests.flows.facts import cat_fact, dog_fact, runs_of, states
from tests.world import World

from whenflow.flows import Failed, State, emit_event, flow, get_run_logger, run_deployment, task
from whenflow.flows.interruptions import RunCancelled
from whenflow.runs import FlowRun, StateType


def placeholders(world, run: FlowRun) -> list:
    return [one for one in world.services.task_runs.of_flow_run(run.id) if not one.task_key.startswith("tests.")]


def test_a_flow_in_a_flow_returns_its_value_and_has_its_own_run(world, serve):
    facts = []

    @flow
    def animal_facts() -> None:
        facts.extend([cat_fact(), dog_fact()])

    serve(animal_facts)

    assert facts == ["a fact about a cat", "a fact about a dog"]
    (cat,) = runs_of(world, "cat-fact")
    assert states(cat) == ["Pending", "Running", "Completed"]
    assert (cat.deployment_id, cat.run_count) == (None, 1)
    assert states(runs_of(world, "animal-facts")[0])[-1] == "Completed"


def test_D10_the_states_of_a_nested_flow_are_copied_onto_its_task_run_in_the_parent(world, serve):
    @flow
    def animal_facts() -> None:
        cat_fact()

    serve(animal_facts)

    (parent,), (child,) = runs_of(world, "animal-facts"), runs_of(world, "cat-fact")
    (placeholder,) = placeholders(world, parent)
    assert [state.name for state in placeholder.states] == ["Pending", "Running", "Completed"]
    assert placeholder.id == child.parent_task_run_id
    assert placeholder.state.details.others["child_flow_run_id"] == child.id


def test_tasks_and_log_lines_of_a_nested_flow_belong_to_its_own_run(world, serve):
    @flow
    def animal_facts() -> None:
        get_run_logger().info("facts, please")
        cat_fact()

    serve(animal_facts)

    (parent,), (child,) = runs_of(world, "animal-facts"), runs_of(world, "cat-fact")
    assert [line.message for line in world.runs.logs(parent.id)] == ["facts, please"]
    assert [line.message for line in world.runs.logs(child.id)] == ["fetching a cat fact"]
    assert [one.name for one in world.services.task_runs.of_flow_run(child.id)] == ["fetch"]


def test_a_nested_flow_that_raises_fails_the_flow_that_called_it(world, serve):
    @flow
    def breaks() -> None:
        raise LookupError("no facts today")

    @flow
    def animal_facts() -> None:
        breaks()

    serve(animal_facts)

    assert runs_of(world, "breaks")[0].state.name == "Failed"
    assert str(runs_of(world, "animal-facts")[0].state.message).endswith("LookupError: no facts today")


def test_a_flow_may_ask_for_the_state_of_a_nested_flow_instead(world, serve):
    seen: list[State] = []

    @flow
    def breaks() -> None:
        raise LookupError("no facts today")

    @flow
    def careful() -> None:
        seen.append(breaks(return_state=True))
        seen.append(cat_fact(return_state=True))

    serve(careful)

    failed, done = seen
    assert (failed.is_failed(), done.result()) == (True, "a fact about a cat")
    assert isinstance(failed.result(raise_on_failure=False), LookupError)
    assert runs_of(world, "careful")[0].state.name == "Completed"


def test_a_nested_flow_with_retries_is_tried_again_in_its_parents_process(world, serve, naps):
    left = [1]

    @flow(retries=1, retry_delay_seconds=20)
    def flaky() -> str:
        if left.pop() if left else False:
            raise LookupError("not yet")
        return "at last"

    @flow
    def patient() -> None:
        assert flaky() == "at last"

    serve(patient)

    (child,) = runs_of(world, "flaky")
    assert states(child) == ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"]
    assert naps == [20.01]
    assert runs_of(world, "patient")[0].state.name == "Completed"


def test_each_call_of_a_nested_flow_has_a_run_of_its_own(world, serve):
    @flow
    def animal_facts() -> None:
        cat_fact()
        cat_fact()

    serve(animal_facts)

    assert len(runs_of(world, "cat-fact")) == 2


def test_a_flow_may_end_in_a_state_that_it_returns(world, serve):
    @flow
    def picky() -> State:
        return Failed("not good enough")

    serve(picky)

    assert (world.run().state.name, world.run().state.message) == ("Failed", "not good enough")


def test_a_flow_called_by_hand_has_a_run_where_the_sdk_is_connected(connected):
    assert cat_fact() == "a fact about a cat"

    (run,) = runs_of(connected, "cat-fact")
    assert states(run) == ["Pending", "Running", "Completed"]


def test_parameters_of_a_nested_flow_are_made_to_fit_and_shown(world, serve):
    seen = []

    @flow
    def counts(number: int, thing: object = None) -> None:
        seen.append(number)

    @flow
    def outer() -> None:
        counts("3", thing=object)  # type: ignore[call-overload]

    serve(outer)

    assert seen == [3]
    assert runs_of(world, "counts")[0].parameters == {"number": "3", "thing": "<class 'object'>"}


def test_a_coroutine_flow_awaits_its_tasks(world, serve):
    @task
    async def answers() -> int:
        return 42

    @flow
    async def asks() -> None:
        assert await answers() == 42

    serve(asks)

    assert world.run().state.name == "Completed"
    assert [one.state.name for one in world.services.task_runs.of_flow_run(world.run().id)] == ["Completed"]


def test_a_coroutine_flow_awaits_nested_flows(world, serve):
    @flow
    async def inner() -> int:
        return 42

    @flow
    async def outer() -> None:
        assert await inner() == 42

    serve(outer)

    assert states(runs_of(world, "inner")[0]) == ["Pending", "Running", "Completed"]


@pytest.mark.parametrize("kind", ["generator", "positional"])
def test_what_cannot_be_a_flow_is_refused_when_it_is_decorated(kind):
    def generator():
        yield 1

    def positional(*names: str) -> None: ...

    with pytest.raises(TypeError, match="generator|by name"):
        flow(generator if kind == "generator" else positional)


# ---- run_deployment (D9) ----


@pytest.fixture
def welcome(world):
    """The deployment that is run."""
    return world.deployment()


def greets(world: World) -> None:
    """Let what is due be launched, and run it."""

    @flow
    def new_user_flow(name: str = "you") -> str:
        return f"Hello, {name}!"

    world.wait(0)
    for run in world.launcher.launched:
        if run.flow_name == "new-user-flow":
            world.serve(new_user_flow).serve({"flow_run_id": run.id, "launch": "child-launch"})


def test_D9_run_deployment_with_timeout_0_returns_at_once(world, welcome, connected):
    run = run_deployment("new-user-flow/welcome", parameters={"name": "Ann"}, timeout=0)

    assert run.state.name == "Scheduled"
    assert (run.parameters, run.deployment_id, run.parent_task_run_id) == ({"name": "Ann"}, welcome["id"], None)


def test_D9_run_deployment_waits_until_the_run_has_ended(world, welcome, connected, naps, monkeypatch):
    from whenflow.flows.task_engine import nap

    nap.set(lambda _seconds: greets(world))

    run = run_deployment(welcome["id"], parameters={"name": "Ann"})

    assert run.state.name == "Completed"


def test_D9_run_deployment_returns_the_run_as_it_is_when_the_time_is_up(world, welcome, connected, naps):
    run = run_deployment("new-user-flow/welcome", timeout=12, poll_interval=5)

    assert not run.state.type.is_final
    assert naps == [5, 5, 2]


def test_a_negative_timeout_is_refused(world, welcome, connected):
    with pytest.raises(ValueError, match="must not be negative"):
        run_deployment("new-user-flow/welcome", timeout=-1)


def test_D9_a_run_of_a_deployment_is_linked_to_the_flow_that_asked_for_it(world, welcome, launched):
    @flow
    def parent() -> None:
        run_deployment("new-user-flow/welcome", timeout=0)

    run = launched("parent")
    world.serve(parent).serve({"flow_run_id": run.id, "launch": "l"})

    child = runs_of(world, "new-user-flow")[-1]
    (placeholder,) = world.services.task_runs.of_flow_run(run.id)
    assert child.parent_task_run_id == placeholder.id
    assert placeholder.task_key == "prefect.deployments.flow_runs.run_deployment.new-user-flow-welcome"
    assert placeholder.state.name == "Scheduled"


def test_the_task_run_of_a_deployments_run_shows_how_that_went_even_if_nobody_waited(world, welcome, launched):
    @flow
    def parent() -> None:
        run_deployment("new-user-flow/welcome", timeout=0)

    run = launched("parent")
    world.serve(parent).serve({"flow_run_id": run.id, "launch": "l"})
    world.clock.advance(1)
    greets(world)

    (placeholder,) = world.services.task_runs.of_flow_run(run.id)
    assert placeholder.state.name == "Completed"


def test_D9_a_run_that_is_no_subflow_is_not_linked(world, welcome, launched):
    @flow
    def parent() -> None:
        run_deployment("new-user-flow/welcome", timeout=0, as_subflow=False)

    run = launched("parent")
    world.serve(parent).serve({"flow_run_id": run.id, "launch": "l"})

    assert runs_of(world, "new-user-flow")[-1].parent_task_run_id is None
    assert world.services.task_runs.of_flow_run(run.id) == []


def test_a_flow_that_is_tried_again_makes_no_second_run_of_a_deployment(world, welcome, launched):
    @flow
    def parent() -> None:
        run_deployment("new-user-flow/welcome", parameters={"name": "Ann"}, timeout=0)
        run_deployment("new-user-flow/welcome", parameters={"name": "Bob"}, timeout=0)
        run_deployment("new-user-flow/welcome", parameters={"name": "Bob"}, timeout=0)

    run = launched("parent")
    for _ in range(2):
        world.ledger.start(run.id, "l")
        world.serve(parent).serve({"flow_run_id": run.id, "launch": "l"})
        world.ledger.set_state(run.id, lambda: world.ledger.new_state(run.id, StateType.RUNNING), force=True)

    names = [one.parameters["name"] for one in runs_of(world, "new-user-flow")]
    assert sorted(names) == ["Ann", "Bob", "Bob"]


def test_a_flow_that_is_tried_again_runs_a_deployment_anew_whose_run_has_failed(world, welcome, launched):
    @flow
    def parent() -> None:
        run_deployment("new-user-flow/welcome", timeout=0)

    run = launched("parent")
    world.serve(parent).serve({"flow_run_id": run.id, "launch": "l"})
    (child,) = runs_of(world, "new-user-flow")
    world.ledger.move(child.id, StateType.CRASHED)
    world.ledger.set_state(run.id, lambda: world.ledger.new_state(run.id, StateType.RUNNING), force=True)
    world.serve(parent).serve({"flow_run_id": run.id, "launch": world.ledger.get(run.id).launch})

    assert [one.state.name for one in runs_of(world, "new-user-flow")] == ["Crashed", "Scheduled"]


def test_cancelling_the_flow_cancels_the_run_that_it_waits_for(world, welcome, launched, naps):
    @flow
    def parent() -> None:
        emit_event("about.to-wait", {"prefect.resource.id": "parent"})
        run_deployment("new-user-flow/welcome")

    from whenflow.flows.task_engine import nap

    run = launched("parent")

    def cancelled_meanwhile(seconds: float) -> None:
        world.clock.advance(seconds)
        world.control.cancel(run.id, "enough")

    nap.set(cancelled_meanwhile)
    world.serve(parent).serve({"flow_run_id": run.id, "launch": "l"})

    assert world.ledger.get(run.id).state.name == "Cancelled"
    assert runs_of(world, "new-user-flow")[0].state.name == "Cancelled"


def test_a_flows_own_handlers_do_not_catch_its_cancellation():
    assert not issubclass(RunCancelled, Exception)
