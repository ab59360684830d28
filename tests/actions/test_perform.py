"""Performing the actions of a firing, and trying again what broke."""

import pytest
from tests.stories import NOBODY, ann_signs_up, run_of, welcoming

from whenflow.actions.perform import MAX_TRIES
from whenflow.errors import NotFound, Transient

NOTHING = {"type": "do-nothing"}


def test_an_automation_that_fires_is_told_even_without_actions(world, fire):
    world.dispatcher.dispatch(fire())

    assert world.events.names() == ["order.placed", "prefect.automation.triggered"]


def test_doing_nothing_is_told_from_beginning_to_end(world, fire):
    world.dispatcher.dispatch(fire(NOTHING))

    assert world.events.names() == [
        "order.placed",
        "prefect.automation.triggered",
        "prefect.automation.action.triggered",
        "prefect.automation.action.executed",
    ]


def test_every_action_is_told_with_its_place(world, fire):
    world.dispatcher.dispatch(fire(NOTHING, NOTHING, NOTHING))

    done = world.events.named("prefect.automation.action.executed")
    assert [event.payload["action_index"] for event in done] == [0, 1, 2]


def test_an_action_that_fails_holds_up_no_other(world, fire):
    world.dispatcher.dispatch(fire(NOTHING, run_of({"id": NOBODY}), NOTHING))

    assert [event.payload["action_index"] for event in world.events.named("prefect.automation.action.executed")] == [
        0,
        2,
    ]
    assert [event.payload["action_index"] for event in world.events.named("prefect.automation.action.failed")] == [1]


def test_an_action_that_breaks_is_put_aside_and_holds_up_no_other(world):
    deployment = world.deployment(parameters={"name": "x"})
    world.automation(welcoming(deployment, actions=[run_of(deployment), NOTHING]))
    world.launcher.errors = [RuntimeError("a bug of ours")]

    (firing,) = world.happens(ann_signs_up())

    assert world.retries.sent == [(firing.id, 0, "RuntimeError('a bug of ours')")]
    assert [event.payload["action_index"] for event in world.events.named("prefect.automation.action.executed")] == [1]


def test_an_action_put_aside_is_performed_when_it_is_tried_again(world):
    world.welcomes_new_users()
    world.launcher.errors = [RuntimeError("a bug of ours")]
    (firing,) = world.happens(ann_signs_up())

    world.dispatcher.retry(firing.id, 0, tries=1)

    assert world.events.names()[-1] == "prefect.automation.action.executed"


def test_an_action_that_breaks_again_is_raised_for_the_queue_to_try_later(world):
    world.welcomes_new_users()
    world.launcher.errors = [RuntimeError("bug")] * 2
    (firing,) = world.happens(ann_signs_up())

    with pytest.raises(RuntimeError, match="bug"):
        world.dispatcher.retry(firing.id, 0, tries=1)

    assert "prefect.automation.action.failed" not in world.events.names()


def test_a3_after_the_last_try_the_feed_tells_that_it_was_given_up(world):
    world.welcomes_new_users()
    world.launcher.errors = [Transient("busy")] * 10
    (firing,) = world.happens(ann_signs_up())

    with pytest.raises(Transient):
        world.dispatcher.retry(firing.id, 0, tries=MAX_TRIES)

    (event,) = world.events.named("prefect.automation.action.failed")
    assert event.payload["reason"] == f"Gave up after {MAX_TRIES + 1} tries: busy"


def test_an_action_given_up_may_still_be_done_after_a_redrive(world):
    world.welcomes_new_users()
    world.launcher.errors = [Transient("busy")] * 2
    (firing,) = world.happens(ann_signs_up())
    with pytest.raises(Transient):
        world.dispatcher.retry(firing.id, 0, tries=MAX_TRIES)

    world.dispatcher.retry(firing.id, 0, tries=1)

    assert world.events.names()[-1] == "prefect.automation.action.executed"
    assert len(world.launcher.launched) == 1


def test_a_firing_that_is_not_there_cannot_be_tried_again(world):
    with pytest.raises(NotFound, match=NOBODY):
        world.dispatcher.retry(NOBODY, 0, tries=1)


def test_an_action_nobody_knows_fails_with_its_name(world, fire):
    from dataclasses import replace

    firing = replace(fire(NOTHING), actions=[{"type": "sing"}])

    world.dispatcher.dispatch(firing)

    (event,) = world.events.named("prefect.automation.action.failed")
    assert event.payload["reason"] == "There is no action 'sing'."


def test_a_run_that_completes_may_start_the_next(world):
    from whenflow.flows import flow

    @flow
    def new_user_flow(name: str) -> None: ...

    @flow
    def send_invoice(flow_run: str) -> None: ...

    world.welcomes_new_users()
    invoice = world.deployment(name="invoice", flow_name="send-invoice")
    world.automation(
        {
            "name": "then invoice",
            "trigger": {
                "type": "event",
                "posture": "Reactive",
                "expect": ["prefect.flow-run.Completed"],
                "match_related": {"prefect.resource.role": "flow", "prefect.resource.name": "new-user-flow"},
            },
            "actions": [run_of(invoice, parameters={"flow_run": "{{ event.resource.name }}"})],
        }
    )
    world.events.put(ann_signs_up())

    world.settle(new_user_flow, send_invoice)

    welcome, then = world.launcher.launched
    assert (welcome.flow_name, then.flow_name) == ("new-user-flow", "send-invoice")
    assert then.parameters == {"flow_run": welcome.name}
    assert {run.state.name for run in world.runs.newest(10)} == {"Completed"}


def test_an_action_on_the_firing_itself_sees_the_event_that_tells_of_it(world):
    deployment = world.deployment()
    told = run_of(deployment, parameters={"name": "{{ event.event }} of {{ automation.name }}"})
    automation = world.automation(welcoming(deployment, actions=[], actions_on_trigger=[told]))

    world.happens(ann_signs_up())

    assert world.run().parameters["name"] == f"prefect.automation.triggered of {automation.name}"
