"""What things cost, in DynamoDB's units: the budget of the design."""

import random

import pytest
from tests.counting import metered
from tests.firings import firing_for
from tests.stores import services_over, tools_over
from tests.stories import NOON, order_placed, welcome_deployment, welcoming

from whenflow.actions.perform import ActionPerformer
from whenflow.api.deployments import DeploymentInput, upsert
from whenflow.automations import automation_from_document
from whenflow.automations.model import with_identity
from whenflow.events import Event
from whenflow.flows import flow
from whenflow.flows.serve import FlowServer
from whenflow.runs import RunLedger
from whenflow.testing import RecordedLauncher

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


def test_a_match_with_its_run_to_completed_costs_thirty_write_units_at_most(
    stores, dynamodb, observer, clock, ids, kilobyte
):
    services = services_over(stores, clock, ids)
    _, deployment = upsert(DeploymentInput.model_validate(welcome_deployment()), services)
    automation = with_identity(automation_from_document(welcoming(deployment)), ids.new(), NOON, NOON)
    ledger = RunLedger(stores.runs, clock, ids)
    launcher = RecordedLauncher()
    performer = ActionPerformer(tools_over(stores, launcher, clock, ids))
    event = signup(kilobyte)
    stores.events.put(event)

    with metered(dynamodb, observer) as meter:
        firing = firing_for(automation, event, clock.now())
        stores.firings.put(firing)
        performer.announce(firing)
        performer.perform(firing, 0)
        server = FlowServer((new_user_flow,), ledger, stores.runs, stores.events, clock, ids)
        server.serve({"flow_run_id": launcher.launched[0].id, "launch": "l-1"})

    assert {told.event for told in stores.events.newest(20).events} == LIFE_CYCLE | {"user.signed-up"}
    assert meter.written <= 30
