"""Flows that other flows call, and a look at their runs."""

from tests.world import World

from whenflow.flows import flow, get_run_logger, task
from whenflow.runs import FlowRun


@task
def fetch(what: str) -> str:
    """Fetch a fact."""
    get_run_logger().info("fetching a %s fact", what)
    return f"a fact about a {what}"


@flow
def cat_fact() -> str:
    """Tell of cats."""
    return fetch("cat")


@flow
def dog_fact() -> str:
    """Tell of dogs."""
    return fetch("dog")


def runs_of(world: World, flow_name: str) -> list[FlowRun]:
    found = [run for run in world.runs.newest(50) if run.flow_name == flow_name]
    return sorted(found, key=lambda run: run.created)


def states(run: FlowRun) -> list[str]:
    return [state.name for state in run.states]
