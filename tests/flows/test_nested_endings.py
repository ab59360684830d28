"""How nested flows end whose process died, or that are cancelled."""

import pytest
from tests.flows.facts import cat_fact, fetch, runs_of, states

from whenflow.flows import flow
from whenflow.runs import StateType


def test_a_flow_whose_process_died_takes_up_the_runs_of_its_nested_flows(world, launched):
    run = launched("animal-facts")
    server_died: list[bool] = []

    @flow
    def dies_at_first() -> str:
        if not server_died:
            server_died.append(True)
            raise SystemExit
        return "at last"

    @flow
    def animal_facts() -> None:
        assert (cat_fact(), dies_at_first()) == ("a fact about a cat", "at last")

    invocation = {"flow_run_id": run.id, "launch": "launch-1"}
    with pytest.raises(SystemExit):
        world.serve(animal_facts).serve(invocation)
    world.ledger.set_state(run.id, lambda: world.ledger.new_state(run.id, StateType.RUNNING), force=True)
    world.serve(animal_facts).serve({"flow_run_id": run.id, "launch": world.ledger.get(run.id).launch})

    assert len(runs_of(world, "cat-fact")) == len(runs_of(world, "dies-at-first")) == 1
    assert runs_of(world, "dies-at-first")[0].state.name == "Completed"
    assert states(runs_of(world, "cat-fact")[0])[-2:] == ["Rerunning", "Completed"]


def test_a_nested_flow_whose_process_died_for_good_does_not_stay_running(world, launched):
    @flow
    def killed() -> None:
        raise KeyboardInterrupt

    @flow
    def animal_facts() -> None:
        killed()

    run = launched("animal-facts")
    with pytest.MonkeyPatch.context() as patch:  # a process that is killed tells nothing any more
        patch.setattr("whenflow.flows.flow_engine.FlowCall._close", lambda _self: None)
        with pytest.raises(KeyboardInterrupt):
            world.serve(animal_facts).serve({"flow_run_id": run.id, "launch": "launch-1"})
    assert runs_of(world, "killed")[0].state.name == "Running"

    for _ in range(25):
        world.clock.advance(60)
        world.schedule.sweep()
        world.wait(0)

    assert runs_of(world, "killed")[0].state.name == "Crashed"
    assert runs_of(world, "animal-facts")[0].state.name == "Crashed"


def test_a_flow_called_by_hand_may_run_for_as_long_as_it_likes(connected):
    @flow
    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whenflow.flows.flow_engine.FlowCall._close", lambda _self: None)
        with pytest.raises(KeyboardInterrupt):
            killed()
    for _ in range(25):
        connected.clock.advance(60)
        connected.schedule.sweep()
        connected.wait(0)

    assert runs_of(connected, "killed")[0].state.name == "Running"


def test_cancelling_the_flow_cancels_the_nested_one_that_is_running(world, serve):
    @flow
    def long_facts() -> None:
        parent = runs_of(world, "animal-facts")[0]
        world.control.cancel(parent.id, "enough")
        world.clock.advance(2)
        fetch("cat")

    @flow
    def animal_facts() -> None:
        long_facts()

    serve(animal_facts)

    assert runs_of(world, "long-facts")[0].state.name == "Cancelled"
    assert runs_of(world, "animal-facts")[0].state.name == "Cancelled"


def test_cancelling_only_the_nested_flow_fails_the_one_that_waits_for_it(world, serve):
    @flow
    def long_facts() -> None:
        world.control.cancel(runs_of(world, "long-facts")[0].id, "enough")
        world.clock.advance(2)
        fetch("cat")

    @flow
    def animal_facts() -> None:
        long_facts()

    serve(animal_facts)

    assert runs_of(world, "long-facts")[0].state.name == "Cancelled"
    assert runs_of(world, "animal-facts")[0].state.name == "Failed"
