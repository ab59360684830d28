"""What the simulator has found, each as a short story of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.stories import ann_signs_up
from tests.world import World

from whenflow.automations import Firing
from whenflow.errors import Rejected, Transient
from whenflow.runs import StateType

EXECUTED, FAILED = "prefect.automation.action.executed", "prefect.automation.action.failed"
LAST_TRY = 5


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def firing(world: World) -> Firing:
    """Ann signs up, and an automation is to run a flow for that."""
    world.welcomes_new_users()
    return world.firing(ann_signs_up())


def ends(world: World) -> tuple[int, int]:
    """Return how often an action was told as executed, and as failed."""
    return len(world.events.named(EXECUTED)), len(world.events.named(FAILED))


def test_an_action_that_started_a_run_is_not_told_as_failed_when_it_comes_again_after_the_run_crashed(
    world: World, firing: Firing
) -> None:
    world.dispatcher.dispatch(firing)
    world.ledger.move(world.run().id, StateType.CRASHED, message="the process died before it began")

    world.dispatcher.dispatch(firing)

    assert ends(world) == (1, 0)


def test_an_action_that_is_done_at_its_last_try_is_not_told_as_given_up(
    world: World, firing: Firing, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: Callable[..., Any] = world.events.put

    def put(event: Any) -> Any:
        stored = whole(event)
        if event.event == EXECUTED:
            raise Transient("the answer is lost")
        return stored

    monkeypatch.setattr(world.events, "put", put)
    with pytest.raises(Transient):
        world.dispatcher.retry(firing.id, 0, LAST_TRY)

    assert ends(world) == (1, 0)


def test_a_run_that_was_cancelled_while_its_target_refused_it_is_told_in_one_way_each_time(
    world: World, firing: Firing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(run: Any) -> None:
        world.control.cancel(run.id, "as the user asked")
        raise Rejected("there is no such function")

    monkeypatch.setattr(world.launcher, "launch", refuse)
    world.dispatcher.dispatch(firing)
    world.dispatcher.dispatch(firing)

    assert world.run().state.type == StateType.CANCELLED
    assert ends(world) == (1, 0)


def test_an_action_that_finds_another_try_of_it_refused_tells_the_same(
    world: World, firing: Firing, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_read: list[Any] = []

    def refuse(run: Any) -> None:
        as_read.append(run)
        raise Rejected("there is no such function")

    monkeypatch.setattr(world.launcher, "launch", refuse)
    world.dispatcher.dispatch(firing)
    monkeypatch.setattr(world.ledger, "create", lambda _: as_read[0])
    world.dispatcher.dispatch(firing)

    assert ends(world) == (0, 1)
