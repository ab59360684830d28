"""What AWS says became of an execution or invocation becomes a state."""

from typing import Any

import pytest
from tests.stories import NOBODY

from whenflow.runs import FlowRun, Refused, StateType
from whenflow.runs.track import Tracker


@pytest.fixture
def tracker(world) -> Tracker:
    """The tracker."""
    return Tracker(world.ledger)


def execution(run_id: str, status: str, **detail: Any) -> dict[str, Any]:
    """A status change of a Step Functions execution, as EventBridge tells it."""
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"name": run_id, "status": status, "error": None, "cause": None, **detail},
    }


def failed(payload: Any, response: Any = None) -> dict[str, Any]:
    """The record of an asynchronous invocation that failed for good."""
    return {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload,
        "responsePayload": response,
    }


@pytest.mark.parametrize(
    ("status", "type_", "name"),
    [
        ("RUNNING", StateType.RUNNING, "Running"),
        ("SUCCEEDED", StateType.COMPLETED, "Completed"),
        ("FAILED", StateType.FAILED, "Failed"),
        ("TIMED_OUT", StateType.FAILED, "TimedOut"),
        ("ABORTED", StateType.CANCELLED, "Cancelled"),
    ],
)
def test_the_status_of_an_execution_is_the_state_of_its_run(world, welcome, tracker, status, type_, name):
    tracker.execution_changed(execution(welcome.id, status))

    assert (world.run().state.type, world.run().state.name) == (type_, name)


def test_error_and_cause_are_the_message(world, welcome, tracker):
    tracker.execution_changed(execution(welcome.id, "FAILED", error="ValueError", cause="no such file"))

    assert world.run().state.message == "ValueError: no such file"


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        ('{"errorMessage": "no such file", "errorType": "ValueError", "stackTrace": ["line 42"]}', "no such file"),
        ('{"detail": 7}', '{"detail": 7}'),
        ("[1]", "[1]"),
        ("no such file", "no such file"),
    ],
)
def test_of_what_lambda_says_the_stack_trace_is_left_out(world, welcome, tracker, cause, message):
    tracker.execution_changed(execution(welcome.id, "FAILED", error="ValueError", cause=cause))

    assert world.run().state.message == f"ValueError: {message}"


def test_without_error_and_cause_there_is_no_message(world, welcome, tracker):
    tracker.execution_changed(execution(welcome.id, "SUCCEEDED"))

    assert world.run().state.message is None


def test_news_told_twice_change_nothing_the_second_time(world, welcome, tracker):
    tracker.execution_changed(execution(welcome.id, "SUCCEEDED"))

    assert isinstance(tracker.execution_changed(execution(welcome.id, "SUCCEEDED")), Refused)
    assert len(world.events.named("prefect.flow-run.Completed")) == 1


def test_news_that_are_late_change_nothing(world, welcome, tracker):
    tracker.execution_changed(execution(welcome.id, "SUCCEEDED"))

    assert isinstance(tracker.execution_changed(execution(welcome.id, "RUNNING")), Refused)
    assert world.run().state.type == StateType.COMPLETED


def test_a_status_that_is_no_outcome_changes_nothing(world, welcome, tracker):
    assert isinstance(tracker.execution_changed(execution(welcome.id, "PENDING_REDRIVE")), Refused)
    assert world.run() == welcome


@pytest.mark.parametrize("name", [NOBODY, "nightly-report", NOBODY.upper(), ""])
def test_an_execution_that_is_no_flow_run_is_none_of_ours(world, welcome, tracker, name):
    assert isinstance(tracker.execution_changed(execution(name, "SUCCEEDED")), Refused)
    assert world.run() == welcome


def test_an_invocation_that_failed_for_good_is_a_crashed_run(world, welcome, tracker):
    response = {"errorType": "Runtime.ExitError", "errorMessage": "RequestId: 1 Error: Runtime exited"}

    tracker.invocation_failed(failed({"flow_run_id": welcome.id, "launch": "l"}, response))

    assert world.run().state.type == StateType.CRASHED
    assert world.run().state.message == "Runtime.ExitError: RequestId: 1 Error: Runtime exited"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (None, "no reason was given"),
        ({}, "no reason was given"),
        ("text", "no reason was given"),
        ({"errorMessage": "Task timed out after 3.00 seconds"}, "Task timed out after 3.00 seconds"),
        ({"errorType": "MemoryError", "errorMessage": ""}, "MemoryError: no reason was given"),
    ],
)
def test_whatever_lambda_says_of_the_crash_is_the_message(world, welcome, tracker, response, message):
    tracker.invocation_failed(failed({"flow_run_id": welcome.id}, response))

    assert world.run().state.message == message


def test_a_run_that_ended_well_does_not_crash_afterwards(world, welcome, tracker):
    world.ledger.start(welcome.id, "l")
    world.ledger.move(welcome.id, StateType.COMPLETED)

    assert isinstance(tracker.invocation_failed(failed({"flow_run_id": welcome.id})), Refused)
    assert world.run().state.type == StateType.COMPLETED


@pytest.mark.parametrize(
    "payload", [None, "text", [], {}, {"flow_run_id": 7}, {"flow_run_id": "x"}, {"flow_run_id": NOBODY}]
)
def test_an_invocation_that_is_no_flow_run_is_none_of_ours(world, welcome, tracker, payload):
    assert isinstance(tracker.invocation_failed(failed(payload)), Refused)
    assert world.run() == welcome


def test_a_move_answers_with_the_run(world, welcome, tracker):
    moved = tracker.execution_changed(execution(welcome.id, "RUNNING"))

    assert isinstance(moved, FlowRun)
    assert moved == world.run()


def test_the_failure_of_one_launch_does_not_crash_a_run_that_another_works_on(world, welcome, tracker):
    world.ledger.start(welcome.id, "the second launch")

    outcome = tracker.invocation_failed(failed({"flow_run_id": welcome.id, "launch": "the first launch"}))

    assert outcome == Refused("Another launch works on this flow run.")
    assert world.run().state.type == StateType.RUNNING


def test_the_failure_of_the_launch_that_works_on_a_run_crashes_it(world, welcome, tracker):
    world.ledger.start(welcome.id, "the launch")

    tracker.invocation_failed(failed({"flow_run_id": welcome.id, "launch": "the launch"}))

    assert world.run().state.type == StateType.CRASHED
