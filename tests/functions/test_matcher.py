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
    stack.new_records("EventsTable")
    for name in ("Ann", "Ben", "Cem"):
        stack.hook(slug, ANN | {"name": name})
    return stack.new_records("EventsTable")


def counting(threshold: int) -> dict[str, Any]:
    """An automation that counts orders in a window."""
    trigger = {"posture": "Reactive", "expect": ["order.placed"], "threshold": threshold, "within": 3_600}
    return {"name": "orders", "trigger": trigger, "actions": [{"type": "do-nothing"}]}


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


def test_from_the_first_record_whose_firing_is_not_stored_on_they_come_again(stack):
    slug = stack.welcomes_new_users()
    stack.new_records("EventsTable")
    stack.api("POST", "/events", order_document())
    for name in ("Ann", "Ben", "Cem"):
        stack.hook(slug, ANN | {"name": name})
    records = stack.new_records("EventsTable")
    calls = iter([False, True])

    with failing(wiring.dynamodb(), "PutItem", unreachable(), when=lambda _: next(calls)):
        answer = stack.invoke("matcher", records)

    bens = records["Records"][2]["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": bens}]}
    assert len(fired(stack)) == 1


def test_what_failed_is_done_when_it_is_delivered_again(stack, signups):
    calls = iter([False, True])
    with failing(wiring.dynamodb(), "PutItem", unreachable(), when=lambda _: next(calls)):
        stack.invoke("matcher", signups)

    assert stack.invoke("matcher", signups) == ALL_WELL
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
    assert len(fired(stack)) == 1, "the one before it is done"


def test_windows_count_across_batches(stack):
    stack.automation(counting(2))
    for number in (1, 2):
        stack.api("POST", "/events", order_document(number))
        stack.invoke("matcher", stack.new_records("EventsTable"))

    assert len(fired(stack)) == 1


def test_an_event_delivered_twice_counts_once(stack):
    stack.automation(counting(2))
    stack.api("POST", "/events", order_document())
    records = stack.new_records("EventsTable")

    for _ in range(3):
        assert stack.invoke("matcher", records) == ALL_WELL

    assert fired(stack) == []


@pytest.fixture
def beginnings(stack: Stack) -> list[dict[str, Any]]:
    """The records of a run's first two events, stored in one transaction; the one is waited for, then the other."""
    slug = stack.welcomes_new_users()
    after, expect = [["prefect.flow-run." + state] for state in ("Scheduled", "Pending")]
    trigger = {"posture": "Reactive", "after": after, "expect": expect, "threshold": 1, "within": 60}
    three = {"posture": "Reactive", "expect": ["prefect.flow-run.*"], "threshold": 3, "within": 3_600}
    stack.automation({"name": "runs", "trigger": trigger, "actions": [{"type": "do-nothing"}]})
    stack.automation({"name": "three", "trigger": three, "actions": [{"type": "do-nothing"}]})
    stack.hook(slug, ANN)
    stack.invoke("matcher", stack.new_records("EventsTable"))
    stack.invoke("action", stack.new_records("FiringsTable"))
    ids = [state.id for state in stack.run().states]
    records = stack.new_records("EventsTable")["Records"]
    return [one for id_ in ids for one in records if one["dynamodb"]["Keys"]["key"]["S"].endswith(id_)]


def test_events_that_were_stored_together_are_matched_in_their_order_whatever_the_streams(stack, beginnings):
    assert stack.invoke("matcher", {"Records": beginnings[::-1]}) == ALL_WELL

    assert len(fired(stack)) == 1


def test_events_that_were_stored_together_are_matched_in_order_though_they_come_in_two_batches(stack, beginnings):
    for record in reversed(beginnings):
        assert stack.invoke("matcher", {"Records": [record]}) == ALL_WELL

    assert len(fired(stack)) == 1


def test_events_that_were_stored_together_count_once_each_however_often_they_come(stack, beginnings):
    for _ in range(3):
        stack.invoke("matcher", {"Records": beginnings})

    assert len(fired(stack)) == 1, "of the one that waits for both, and none of the one that counts to three"


def test_where_one_of_those_that_were_stored_together_fails_both_come_again(stack, beginnings):
    with failing(wiring.dynamodb(), "TransactWriteItems", unreachable()):
        answer = stack.invoke("matcher", {"Records": beginnings})

    assert answer == {"batchItemFailures": [{"itemIdentifier": beginnings[1]["dynamodb"]["SequenceNumber"]}]}
    assert stack.invoke("matcher", {"Records": beginnings}) == ALL_WELL
    assert len(fired(stack)) == 1


def test_a_window_and_its_firing_are_stored_together_or_not_at_all(stack):
    stack.automation(counting(1))
    stack.api("POST", "/events", order_document())
    records = stack.new_records("EventsTable")
    with failing(wiring.dynamodb(), "TransactWriteItems", unreachable()):
        assert stack.invoke("matcher", records) != ALL_WELL

    assert stack.invoke("matcher", records) == ALL_WELL
    assert len(fired(stack)) == 1


def test_a_firing_whose_answer_was_lost_is_stored_once(stack):
    stack.automation(counting(1))
    stack.api("POST", "/events", order_document())
    records = stack.new_records("EventsTable")
    with failing(wiring.dynamodb(), "TransactWriteItems", unreachable(), answer_lost=True):
        assert stack.invoke("matcher", records) != ALL_WELL

    assert stack.invoke("matcher", records) == ALL_WELL
    assert len(fired(stack)) == 1


def test_an_automation_made_after_the_event_does_not_see_it(stack):
    stack.api("POST", "/events", order_document())
    stack.invoke("matcher", stack.new_records("EventsTable"))
    stack.welcomes_new_users()

    assert fired(stack) == []
