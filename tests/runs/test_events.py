"""The event that a change of state is (SPEC 1.7)."""

from tests.stories import NOON, ann_signs_up, run_of, welcoming

from whenflow.runs import StateType
from whenflow.runs.targets import pool_id_of, queue_id_of


def test_the_event_is_named_by_the_state(world, welcome):
    world.ledger.move(welcome.id, StateType.RUNNING)
    world.ledger.move(welcome.id, StateType.FAILED, "Timed Out")

    assert world.events.names()[-2:] == ["prefect.flow-run.Running", "prefect.flow-run.TimedOut"]


def test_the_event_stands_on_the_run_and_says_its_state(world, welcome):
    world.ledger.move(welcome.id, StateType.RUNNING, message="here we go")

    (event,) = world.events.named("prefect.flow-run.Running")
    assert event.resource == {
        "prefect.resource.id": f"prefect.flow-run.{welcome.id}",
        "prefect.resource.name": welcome.name,
        "prefect.run-count": "1",
        "prefect.state-message": "here we go",
        "prefect.state-name": "Running",
        "prefect.state-timestamp": "2026-11-20T12:00:00.000000Z",
        "prefect.state-type": "RUNNING",
    }


def test_the_event_relates_to_all_that_the_run_belongs_to(world):
    deployment = world.deployment(tags=["eu", "beta"])
    automation = world.automation(welcoming(deployment))
    world.happens(ann_signs_up())

    (event,) = world.events.named("prefect.flow-run.Scheduled")
    related = [(one["prefect.resource.role"], one["prefect.resource.id"]) for one in event.related]
    assert related == [
        ("flow", f"prefect.flow.{deployment['flow_id']}"),
        ("deployment", f"prefect.deployment.{deployment['id']}"),
        ("work-queue", f"prefect.work-queue.{queue_id_of('lambda')}"),
        ("work-pool", f"prefect.work-pool.{pool_id_of('lambda')}"),
        ("tag", "prefect.tag.beta"),
        ("tag", "prefect.tag.eu"),
        ("creator", f"prefect.automation.{automation.id}"),
    ]


def test_what_the_run_belongs_to_is_named(world, welcome):
    (event,) = world.events.named("prefect.flow-run.Scheduled")

    names = {one["prefect.resource.role"]: one.get("prefect.resource.name") for one in event.related}
    assert names == {
        "flow": "new-user-flow",
        "deployment": "welcome",
        "work-queue": "default",
        "work-pool": "lambda",
        "creator": "welcome new users",
    }


def test_the_payload_says_from_where_to_where(world, welcome):
    world.ledger.move(welcome.id, StateType.FAILED, message="no mail server")

    (event,) = world.events.named("prefect.flow-run.Failed")
    assert event.payload == {
        "intended": {"from": "PENDING", "to": "FAILED"},
        "initial_state": {"type": "PENDING", "name": "Pending", "message": ""},
        "validated_state": {
            "type": "FAILED",
            "name": "Failed",
            "message": "no mail server",
            "pause_reschedule": False,
        },
        "timing": {"expected_start_time": "2026-11-20T12:00:00.000000Z", "start_time": None},
    }


def test_the_payload_says_when_the_run_began(world, welcome):
    world.clock.advance(5)
    world.ledger.move(welcome.id, StateType.RUNNING)
    world.clock.advance(5)
    world.ledger.move(welcome.id, StateType.COMPLETED)

    (event,) = world.events.named("prefect.flow-run.Completed")
    assert event.payload["timing"] == {
        "expected_start_time": "2026-11-20T12:00:00.000000Z",
        "start_time": "2026-11-20T12:00:05.000000Z",
    }


def test_a_run_that_is_to_start_later_is_expected_then(world):
    deployment = world.deployment()
    world.automation(welcoming(deployment, actions=[run_of(deployment, parameters={"name": "x"}, schedule_after=30)]))
    world.happens(ann_signs_up())
    world.wait(31)
    world.ledger.move(world.run().id, StateType.RUNNING)

    told = [world.events.named(f"prefect.flow-run.{name}")[0].payload["timing"] for name in ("Scheduled", "Running")]
    assert [one["expected_start_time"] for one in told] == ["2026-11-20T12:00:30.000000Z"] * 2
    assert told[1]["start_time"] == "2026-11-20T12:00:31.000000Z"


def test_the_first_state_comes_from_nowhere(world, welcome):
    (event,) = world.events.named("prefect.flow-run.Scheduled")

    assert event.payload["intended"] == {"from": None, "to": "SCHEDULED"}
    assert event.payload["initial_state"] is None
    assert event.follows is None


def test_an_event_follows_the_state_before(world, welcome):
    world.clock.advance(299)
    world.ledger.move(welcome.id, StateType.RUNNING)

    (event,) = world.events.named("prefect.flow-run.Running")
    assert event.follows == welcome.state.id


def test_an_event_follows_no_state_of_long_ago(world, welcome):
    world.clock.advance(300)
    world.ledger.move(welcome.id, StateType.RUNNING)

    (event,) = world.events.named("prefect.flow-run.Running")
    assert event.follows is None


def test_a_run_is_stored_and_read_as_it_was(world, welcome):
    from whenflow.runs import FlowRun

    world.ledger.start(welcome.id, "launch-1")
    world.ledger.move(welcome.id, StateType.COMPLETED)
    run = world.run()

    assert FlowRun.from_stored(run.as_stored(), run.version) == run
    assert run.created == NOON
