"""What things cost, in DynamoDB's units: the budget of the design."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.counting import metered
from tests.firings import firing_for
from tests.outages import failing, unreachable
from tests.stores import deployed, runner_over, served_over, tools_over
from tests.stories import NOBODY, NOON, order_placed, run_of, welcome_deployment, welcoming

from whenflow.actions.perform import ActionPerformer
from whenflow.automations import Firing, automation_from_document
from whenflow.automations.model import with_identity
from whenflow.errors import Transient
from whenflow.events import Event
from whenflow.flows import flow, task
from whenflow.runs import RunLedger
from whenflow.runs.schedule import RunSchedule
from whenflow.testing import RecordedLauncher
from whenflow.testing.windows import MemoryTimerQueue

LIFE_CYCLE = {
    "prefect.automation.triggered",
    "prefect.automation.action.triggered",
    "prefect.automation.action.executed",
    "prefect.flow-run.Scheduled",
    "prefect.flow-run.Pending",
    "prefect.flow-run.Running",
    "prefect.flow-run.Completed",
}


@flow
def new_user_flow(name: str) -> None:
    """Do nothing."""


@pytest.fixture
def kilobyte() -> dict[str, str]:
    """A payload that makes an event of about 1 KB as JSON, and hardly compresses."""
    return {"name": "Ann", "noise": random.Random(7).randbytes(330).hex()}


def signup(kilobyte, id_=None) -> Event:
    return order_placed(name="user.signed-up", payload=kilobyte, **({"id": id_} if id_ else {}))


def test_an_event_of_a_kilobyte_made_here_costs_two_write_units_at_most(stores, dynamodb, observer, ids, kilobyte):
    stores.events.put(order_placed(id=ids.event_id(NOON, "order.7")))

    with metered(dynamodb, observer) as meter:
        stores.events.put(signup(kilobyte, ids.event_id(NOON, "order.7")))

    assert meter.written <= 2


def test_an_event_of_a_kilobyte_made_elsewhere_costs_two_write_units_at_most(stores, dynamodb, observer, kilobyte):
    stores.events.put(order_placed())

    with metered(dynamodb, observer) as meter:
        stores.events.put(signup(kilobyte))

    assert meter.written <= 2


def test_an_id_made_here_that_comes_with_another_time_costs_two_write_units_at_most(stores, dynamodb, observer, ids):
    later = NOON + timedelta(minutes=1)
    stores.events.put(order_placed())

    with metered(dynamodb, observer) as meter:
        stores.events.put(order_placed(id=ids.event_id(NOON, "order.7"), occurred=later))

    assert meter.written <= 2


def test_an_event_that_comes_in_long_after_it_occurred_costs_one_write_unit_more(stores, dynamodb, observer, ids):
    before = NOON - timedelta(minutes=10)
    order = order_placed(id=ids.event_id(before, "order.7"), occurred=before)
    stores.events.put(order_placed(8, occurred=before))

    with metered(dynamodb, observer) as meter:
        stores.events.put(replace(order, received=NOON))

    assert meter.written == 2


def test_in_a_batch_that_costs_little(stores, dynamodb, observer, ids, kilobyte):
    before = NOON - timedelta(minutes=10)
    orders = [
        replace(
            order_placed(n, id=ids.event_id(before, f"order.{n}"), occurred=before, payload=kilobyte),
            received=NOON,
        )
        for n in range(200)
    ]
    stores.events.put(order_placed(500, occurred=before))

    with metered(dynamodb, observer) as meter:
        stores.events.put_many(orders)

    assert meter.written / len(orders) <= 1.1


def test_storing_an_event_reads_nothing(stores, dynamodb, observer, ids, kilobyte):
    with metered(dynamodb, observer) as meter:
        stores.events.put(signup(kilobyte))
        stores.events.put(signup(kilobyte, ids.event_id(NOON, "order.7")))

    assert meter.read == 0


def test_the_first_event_of_an_hour_costs_one_write_unit_more(stores, dynamodb, observer, ids):
    with metered(dynamodb, observer) as first:
        stores.events.put(order_placed(id=ids.event_id(NOON, "order.7")))
    with metered(dynamodb, observer) as second:
        stores.events.put(order_placed(id=ids.event_id(NOON, "order.7")))

    assert first.written == second.written + 1


@pytest.fixture
def run_made(stores, dynamodb, observer, clock, ids):
    """A function that tells what it costs to make a run and to see it Pending; at once, or some seconds later."""

    def cost(schedule_after: float) -> float:
        deployment = deployed(welcome_deployment(), stores, clock, ids)
        document = welcoming(deployment, actions=[run_of(deployment, schedule_after=schedule_after)])
        automation = with_identity(automation_from_document(document), ids.new(), NOON, NOON)
        firing = firing_for(automation, order_placed(name="user.signed-up"), clock.now())
        runner, launcher = runner_over(stores, RecordedLauncher(), clock, ids), RecordedLauncher()
        stores.events.put(order_placed(id=ids.event_id(NOON, "order.7")))
        with metered(dynamodb, observer) as meter:
            runner.run(firing.actions[0], firing, 0, firing.event)
            clock.advance(schedule_after)
            ring_all(stores, launcher, clock, ids)
        return meter.written

    return cost


def ring_all(stores, launcher, clock, ids) -> None:
    ledger = RunLedger(stores.runs, clock, ids)
    schedule = RunSchedule(ledger, stores.runs, launcher, MemoryTimerQueue(), clock, ids)
    for due in stores.runs.due(clock.now() + timedelta(seconds=1)):
        schedule.ring(due.run_id, "ring-1")


def test_a_run_that_starts_later_costs_the_way_into_its_index_more(run_made):
    run_made(0)  # the first of its day

    at_once, later = run_made(0), run_made(60)

    assert (at_once, later) == (8, 12)


def test_a_sweep_that_finds_nothing_reads_two_units(stores, dynamodb, observer, clock):
    with metered(dynamodb, observer) as meter:
        assert list(stores.runs.due(clock.now())) == []

    assert (meter.written, meter.read) == (0, 2)


def test_a_match_with_its_run_to_completed_costs_twenty_one_write_units_and_the_first_of_a_day_one_more(
    stores, dynamodb, observer, clock, ids, kilobyte
):
    deployment = deployed(welcome_deployment(), stores, clock, ids)
    automation = with_identity(automation_from_document(welcoming(deployment)), ids.new(), NOON, NOON)
    launcher = RecordedLauncher()
    performer = ActionPerformer(tools_over(stores, launcher, clock, ids))
    event = signup(kilobyte)
    stores.events.put(event)
    before = {told.event for told in stores.events.newest(20).events}

    with metered(dynamodb, observer) as meter:
        firing = firing_for(automation, event, clock.now())
        stores.firings.put(firing)
        performer.announce(firing)
        performer.perform(firing, 0)
        server = served_over(stores, (new_user_flow,), dynamodb, clock, ids)
        server.serve({"flow_run_id": launcher.launched[0].id, "launch": "l-1"})

    assert {told.event for told in stores.events.newest(20).events} == LIFE_CYCLE | before
    # Of these, one is the first run of its day, and one the way from an event to its firings.
    assert meter.written <= 22
    # Four are for the first of a day or second: the day, the deployment, and whether its pool and queue are paused.
    assert (meter.requests, meter.read) == (12, 4)


@pytest.fixture
def nothing(stores, clock, ids) -> tuple[ActionPerformer, Firing]:
    """What performs the one action of a firing, which does nothing; the hour has begun."""
    automation = with_identity(
        automation_from_document(welcoming({"id": NOBODY}, actions=[{"type": "do-nothing"}])), ids.new(), NOON, NOON
    )
    stores.events.put(order_placed(id=ids.event_id(NOON, "order.7")))
    performer = ActionPerformer(tools_over(stores, RecordedLauncher(), clock, ids))
    return performer, firing_for(automation, order_placed(name="user.signed-up"), clock.now())


def test_an_action_is_told_with_one_write_unit_for_each_event(dynamodb, observer, nothing):
    performer, firing = nothing

    with metered(dynamodb, observer) as meter:
        performer.perform(firing, 0)

    assert (meter.written, meter.read) == (2, 0)


def test_an_action_performed_again_long_after_is_told_once(stores, clock, nothing):
    performer, firing = nothing
    for _ in range(3):
        performer.perform(firing, 0)
        clock.advance(3_600)

    told = [event.event for event in stores.events.newest(20).events]
    assert told.count("prefect.automation.action.executed") == 1


def test_an_action_whose_end_could_not_be_told_at_first_is_told_once(stores, clock, dynamodb, nothing):
    performer, firing = nothing
    calls = iter([False, True])
    with failing(dynamodb, "PutItem", unreachable(), when=lambda _: next(calls)), pytest.raises(Transient):
        performer.perform(firing, 0)
    for _ in range(2):
        clock.advance(3_600)
        performer.perform(firing, 0)

    (told,) = [event for event in stores.events.newest(20).events if event.event.endswith("executed")]
    assert told.occurred == NOON + timedelta(hours=1)


@task
def step(number: int) -> None:
    """Do nothing."""


@flow
def three_steps(name: str) -> None:
    """Call three tasks."""
    for number in range(3):
        step(number)


def test_a_run_with_three_tasks_costs_seven_units_more_at_most(stores, dynamodb, observer, clock, ids):
    def cost(served) -> float:
        deployment = deployed(welcome_deployment(flow_name=served.name), stores, clock, ids)
        automation = with_identity(automation_from_document(welcoming(deployment)), ids.new(), NOON, NOON)
        launcher = RecordedLauncher()
        performer = ActionPerformer(tools_over(stores, launcher, clock, ids))
        firing = firing_for(automation, order_placed(name="user.signed-up", payload={"name": "Ann"}), clock.now())
        performer.perform(firing, 0)
        server = served_over(stores, (served,), dynamodb, clock, ids)
        with metered(dynamodb, observer) as meter:
            server.serve({"flow_run_id": launcher.launched[0].id, "launch": "l-1"})
        return meter.written

    cost(new_user_flow)  # the first of its hour

    assert cost(three_steps) - cost(new_user_flow) <= 7
