"""Flows that run outside of the stack, on a laptop: they report to the REST API."""

import pytest
from tests.flows.clients import WorldClient, call_api

from whenflow.errors import NotFound, Transient
from whenflow.flows import emit_event, flow, get_run_logger, run_deployment, runtime, suspend_flow_run, task
from whenflow.flows.remote_backend import RemoteBackend


@pytest.fixture(autouse=True)
def remote(world, monkeypatch) -> RemoteBackend:
    """The API of the world, as what is reported to."""
    backend = RemoteBackend(WorldClient(world), world.clock, world.ids)
    monkeypatch.setattr(runtime, "connected", lambda: backend)
    return backend


@task
def fetch(what: str) -> str:
    """Fetch a fact."""
    return f"a fact about a {what}"


@flow(log_prints=True)
def cat_fact(what: str = "cat") -> str:
    """Tell of cats."""
    print("fetching")
    emit_event("fact.fetched", {"prefect.resource.id": what})
    return fetch(what)


def the_run(world, name: str):
    (run,) = [one for one in world.runs.newest(10) if one.flow_name == name]
    return run


def test_a_flow_reports_its_states_its_log_and_its_tasks(world):
    assert cat_fact() == "a fact about a cat"

    run = the_run(world, "cat-fact")
    assert [state.name for state in run.states] == ["Pending", "Running", "Completed"]
    assert run.parameters == {}
    assert [line.message for line in world.runs.logs(run.id)] == ["fetching"]
    (row,) = call_api(world, "POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [run.id]}}})
    assert (row["name"], row["state_name"]) == ("fetch", "Completed")
    (event,) = world.events.named("fact.fetched")
    assert event.related[0]["prefect.resource.id"] == run.resource_id


def test_a_flow_that_raises_has_failed_and_raises(world):
    @flow
    def breaks() -> None:
        raise LookupError("no facts today")

    with pytest.raises(LookupError, match="no facts today"):
        breaks()

    assert the_run(world, "breaks").state.name == "Failed"


def test_a_nested_flow_has_its_run_and_its_task_run(world):
    @flow
    def animal_facts() -> None:
        cat_fact()

    animal_facts()

    parent, child = the_run(world, "animal-facts"), the_run(world, "cat-fact")
    (placeholder,) = world.services.task_runs.of_flow_run(parent.id)
    assert child.parent_task_run_id == placeholder.id
    assert [state.name for state in placeholder.states] == ["Pending", "Running", "Completed"]


def test_a_flow_is_tried_again_in_its_own_process(world, naps):
    left = [1]

    @flow(retries=1, retry_delay_seconds=5)
    def flaky() -> str:
        if left.pop() if left else False:
            raise LookupError("not yet")
        return "at last"

    assert flaky() == "at last"

    names = [state.name for state in the_run(world, "flaky").states]
    assert names == ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"]


def test_run_deployment_asks_the_api(world):
    deployment = world.deployment()

    run = run_deployment("new-user-flow/welcome", parameters={"name": "Ann"}, tags=["by hand"], timeout=0)

    stored = world.runs.get(run.id)
    assert (stored.deployment_id, stored.parameters, stored.tags) == (deployment["id"], {"name": "Ann"}, ("by hand",))


def test_run_deployment_later_asks_the_api_for_that_time(world):
    world.deployment()
    later = world.clock.now().replace(hour=18)

    run = run_deployment("new-user-flow/welcome", scheduled_time=later, timeout=0)

    assert world.runs.get(run.id).due == later


def test_run_deployment_twice_under_one_key_is_one_run(world):
    world.deployment()

    first = run_deployment("new-user-flow/welcome", idempotency_key="monday", timeout=0)
    second = run_deployment("new-user-flow/welcome", idempotency_key="monday", timeout=0)

    assert first.id == second.id


def test_a_deployment_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        run_deployment("no-such/deployment", timeout=0)


def test_a_flow_without_a_deployment_cannot_be_suspended(world):
    @flow
    def careful() -> None:
        suspend_flow_run()

    with pytest.raises(Exception, match="cannot be suspended"):
        careful()


def test_a_cancelled_flow_stops_at_its_next_task(world):
    @flow
    def long() -> None:
        world.control.cancel(the_run(world, "long").id, "enough")
        world.clock.advance(2)
        fetch("cat")

    state = long(return_state=True)

    assert state.is_cancelled()
    assert the_run(world, "long").state.name == "Cancelled"


def test_a_task_alone_goes_on_though_nobody_hears_of_it(remote, monkeypatch):
    def unreachable(*_: object) -> None:
        raise Transient("The API cannot be reached")

    monkeypatch.setattr(WorldClient, "call", unreachable)

    assert fetch("cat") == "a fact about a cat"


def test_lines_of_the_library_are_no_lines_of_the_flow(world):
    @flow
    def talks() -> None:
        get_run_logger().info("hello")

    talks()

    assert [line.message for line in world.runs.logs(the_run(world, "talks").id)] == ["hello"]
