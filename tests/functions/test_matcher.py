"""The stream of the events table."""

from typing import Any

import pytest
from tests.functions.stack import Stack
from tests.outages import failing, refusal, unreachable
from tests.stories import ANN, order_document

from whenflow.aws import wiring

ALL_WELL: dict[str, Any] = {"batchItemFailures": []}


@pytest.fixture
def signups(stack: Stack) -> dict[str, Any]:
    """Three signups, as the stream hands them over."""
    slug = stack.welcomes_new_users()
    for name in ("Ann", "Ben", "Cem"):
        stack.hook(slug, ANN | {"name": name})
    return stack.new_records("EventsTable")


def fired(stack) -> list[str]:
    return sorted(str(record["dynamodb"]["Keys"]["id"]["S"]) for record in stack.new_records("FiringsTable")["Records"])


def test_events_that_are_expected_become_firings(stack, signups):
    assert stack.invoke("matcher", signups) == ALL_WELL
    assert len(fired(stack)) == 3


def test_events_nobody_expects_become_nothing(stack):
    stack.welcomes_new_users()
    stack.api("POST", "/events", order_document())

    assert stack.invoke("matcher", stack.new_records("EventsTable")) == ALL_WELL
    assert fired(stack) == []


def test_events_delivered_twice_are_the_same_firings(stack, signups):
    stack.invoke("matcher", signups)
    stack.invoke("matcher", signups)

    assert len(fired(stack)) == 3


def test_the_record_that_fails_is_reported_by_its_number_and_the_later_ones_wait(stack, signups):
    numbers = [record["dynamodb"]["SequenceNumber"] for record in signups["Records"]]
    calls = iter([False, True])

    with failing(wiring.dynamodb(), "PutItem", unreachable(), when=lambda _: next(calls)):
        answer = stack.invoke("matcher", signups)

    assert answer == {"batchItemFailures": [{"itemIdentifier": numbers[1]}]}
    assert len(fired(stack)) == 1


def test_the_rest_delivered_again_is_done(stack, signups):
    calls = iter([False, True])
    with failing(wiring.dynamodb(), "PutItem", unreachable(), when=lambda _: next(calls)):
        stack.invoke("matcher", signups)

    assert stack.invoke("matcher", {"Records": signups["Records"][1:]}) == ALL_WELL
    assert len(fired(stack)) == 3


def test_a_throttled_table_is_tried_again(stack, signups):
    with failing(wiring.dynamodb(), "PutItem", refusal("ThrottlingException")):
        answer = stack.invoke("matcher", signups)

    first = signups["Records"][0]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": first}]}


def test_a_record_that_cannot_be_read_is_reported_and_logged(stack, signups, logged):
    signups["Records"][1]["dynamodb"]["NewImage"]["body"]["B"] = "bm90IGEgYm9keQ=="

    answer = stack.invoke("matcher", signups)

    number = signups["Records"][1]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert number in logged()


def test_an_automation_made_after_the_event_does_not_see_it(stack):
    stack.api("POST", "/events", order_document())
    stack.invoke("matcher", stack.new_records("EventsTable"))
    stack.welcomes_new_users()

    assert fired(stack) == []
