"""Time: a schedule, a queue of rings, and who may ask for them."""

from typing import Any

import pytest
from tests.template.loading import functions, mappings, names_in, of_type, referred

from whenflow.aws.timer_queue import MAX_DELAY_SECONDS

SETTING = "WHENFLOW_TIMER_QUEUE_URL"
KEEPING_WINDOWS = ["ApiFunction", "MatcherFunction", "TimerFunction"]
ASKING = ["ActionFunction", "ApiFunction", "FlowsFunction", "MatcherFunction", "TimerFunction", "TrackerFunction"]


def statements(name: str) -> list[dict[str, Any]]:
    return [statement for policy in functions()[name]["Policies"] for statement in policy["Statement"]]


def allowed(name: str, resource: str) -> set[str]:
    """Return the actions that a function may take on a resource of the template, or on an index of it."""
    return {
        action
        for statement in statements(name)
        if resource in str(statement["Resource"])
        for action in statement["Action"]
    }


def test_the_timer_sweeps_each_minute() -> None:
    [event] = functions()["TimerFunction"]["Events"].values()

    assert (event["Type"], event["Properties"]["Schedule"]) == ("Schedule", "rate(1 minute)")


def test_a_sweep_that_cannot_be_handed_over_is_kept() -> None:
    [event] = functions()["TimerFunction"]["Events"].values()

    assert names_in(event["Properties"]["DeadLetterConfig"]) == {"NotificationDeadLetters"}


def test_a_sweep_ends_before_the_next_begins() -> None:
    assert functions()["TimerFunction"]["Timeout"] <= 60


def test_rings_are_answered_by_the_timer_alone() -> None:
    [reader] = [one for one in mappings().values() if names_in(one.get("EventSourceArn", {})) == {"TimerQueue"}]

    assert referred(reader["FunctionName"]) == "TimerFunction"
    assert "MaximumBatchingWindowInSeconds" not in reader, "a ring is answered at its second"


def test_a_ring_may_be_asked_for_as_far_ahead_as_the_queue_allows() -> None:
    assert MAX_DELAY_SECONDS == 900
    assert "DelaySeconds" not in of_type("AWS::SQS::Queue")["TimerQueue"]


def test_who_asks_for_rings_is_told_where_and_may() -> None:
    told = [name for name, one in sorted(functions().items()) if SETTING in one["Environment"]["Variables"]]
    may = [name for name in sorted(functions()) if "sqs:SendMessage" in allowed(name, "TimerQueue.Arn")]

    assert told == may == ASKING


def test_who_keeps_windows_may_read_and_write_them() -> None:
    needed = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}

    assert [name for name in KEEPING_WINDOWS if not needed <= allowed(name, "StateTable")] == []


def test_only_the_timer_and_who_shows_what_is_scheduled_read_what_is_due() -> None:
    assert [name for name in sorted(functions()) if allowed(name, "index/due")] == ["ApiFunction", "TimerFunction"]
    assert allowed("ApiFunction", "StateTable.Arn}/index/due") == set()
    assert "dynamodb:Query" in allowed("TimerFunction", "StateTable.Arn}/index/due")
    assert allowed("TimerFunction", "RunsTable.Arn}/index/due") == {"dynamodb:Query"}


@pytest.mark.parametrize("name", ["MatcherFunction", "TimerFunction"])
def test_what_closes_windows_stores_firings(name: str) -> None:
    assert "dynamodb:PutItem" in allowed(name, "FiringsTable")


def test_before_an_absence_is_told_the_timer_may_ask_for_events() -> None:
    assert {"dynamodb:GetItem", "dynamodb:Query"} <= allowed("TimerFunction", "EventsTable")
