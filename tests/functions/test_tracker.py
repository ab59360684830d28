"""Step Functions status changes, and invocations that failed for good."""

import json
from typing import Any

import pytest
from tests.functions.stack import queue_record
from tests.outages import failing, unreachable
from tests.stories import ANN, NOBODY

from whenflow.aws import wiring
from whenflow.errors import Transient


@pytest.fixture
def welcome(stack):
    """Ann's run, launched."""
    slug = stack.welcomes_new_users()
    stack.hook(slug, ANN)
    stack.invoke("matcher", stack.new_records("EventsTable"))
    stack.invoke("action", stack.new_records("FiringsTable"))
    return stack.run()


def status(run_id: str, word: str) -> dict[str, Any]:
    detail = {"name": run_id, "status": word, "error": "ValueError", "cause": "no such file"}
    return {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": detail}


def failed(run_id: str, message_id: str = "m-1") -> Any:
    record = {
        "requestPayload": {"flow_run_id": run_id, "launch": "l"},
        "responsePayload": {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 300.00 seconds"},
    }
    return queue_record(json.dumps(record), message_id)


def test_a_status_change_moves_the_run(stack, welcome):
    assert stack.invoke("tracker", status(welcome.id, "FAILED")) is None

    assert (stack.run().state.name, stack.run().state.message) == ("Failed", "ValueError: no such file")


def test_a_status_change_of_something_else_is_no_fault(stack, welcome):
    for name in (NOBODY, "nightly-report"):
        stack.invoke("tracker", status(name, "SUCCEEDED"))

    assert stack.run() == welcome


def test_a_status_change_that_cannot_be_stored_fails_so_that_it_is_delivered_again(stack, welcome):
    with failing(wiring.dynamodb(), "TransactWriteItems", unreachable()), pytest.raises(Transient):
        stack.invoke("tracker", status(welcome.id, "SUCCEEDED"))

    stack.invoke("tracker", status(welcome.id, "SUCCEEDED"))

    assert stack.run().state.name == "Completed"


def test_an_invocation_that_failed_for_good_crashes_its_run(stack, welcome):
    assert stack.invoke("tracker", {"Records": [failed(welcome.id)]}) == {"batchItemFailures": []}

    assert stack.run().state.name == "Crashed"
    assert stack.run().state.message == "Sandbox.Timedout: Task timed out after 300.00 seconds"


def test_a_failure_told_twice_is_one_crash(stack, welcome):
    for _ in range(2):
        stack.invoke("tracker", {"Records": [failed(welcome.id)]})

    assert stack.names().count("prefect.flow-run.Crashed") == 1


def test_a_message_that_fails_is_reported_and_costs_its_neighbours_nothing(stack, welcome):
    batch = {"Records": [queue_record("{", "bad"), failed(welcome.id, "good")]}

    assert stack.invoke("tracker", batch) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert stack.run().state.name == "Crashed"
