"""Runs for flows to work on."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.stories import ann_signs_up, run_of, welcoming
from tests.world import World

from whenflow.flows import Flow, Task, runtime
from whenflow.flows.task_engine import nap
from whenflow.runs import FlowRun

Launched = Callable[..., FlowRun]
Serve = Callable[..., Any]


@pytest.fixture(autouse=True)
def _on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is connected, whatever runs on this machine."""
    monkeypatch.setattr(runtime, "connected", lambda: None)


@pytest.fixture
def connected(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, which flows and tasks that are called by hand report to."""
    monkeypatch.setattr(runtime, "connected", lambda: world.backend)
    return world


@pytest.fixture(autouse=True)
def naps(world: World) -> Iterator[list[float]]:
    """The waits between tries, in seconds; time passes at once."""
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        world.wait(seconds)

    token = nap.set(wait)
    yield waited
    nap.reset(token)


@pytest.fixture
def launched(world: World) -> Launched:
    """A function that has Ann's signup start a run of a flow with these parameters."""

    def launch(flow_name: str = "new-user-flow", **parameters: Any) -> FlowRun:
        deployment = world.deployment(flow_name=flow_name)
        world.automation(welcoming(deployment, actions=[run_of(deployment, parameters=parameters)]))
        world.happens(ann_signs_up())
        return world.run()

    return launch


@pytest.fixture
def serve(world: World, launched: Launched) -> Serve:
    """A function that runs a flow in a run of its own, and returns the answer of the invocation."""

    def served(flow: Flow[..., Any], *more: Flow[..., Any] | Task[..., Any], **parameters: Any) -> Any:
        run = launched(flow.name, **parameters)
        return world.serve(flow, *more).serve({"flow_run_id": run.id, "launch": "launch-1"})

    return served
