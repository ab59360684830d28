"""run-deployment: one run for each firing and action."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON, ann_signs_up, order_placed, run_of, welcoming

from whenflow.errors import Rejected, Transient
from whenflow.runs import StateType

SIGNUP_LIFE = [
    "user.signed-up",
    "prefect.automation.triggered",
    "prefect.automation.action.triggered",
    "prefect.flow-run.Scheduled",
    "prefect.flow-run.Pending",
    "prefect.automation.action.executed",
]


def failure(world):
    """The event that tells of the one action that failed."""
    (event,) = world.events.named("prefect.automation.action.failed")
    return event


def test_anns_signup_starts_a_run_with_her_name(world):
    world.welcomes_new_users()

    world.happens(ann_signs_up())

    assert [run.parameters for run in world.launcher.launched] == [{"name": "Ann"}]
    assert world.events.names() == SIGNUP_LIFE


def test_the_run_says_why_there_is_one(world):
    automation = world.welcomes_new_users()

    (firing,) = world.happens(ann_signs_up())

    run = world.run()
    assert (run.event_id, run.firing_id) == (ann_signs_up().id, firing.id)
    assert run.created_by == {
        "id": automation.id,
        "type": "AUTOMATION",
        "display_value": "welcome new users",
    }
    assert run.idempotency_key == f"automation {automation.id}, action 0, invocation {firing.id}"


def test_the_run_is_of_the_deployment(world):
    deployment = world.deployment(tags=["eu"])
    world.automation(welcoming(deployment))

    world.happens(ann_signs_up())

    run = world.run()
    assert (run.deployment_id, run.deployment_name) == (deployment["id"], "welcome")
    assert (run.flow_id, run.flow_name) == (deployment["flow_id"], "new-user-flow")
    assert (run.work_pool_name, run.tags) == ("lambda", ("eu",))


def test_parameters_are_put_over_those_of_the_deployment(world):
    deployment = world.deployment(parameters={"name": "nobody", "greeting": "Hello"})
    world.automation(welcoming(deployment))

    world.happens(ann_signs_up())

    assert world.run().parameters == {"name": "Ann", "greeting": "Hello"}


def test_without_parameters_those_of_the_deployment_stand(world):
    deployment = world.deployment(parameters={"name": "nobody"})
    world.automation(welcoming(deployment, actions=[run_of(deployment)]))

    world.happens(ann_signs_up())

    assert world.run().parameters == {"name": "nobody"}


def test_job_variables_are_put_over_those_of_the_deployment_and_are_no_templates(world):
    deployment = world.deployment(job_variables={"function_arn": "arn:one", "memory": 512})
    action = run_of(deployment, job_variables={"function_arn": "arn:{{ event.id }}"})
    world.automation(welcoming(deployment, actions=[action]))

    world.happens(ann_signs_up())

    assert world.run().job_variables == {"function_arn": "arn:{{ event.id }}", "memory": 512}


def test_each_action_of_a_firing_has_a_run_of_its_own(world):
    deployment = world.deployment(parameters={"name": "x"})
    world.automation(welcoming(deployment, actions=[run_of(deployment), run_of(deployment)]))

    world.happens(ann_signs_up())

    assert len({run.id for run in world.launcher.launched}) == 2


def test_the_event_of_success_names_deployment_and_run(world):
    world.welcomes_new_users()

    world.happens(ann_signs_up())

    (event,) = world.events.named("prefect.automation.action.executed")
    run = world.run()
    assert event.payload["flow_run_id"] == run.id
    assert list(event.related[:2]) == [
        {
            "prefect.resource.id": f"prefect.deployment.{run.deployment_id}",
            "prefect.resource.role": "target",
            "prefect.resource.name": "welcome",
        },
        {
            "prefect.resource.id": f"prefect.flow-run.{run.id}",
            "prefect.resource.role": "flow-run",
            "prefect.resource.name": run.name,
        },
    ]


def test_a5_the_deployment_that_the_event_relates_to_is_inferred(world, fire):
    deployment = world.deployment(parameters={"name": "x"})
    related = {
        "prefect.resource.id": f"prefect.deployment.{deployment['id']}",
        "prefect.resource.role": "deployment",
    }

    firing = fire({"type": "run-deployment", "source": "inferred"}, event=order_placed(related=[related]))
    world.dispatcher.dispatch(firing)

    assert world.run().deployment_id == deployment["id"]


def test_a5_the_event_may_stand_on_the_deployment_itself(world, fire):
    deployment = world.deployment(parameters={"name": "x"})
    event = order_placed(resource=f"prefect.deployment.{deployment['id'].upper()}")

    world.dispatcher.dispatch(fire({"type": "run-deployment", "source": "inferred"}, event=event))

    assert world.run().deployment_id == deployment["id"]


@pytest.mark.parametrize("resource", ["order.7", "prefect.deployment.nope", f"x.prefect.deployment.{NOBODY}"])
def test_a5_without_a_deployment_nothing_can_be_inferred(world, fire, resource):
    firing = fire({"type": "run-deployment", "source": "inferred"}, event=order_placed(resource=resource))

    world.dispatcher.dispatch(firing)

    assert failure(world).payload["reason"] == "No deployment could be inferred"


def test_a2_a_deployment_that_is_not_there_fails_the_action_with_404(world, fire):
    world.dispatcher.dispatch(fire(run_of({"id": NOBODY})))

    assert "404" in failure(world).payload["reason"]
    assert failure(world).payload["status_code"] == 404
    assert world.retries.sent == []


def test_a_template_that_fails_on_the_event_fails_the_action_with_its_reason(world, fire):
    deployment = world.deployment()

    world.dispatcher.dispatch(fire(run_of(deployment, parameters={"name": "{{ event.payload.nope }}"})))

    assert failure(world).payload["reason"] == "Unable to render parameters: name: 'nope' is undefined"
    assert failure(world).payload["template_error"] == "name: 'nope' is undefined"
    assert world.runs.newest(10) == []
    assert world.retries.sent == []


def test_a12_parameters_over_their_limit_fail_the_action(world, fire):
    deployment = world.deployment()
    big = order_placed(payload={"text": "x" * 525_000})

    world.dispatcher.dispatch(fire(run_of(deployment, parameters={"name": "{{ event.payload.text }}"}), event=big))

    assert "the limit is 524,288" in failure(world).payload["reason"]


def test_a_target_that_refuses_crashes_the_run_and_fails_the_action(world):
    world.welcomes_new_users()
    world.launcher.errors = [Rejected("lambda refused to start the flow run: ResourceNotFoundException")]

    world.happens(ann_signs_up())

    assert world.run().state.type == StateType.CRASHED
    assert world.run().state.message == "lambda refused to start the flow run: ResourceNotFoundException"
    assert failure(world).payload["reason"] == world.run().state.message
    assert failure(world).payload["flow_run_id"] == world.run().id
    assert world.retries.sent == []


def test_a_refusal_told_again_is_the_same_refusal(world):
    world.welcomes_new_users()
    world.launcher.errors = [Rejected("no such function")]
    (firing,) = world.happens(ann_signs_up())
    before = world.events.names()

    world.dispatcher.dispatch(firing)

    assert world.events.names() == before
    assert world.launcher.launched == []


def test_a_target_that_is_busy_puts_the_action_aside(world):
    world.welcomes_new_users()
    world.launcher.errors = [Transient("lambda: TooManyRequestsException")]

    (firing,) = world.happens(ann_signs_up())

    assert [(id_, index) for id_, index, _ in world.retries.sent] == [(firing.id, 0)]
    assert "TooManyRequestsException" in world.retries.sent[0][2]
    assert world.run().state.type == StateType.PENDING
    assert "prefect.automation.action.failed" not in world.events.names()


def test_a_later_success_launches_exactly_once(world):
    world.welcomes_new_users()
    world.launcher.errors = [Transient("busy"), Transient("busy")]
    (firing,) = world.happens(ann_signs_up())

    with pytest.raises(Transient):
        world.dispatcher.retry(firing.id, 0, tries=1)
    world.dispatcher.retry(firing.id, 0, tries=2)

    assert len(world.launcher.launched) == 1
    assert world.events.names() == SIGNUP_LIFE


def test_a4_an_action_performed_twice_is_one_run_and_the_same_events(world):
    world.welcomes_new_users()
    (firing,) = world.happens(ann_signs_up())
    world.clock.advance(60)

    world.dispatcher.dispatch(firing)

    assert len(world.runs.newest(10)) == 1
    assert world.events.names() == SIGNUP_LIFE


def test_a_run_that_is_worked_on_is_not_launched_again(world):
    world.welcomes_new_users()
    (firing,) = world.happens(ann_signs_up())
    world.ledger.start(world.run().id, "launch-1")

    world.dispatcher.dispatch(firing)

    assert len(world.launcher.launched) == 1
    assert world.run().state.type == StateType.RUNNING


def test_a_run_that_failed_meanwhile_does_not_undo_that_the_action_was_executed(world):
    world.welcomes_new_users()
    (firing,) = world.happens(ann_signs_up())
    world.ledger.start(world.run().id, "launch-1")
    world.ledger.move(world.run().id, StateType.CRASHED)

    world.dispatcher.dispatch(firing)

    assert "prefect.automation.action.failed" not in world.events.names()


def test_a_run_that_starts_at_once_is_scheduled_and_pending_in_one_write(world):
    world.welcomes_new_users()

    world.happens(ann_signs_up())

    run = world.run()
    assert [state.name for state in run.states] == ["Scheduled", "Pending"]
    assert run.version == 1


def test_a_run_that_needs_a_slot_is_pending_when_it_has_one(world):
    world.automation(welcoming(world.deployment(concurrency_limit=1)))

    world.happens(ann_signs_up())

    run = world.run()
    assert (run.state.type, run.has_slot, run.version) == (StateType.PENDING, True, 2)


def test_a_run_that_was_made_and_not_launched_is_launched_when_the_action_comes_again(world):
    world.welcomes_new_users()
    world.launcher.errors.append(RuntimeError("the process died"))
    (firing,) = world.happens(ann_signs_up())

    world.performer.perform(firing, 0)

    assert [run.id for run in world.launcher.launched] == [world.run().id]
    assert [state.name for state in world.run().states] == ["Scheduled", "Pending"]


def test_the_run_is_pending_before_its_code_is_started(world):
    world.welcomes_new_users()
    seen = []
    world.launcher.launch = lambda run: seen.append(world.run().state.type)

    world.happens(ann_signs_up())

    assert seen == [StateType.PENDING]


# ---- schedule_after ----

TWO_HOURS = 7_200


@pytest.fixture
def later(world):
    """A function that has Ann welcomed some seconds after she signs up; it returns the firing."""

    def welcomed(seconds):
        deployment = world.deployment()
        action = run_of(deployment, parameters={"name": "{{ event.payload.name }}"}, schedule_after=seconds)
        world.automation(welcoming(deployment, actions=[action]))
        (firing,) = world.happens(ann_signs_up())
        return firing

    return welcomed


def test_a13_a_run_that_is_to_start_later_is_scheduled_for_then(world, later):
    later(TWO_HOURS)

    assert (world.run().state.type, world.run().state.name) == (StateType.SCHEDULED, "Scheduled")
    assert world.run().due == NOON + timedelta(seconds=TWO_HOURS)
    assert world.launcher.launched == []


def test_the_action_is_executed_at_once_though_its_run_starts_later(world, later):
    later(TWO_HOURS)

    (event,) = world.events.named("prefect.automation.action.executed")
    assert (event.occurred, event.payload["flow_run_id"]) == (NOON, world.run().id)
    assert "prefect.flow-run.Pending" not in world.events.names()


def test_a_run_that_is_to_start_soon_is_rung_for_at_once_and_started_at_its_second(world, later):
    later(3)

    world.wait(2.999)
    assert world.launcher.launched == []
    world.wait(0.001)
    assert [run.parameters for run in world.launcher.launched] == [{"name": "Ann"}]


def test_a_run_that_is_to_start_much_later_is_left_to_the_sweeps(world, later):
    later(121)

    assert world.timers.launches == []


def test_the_same_action_again_is_the_same_run_at_the_same_time(world, later):
    firing = later(60)
    world.clock.advance(20)

    world.dispatcher.dispatch(firing)

    assert world.run().due == NOON + timedelta(seconds=60)
    world.wait(40)
    assert len(world.launcher.launched) == 1


@pytest.mark.parametrize("state", [StateType.PENDING, StateType.CANCELLED, StateType.CRASHED])
def test_the_same_action_again_starts_nothing_that_the_timer_has_to_start(world, later, state):
    firing = later(60)
    world.clock.advance(60)
    world.ledger.reserve(world.run().id, "a ring")
    world.ledger.move(world.run().id, state)

    world.dispatcher.dispatch(firing)

    assert world.launcher.launched == []
    assert "prefect.automation.action.failed" not in world.events.names()


def test_a_queue_that_takes_no_ring_loses_no_run_as_the_next_sweep_asks_for_it(world, later):
    world.timers.launch_at = lambda *_: (_ for _ in ()).throw(Transient("no queue"))

    later(60)

    assert world.retries.sent == []
    del world.timers.launch_at
    world.schedule.sweep()
    world.wait(60)
    assert len(world.launcher.launched) == 1
