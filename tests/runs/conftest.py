"""Runs in every state."""

from collections.abc import Callable

import pytest
from tests.runs.looking import launcher_in
from tests.stories import ann_signs_up
from tests.world import World

from whenflow.runs import FlowRun, StateType

WAYS: dict[StateType, tuple[StateType, ...]] = {
    StateType.PENDING: (),
    StateType.RUNNING: (StateType.RUNNING,),
    StateType.COMPLETED: (StateType.RUNNING, StateType.COMPLETED),
    StateType.FAILED: (StateType.RUNNING, StateType.FAILED),
    StateType.CANCELLED: (StateType.CANCELLED,),
    StateType.CRASHED: (StateType.CRASHED,),
}


@pytest.fixture
def welcome(world: World) -> FlowRun:
    """Ann's run, launched and not yet begun: it is Pending."""
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    return world.run()


@pytest.fixture
def run_in(world: World, welcome: FlowRun) -> Callable[[StateType], FlowRun]:
    """A function that brings Ann's run into a state."""

    def bring(type_: StateType) -> FlowRun:
        for step in WAYS[type_]:
            world.clock.advance(1)
            world.ledger.move(welcome.id, step)
        return world.run()

    return bring


@pytest.fixture
def launch(world: World) -> Callable[..., FlowRun]:
    """A function that launches a run at once, as an action does; it never shows that it lives."""
    return launcher_in(world, beats=None)
