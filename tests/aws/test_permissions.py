"""A permission that is missing is told, and never taken for an answer of the table."""

import pytest
from botocore.exceptions import ClientError
from tests.firings import firing_for
from tests.outages import failing, refusal
from tests.stories import NOON, order_placed

from whenflow.ports import LogLine
from whenflow.runs import FlowRun, RunLedger, StateType
from whenflow.testing import an_automation

DENIED = refusal("AccessDeniedException")
MADE_ELSEWHERE = "0190163d-8694-7000-8000-0000000000aa"


def to(table):
    return lambda params: params["TableName"] == table


@pytest.mark.parametrize(
    ("operation", "table"), [("PutItem", "EventsTable"), ("PutItem", "StateTable"), ("UpdateItem", "StateTable")]
)
def test_an_event_that_may_not_be_stored_is_not_taken_for_stored(stores, dynamodb, operation, table):
    with failing(dynamodb, operation, DENIED, when=to(table)), pytest.raises(ClientError):
        stores.events.put(order_placed(id=MADE_ELSEWHERE))

    assert stores.events.put(order_placed(id=MADE_ELSEWHERE)) is not None


def test_a_firing_that_may_not_be_stored_is_not_taken_for_stored(stores, dynamodb):
    firing = firing_for(an_automation(), order_placed())

    with failing(dynamodb, "PutItem", DENIED), pytest.raises(ClientError):
        stores.firings.put(firing)

    assert stores.firings.put(firing) is True


def test_a_document_that_may_not_be_stored_is_not_taken_for_a_conflict(stores, dynamodb):
    with failing(dynamodb, "TransactWriteItems", DENIED), pytest.raises(ClientError):
        stores.config.create("webhook", "tea", {"id": "tea"})

    assert stores.config.get("webhook", "tea") is None


def test_a_run_that_may_not_be_stored_is_not_taken_for_a_conflict(stores, dynamodb, clock, ids):
    ledger = RunLedger(stores.runs, clock, ids)
    run_id = ids.new()
    run = FlowRun(
        id=run_id,
        name="quick-fox",
        flow_id=run_id,
        flow_name="f",
        deployment_id=None,
        deployment_name=None,
        work_pool_name=None,
        parameters={},
        tags=(),
        created=NOON,
        states=(ledger.new_state(run_id, StateType.SCHEDULED),),
    )

    with failing(dynamodb, "TransactWriteItems", DENIED), pytest.raises(ClientError):
        ledger.create(run)

    assert stores.runs.get(run_id) is None


def test_log_lines_that_may_not_be_stored_are_not_lost_in_silence(stores, dynamodb, ids):
    with failing(dynamodb, "PutItem", DENIED), pytest.raises(ClientError):
        stores.runs.add_logs(ids.new(), [LogLine(NOON, 20, "whenflow.flow_runs", "hello")])
