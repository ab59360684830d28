"""The loop guard: what sets itself off over and over is stopped, and the chain is told."""

import pytest
from tests.stories import ann_signs_up, order_placed, run_of

from whenflow.actions.guard import STOPPED, LoopGuard
from whenflow.actions.perform import ActionDispatcher
from whenflow.errors import Transient
from whenflow.flows import flow, run_deployment
from whenflow.testing import MemoryRateBudget


@flow
def new_user_flow(name: str = "x") -> None:
    """Do nothing."""


@pytest.fixture
def circle(world):
    """A run that completes starts the same flow again."""
    deployment = world.deployment()
    return world.automation(
        {
            "name": "circle",
            "trigger": {
                "type": "event",
                "posture": "Reactive",
                "expect": ["user.signed-up", "prefect.flow-run.Completed"],
            },
            "actions": [run_of(deployment, parameters={"name": "x"})],
        }
    )


def test_runs_that_start_each_other_are_stopped_after_sixteen(world, circle):
    world.events.put(ann_signs_up())

    world.settle(new_user_flow)

    assert len(world.launcher.launched) == 16
    assert world.automations.get(circle.id).enabled is False
    (told,) = world.events.named(STOPPED)
    assert told.resource["prefect.resource.id"] == f"prefect.automation.{circle.id}"
    assert len(told.payload["firings"]) == 17
    assert {labels["prefect.resource.role"] for labels in told.related} == {"chain"}


def test_an_action_that_was_stopped_is_told_to_have_failed(world, circle):
    world.events.put(ann_signs_up())

    world.settle(new_user_flow)

    (failed,) = world.events.named("prefect.automation.action.failed")
    assert failed.payload["reason"].startswith("The automation was paused")


def test_automations_that_set_each_other_off_are_stopped_too(world):
    for name, other in (("ping", "pong"), ("pong", "ping")):
        world.automation(
            {
                "name": name,
                "trigger": {
                    "type": "event",
                    "posture": "Reactive",
                    "expect": ["prefect.automation.triggered", "order.placed"],
                    "match": {"prefect.resource.name": [other, "order 7"]},
                },
                "actions": [{"type": "do-nothing"}],
            }
        )
    world.events.put(order_placed(resource={"prefect.resource.id": "order.7", "prefect.resource.name": "order 7"}))

    world.settle()

    assert world.events.named(STOPPED)
    assert len(world.firings.stored) < 40


def test_the_default_target_hears_of_it_once(world, circle):
    world.targets.create(
        {
            "name": "on call",
            "type": "slack-webhook",
            "data": {"url": "https://hooks.slack.com/services/x"},
            "is_default": True,
        }
    )
    world.events.put(ann_signs_up())
    world.settle(new_user_flow)
    (told,) = world.events.named(STOPPED)
    stopped = world.firings.stored[told.payload["firings"][-1]]

    world.dispatcher.dispatch(stopped)

    assert len(world.http.sent) == 1
    assert told.payload["notification"] == {"target": "on call", "status_code": 200}


def test_a_target_that_cannot_be_reached_keeps_nothing_from_being_stopped(world, circle):
    world.targets.create({"name": "on call", "type": "email", "data": {"to": ["a@b.example"]}, "is_default": True})
    world.mailer.errors = [Transient("busy")]
    world.events.put(ann_signs_up())

    world.settle(new_user_flow)

    (told,) = world.events.named(STOPPED)
    assert told.payload["notification"] == {"target": "on call", "reason": "busy"}
    assert world.automations.get(circle.id).enabled is False


def test_a_chain_that_ends_is_left_alone(world):
    world.welcomes_new_users()
    world.events.put(ann_signs_up())

    world.settle(new_user_flow)

    assert world.events.named(STOPPED) == []


@flow
def relay(name: str = "x") -> None:
    """Ask for another flow by its deployment."""
    run_deployment("new-user-flow/welcome", timeout=0)


@flow
def wrapper(name: str = "x") -> None:
    """Ask for it from within a flow of this flow."""
    relay()


@pytest.mark.parametrize("outer", [relay, wrapper])
def test_a_circle_by_way_of_runs_that_ask_for_others_is_stopped_too(world, outer):
    world.deployment()
    asking = world.deployment(name="asking", flow_name=outer.name)
    world.automation(
        {
            "name": "circle",
            "trigger": {
                "type": "event",
                "posture": "Reactive",
                "expect": ["user.signed-up", "prefect.flow-run.Completed"],
                "match": {"prefect.resource.id": ["user.*", "prefect.flow-run.*"]},
                "match_related": {"prefect.resource.id": ["prefect.deployment.*"], "prefect.resource.name": "welcome"},
            },
            "actions": [run_of(asking, parameters={"name": "x"})],
        }
    )
    welcome = {"prefect.resource.id": "prefect.deployment.x", "prefect.resource.name": "welcome"}
    world.events.put(ann_signs_up(related=[welcome | {"prefect.resource.role": "deployment"}]))

    for _ in range(20):
        world.settle(outer, new_user_flow)
        world.wait(1)

    (told,) = world.events.named(STOPPED)
    assert len(told.payload["firings"]) == 17


def test_how_long_a_chain_may_be_is_a_setting(world, circle):
    guard = LoopGuard(world.tools, world.firings, world.runs, world.budget, max_depth=3)
    world.dispatcher = ActionDispatcher(world.performer, world.firings, world.retries, guard)
    world.events.put(ann_signs_up())

    world.settle(new_user_flow)

    assert len(world.launcher.launched) == 3


def test_an_automation_that_fires_too_often_within_a_minute_is_paused(world, fire):
    guard = LoopGuard(world.tools, world.firings, world.runs, MemoryRateBudget(per_minute=2))
    world.dispatcher = ActionDispatcher(world.performer, world.firings, world.retries, guard)
    automation = world.automation(
        {
            "name": "every order",
            "trigger": {"type": "event", "posture": "Reactive", "expect": ["order.placed"]},
            "actions": [{"type": "do-nothing"}],
        }
    )

    for number in range(5):
        world.happens(order_placed(number))

    assert world.automations.get(automation.id).enabled is False
    assert len(world.events.named("prefect.automation.action.executed")) == 2
    (told,) = world.events.named(STOPPED)
    assert "within a minute" in told.payload["reason"]


def test_events_that_come_from_outside_cost_no_reading(world, fire, monkeypatch):
    def unread(_id):
        raise AssertionError("nothing of this needs to be read")

    monkeypatch.setattr(world.firings, "get", unread)
    monkeypatch.setattr(world.runs, "get", unread)
    guard = LoopGuard(world.tools, world.firings, world.runs, world.budget)

    assert guard.check(fire({"type": "do-nothing"})) is None
