"""Pausing and resuming: deployments, work pools, work queues, automations."""

from dataclasses import replace

import pytest
from tests.stories import NOBODY, ann_signs_up, order_placed, welcoming

from whenflow.deployments.pools import is_paused, pool_id_of, queue_id_of


def about(resource_id):
    return [{"prefect.resource.id": resource_id, "prefect.resource.role": "subject"}]


def ended(world):
    (*_, event) = [one for one in world.events.stored.values() if one.event.startswith("prefect.automation.action.")]
    return event


def selecting(what, id_, verb="pause"):
    return {"type": f"{verb}-{what}", "source": "selected", f"{what.replace('-', '_')}_id": id_}


def test_a21_a_deployment_is_paused_and_resumed(world, fire):
    id_ = world.deployment()["id"]

    world.dispatcher.dispatch(fire(selecting("deployment", id_)))
    assert world.config.get("deployment", id_)["paused"] is True

    world.dispatcher.dispatch(fire(selecting("deployment", id_, "resume"), event=order_placed(8, name="order.paid")))
    assert world.config.get("deployment", id_)["paused"] is False
    (paused, resumed) = world.events.named("prefect.deployment.updated")
    assert paused.payload["updates"] == {"paused": {"from": False, "to": True}}
    assert resumed.payload["updates"] == {"paused": {"from": True, "to": False}}


@pytest.mark.parametrize("pool", ["lambda", "step-functions"])
def test_a21_a_work_pool_that_every_stack_has_is_paused_and_resumed(world, fire, pool):
    id_ = pool_id_of(pool)

    world.dispatcher.dispatch(fire(selecting("work-pool", id_)))
    assert is_paused(world.config, pool)

    world.dispatcher.dispatch(fire(selecting("work-pool", id_, "resume"), event=order_placed(8, name="order.paid")))
    assert not is_paused(world.config, pool)
    assert {"prefect.work-pool.paused", "prefect.work-pool.ready"} <= set(world.events.names())


def test_a21_a_work_queue_is_paused_and_resumed(world, fire):
    id_ = queue_id_of("lambda")

    world.dispatcher.dispatch(fire(selecting("work-queue", id_)))
    assert is_paused(world.config, "lambda")
    assert not is_paused(world.config, "step-functions")

    world.dispatcher.dispatch(fire(selecting("work-queue", id_, "resume"), event=order_placed(8, name="order.paid")))
    assert not is_paused(world.config, "lambda")


@pytest.mark.parametrize(("what", "id_"), [("work-pool", pool_id_of("lambda")), ("work-queue", queue_id_of("lambda"))])
def test_a21_runs_of_what_is_paused_are_made_and_wait_until_it_is_resumed(world, fire, what, id_):
    world.welcomes_new_users()
    world.dispatcher.dispatch(fire(selecting(what, id_)))

    world.happens(ann_signs_up())
    world.wait(60)
    assert world.run().state.name in {"Scheduled", "Late"}
    assert world.launcher.launched == []

    paid = order_placed(8, name="order.paid", occurred=world.clock.now())
    world.dispatcher.dispatch(fire(selecting(what, id_, "resume"), event=paid))
    world.wait(1)
    world.schedule.sweep()
    world.wait(60)
    assert [run.id for run in world.launcher.launched] == [world.run().id]


def test_a21_an_automation_is_switched_off_and_on(world, fire):
    id_ = world.automation(welcoming(world.deployment())).id

    world.dispatcher.dispatch(fire(selecting("automation", id_)))
    assert world.automations.get(id_).enabled is False

    world.dispatcher.dispatch(fire(selecting("automation", id_, "resume"), event=order_placed(8, name="order.paid")))
    assert world.automations.get(id_).enabled is True


@pytest.mark.parametrize("what", ["deployment", "work-pool", "work-queue", "automation"])
def test_a21_what_is_not_there_fails_with_404(world, fire, what):
    world.dispatcher.dispatch(fire(selecting(what, NOBODY)))

    event = ended(world)
    assert event.event == "prefect.automation.action.failed"
    assert event.payload["status_code"] == 404
    assert event.payload["reason"].startswith(f"Unexpected status from 'pause-{what}' action: 404")
    assert event.related[0] == {"prefect.resource.id": f"prefect.{what}.{NOBODY}", "prefect.resource.role": "target"}


@pytest.mark.parametrize("what", ["deployment", "work-pool", "work-queue", "automation"])
def test_a21_nothing_to_infer_fails_with_that_reason(world, fire, what):
    world.dispatcher.dispatch(fire({"type": f"pause-{what}", "source": "inferred"}))

    assert ended(world).payload["reason"] == f"No {what.replace('-', ' ')} could be inferred"


@pytest.mark.parametrize("what", ["work-pool", "work-queue"])
def test_a21_the_pool_and_the_queue_of_a_run_are_inferred_from_its_event(world, fire, what):
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    (scheduled,) = world.events.named("prefect.flow-run.Scheduled")

    again = replace(scheduled, id=NOBODY)
    world.dispatcher.dispatch(fire({"type": f"pause-{what}", "source": "inferred"}, event=again))

    assert is_paused(world.config, "lambda")
    assert not is_paused(world.config, "step-functions")
    assert world.events.names().count(f"prefect.{what}.paused") == 1


def test_a21_an_automation_is_inferred_from_the_event_that_tells_of_it(world, fire):
    id_ = world.automation(welcoming(world.deployment())).id

    event = order_placed(resource=f"prefect.automation.{id_}")
    world.dispatcher.dispatch(fire({"type": "pause-automation", "source": "inferred"}, event=event))

    assert world.automations.get(id_).enabled is False


def test_a21_the_deployment_of_the_event_is_inferred(world, fire):
    id_ = world.deployment()["id"]
    event = order_placed(related=about(f"prefect.deployment.{id_.upper()}"))

    world.dispatcher.dispatch(fire({"type": "pause-deployment", "source": "inferred"}, event=event))

    assert world.config.get("deployment", id_)["paused"] is True


def test_what_is_paused_already_is_not_paused_again(world, fire):
    id_ = pool_id_of("lambda")
    world.dispatcher.dispatch(fire(selecting("work-pool", id_)))

    world.dispatcher.dispatch(fire(selecting("work-pool", id_), event=order_placed(8, name="order.paid")))

    told = [name for name in world.events.names() if name.startswith("prefect.work-pool.")]
    assert told == ["prefect.work-pool.paused"]
    assert ended(world).event == "prefect.automation.action.executed"


def test_a_pause_delivered_again_does_not_undo_what_a_person_did_since(world, fire):
    id_ = pool_id_of("lambda")
    firing = fire(selecting("work-pool", id_))
    world.dispatcher.dispatch(firing)
    world.dispatcher.dispatch(fire(selecting("work-pool", id_, "resume"), event=order_placed(8, name="order.paid")))

    world.dispatcher.dispatch(firing)

    assert not is_paused(world.config, "lambda")


def test_an_automation_that_would_start_itself_is_not_switched_on(world, fire):
    loop = {
        "name": "loop",
        "enabled": False,
        "trigger": {"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Pending"]},
        "actions": [{"type": "run-deployment", "source": "inferred"}],
    }
    id_ = world.automation(loop).id

    world.dispatcher.dispatch(fire(selecting("automation", id_, "resume")))

    assert ended(world).payload["reason"].startswith("Validation error occurred for 'resume-automation'")
    assert world.automations.get(id_).enabled is False
