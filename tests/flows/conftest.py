"""Runs for flows to work on."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.stories import ann_signs_up, run_of, welcoming
from tests.world import World

from whenflow.flows import Flow, Task
from whenflow.runs import FlowRun

Launched = Callable[..., FlowRun]
Serve = Callable[..., Any]


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
