"""What only the run store in DynamoDB does."""

import random
import string
from datetime import timedelta

import pytest
from tests.firings import firing_for
from tests.outages import failing, refusal, unreachable
from tests.stores import deployed, runner_over
from tests.stories import ann_signs_up, welcome_deployment, welcoming
from tests.tables import ttl_attribute

from whenflow.automations import Firing, automation_from_document
from whenflow.automations.model import with_identity
from whenflow.errors import Transient
from whenflow.ports import LogLine
from whenflow.runs import FlowRun, RunLedger, StateType
from whenflow.runs.bookkeeping import moved
from whenflow.runs.events import state_event
from whenflow.runs.slots import SlotChange, queued_as
from whenflow.testing import RecordedLauncher


@pytest.fixture
def ledger(stores, clock, ids) -> RunLedger:
    """The ledger of flow runs."""
    return RunLedger(stores.runs, clock, ids)


@pytest.fixture
def deployment(stores, clock, ids) -> dict:
    """The deployment that welcomes new users."""
    return deployed(welcome_deployment(), stores, clock, ids)


@pytest.fixture
def welcome(stores, clock, ids, deployment) -> FlowRun:
    """Ann's flow run, just started."""
    launcher = RecordedLauncher()
    action, firing, index = started_by(deployment, clock)
    runner_over(stores, launcher, clock, ids).run(action, firing, index, firing.event)
    return launcher.launched[0]


def started_by(deployment, clock, **parameters) -> tuple[dict, Firing, int]:
    """The action of Ann's firing."""
    document = welcoming(deployment)
    document["actions"][0]["parameters"].update(parameters)
    automation = with_identity(automation_from_document(document), deployment["id"], clock.now(), clock.now())
    firing = firing_for(automation, ann_signs_up(), clock.now())
    return dict(firing.actions[0]), firing, 0


def test_a_run_and_its_event_are_stored_together_or_not_at_all(stores, dynamodb, ledger, welcome):
    with failing(dynamodb, "TransactWriteItems", unreachable()), pytest.raises(Transient):
        ledger.move(welcome.id, StateType.RUNNING)

    assert ledger.get(welcome.id).state.type == StateType.PENDING
    assert "prefect.flow-run.Running" not in {event.event for event in stores.events.newest(50).events}


def test_a_change_whose_answer_was_lost_is_made_once(stores, dynamodb, ledger, welcome):
    with failing(dynamodb, "TransactWriteItems", unreachable(), answer_lost=True), pytest.raises(Transient):
        ledger.move(welcome.id, StateType.COMPLETED)

    ledger.move(welcome.id, StateType.COMPLETED)

    names = [event.event for event in stores.events.newest(50).events]
    assert names.count("prefect.flow-run.Completed") == 1


def test_a_transaction_that_met_another_asks_for_another_try(dynamodb, ledger, welcome):
    error = refusal("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])

    with failing(dynamodb, "TransactWriteItems", error), pytest.raises(Transient):
        ledger.move(welcome.id, StateType.RUNNING)


def test_a_run_and_its_log_expire_together(stores, dynamodb, welcome, clock):
    stores.runs.add_logs(welcome.id, [LogLine(clock.now(), 20, "whenflow.flow_runs", "Hello")])

    items = dynamodb.scan(TableName="RunsTable")["Items"]

    hundred_days_on = int((clock.now() + timedelta(days=100)).timestamp())
    assert [int(item[ttl_attribute("RunsTable")]["N"]) for item in items] == [hundred_days_on] * 2


def test_a_run_that_is_scheduled_outlives_its_time_by_as_long_as_any(stores, dynamodb, clock, ids, deployment):
    action, firing, index = started_by(deployment, clock)
    in_a_year = 365 * 86_400
    runner_over(stores, RecordedLauncher(), clock, ids).run(
        action | {"schedule_after": in_a_year}, firing, index, firing.event
    )

    (item,) = dynamodb.scan(TableName="RunsTable")["Items"]

    then = clock.now() + timedelta(seconds=in_a_year, days=100)
    assert int(item[ttl_attribute("RunsTable")]["N"]) == int(then.timestamp())


def test_a_firing_outlives_the_names_that_step_functions_remembers(stores, dynamodb, deployment, clock):
    stores.firings.put(started_by(deployment, clock)[1])

    (item,) = dynamodb.scan(TableName="FiringsTable")["Items"]

    assert int(item[ttl_attribute("FiringsTable")]["N"]) > (clock.now() + timedelta(days=90)).timestamp()


def test_parameters_that_fit_no_item_stand_in_several(stores, clock, ids, deployment):
    hardly_compresses = "".join(random.Random(7).choices(string.ascii_letters + string.digits + "-_.~!*()", k=500_000))
    action, firing, index = started_by(deployment, clock, noise=hardly_compresses)
    launcher = RecordedLauncher()

    runner_over(stores, launcher, clock, ids).run(action, firing, index, firing.event)

    (run,) = launcher.launched
    assert stores.runs.get(run.id).parameters["noise"] == hardly_compresses


CONFLICT = refusal("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])


def pending(ledger: RunLedger, run: FlowRun) -> FlowRun:
    return moved(run, ledger.new_state(run.id, StateType.PENDING))


def test_a_slot_that_many_want_at_the_same_moment_is_asked_for_again_before_anybody_is_told(
    stores, dynamodb, ledger, welcome
):
    run = pending(ledger, ledger.get(welcome.id))
    change = [SlotChange("pool", queued_as(run), take=1)]
    left = iter([True, True, True, False])

    with failing(dynamodb, "TransactWriteItems", CONFLICT, when=lambda _: next(left)):
        stores.runs.save(run, state_event(run), change)

    assert stores.runs.slots_taken("pool") == 1


def test_a_slot_that_cannot_be_had_for_long_is_a_passing_trouble(stores, dynamodb, ledger, welcome):
    run = pending(ledger, ledger.get(welcome.id))

    with failing(dynamodb, "TransactWriteItems", CONFLICT), pytest.raises(Transient):
        stores.runs.save(run, state_event(run), [SlotChange("pool", queued_as(run), take=1)])

    assert stores.runs.slots_taken("pool") == 0


def test_a_change_that_touches_no_slot_is_tried_once(stores, dynamodb, ledger, welcome):
    run = pending(ledger, ledger.get(welcome.id))
    first_only = iter([True])

    with (
        failing(dynamodb, "TransactWriteItems", CONFLICT, when=lambda _: next(first_only)),
        pytest.raises(Transient),
    ):
        stores.runs.save(run, state_event(run))
