"""Firings in DynamoDB, many at once."""

import random
import time
from dataclasses import replace
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.firings import firing_for
from tests.outages import refusal
from tests.stories import order_placed

from whenflow.automations import Firing
from whenflow.automations.settle import Record
from whenflow.aws.firing_store import AT_ONCE, MAX_TROUBLES, DynamoFiringStore
from whenflow.errors import TooLarge, Transient
from whenflow.testing import ManualClock, MemoryEventStore, an_automation
from whenflow.testing.matching import LANE, MemoryMatching


class SlowTable:
    """A table that takes its time, like the real one: a client with the one call that is used.

    Attributes:
        put: The ids that were put, in order.
        most: The most calls that were under way at once.
        errors: What to raise, by id.
    """

    def __init__(self, seconds: float = 0.002) -> None:
        self.seconds = seconds
        self.put: list[str] = []
        self.most = 0
        self.errors: dict[str, ClientError] = {}
        self._under_way = 0
        self._lock = Lock()

    def put_item(self, **call: Any) -> None:
        """Put an item."""
        id_ = call["Item"]["id"]["S"]
        with self._lock:
            self._under_way += 1
            self.most = max(self.most, self._under_way)
            self.put.append(id_)
        time.sleep(self.seconds)
        with self._lock:
            self._under_way -= 1
        if id_ in self.errors:
            raise self.errors[id_]


@pytest.fixture
def table() -> SlowTable:
    return SlowTable()


@pytest.fixture
def store(table: SlowTable, clock: ManualClock) -> DynamoFiringStore:
    return DynamoFiringStore(table, "FiringsTable", clock)  # type: ignore[arg-type]


def firings(count: int) -> list[Firing]:
    return [firing_for(an_automation(f"a{number}"), order_placed()) for number in range(count)]


def test_many_firings_are_put_ten_at_a_time_and_each_once(store, table):
    many = firings(100)

    assert list(store.put_all(many)) == [True] * 100
    assert sorted(table.put) == sorted(one.id for one in many)
    assert table.most == AT_ONCE


def test_a_firing_that_fits_no_item_keeps_no_other_from_being_stored(store):
    huge, *others = firings(5)
    noise = random.Random(1).randbytes(400_000).hex()

    outcomes = store.put_all([replace(huge, labels={"noise": noise}), *others])

    assert isinstance(outcomes[0], TooLarge)
    assert list(outcomes[1:]) == [True] * 4


def test_a_firing_that_meets_a_throttle_keeps_no_other_from_being_stored(store, table):
    many = firings(20)
    table.errors = {many[3].id: refusal("ThrottlingException")}

    outcomes = store.put_all(many)

    assert isinstance(outcomes[3], Transient)
    assert outcomes.count(True) == 19


def test_where_the_table_is_away_not_all_of_them_are_tried(store, table):
    many = firings(100)
    table.errors = {one.id: refusal("ServiceUnavailable") for one in many}

    outcomes = store.put_all(many)

    assert all(isinstance(one, Transient) for one in outcomes)
    assert len(table.put) < MAX_TROUBLES + AT_ONCE


def test_one_event_that_many_automations_wait_for_costs_one_call_for_each(store, table, clock):
    automations = [an_automation(f"a{number}") for number in range(300)]
    matching = MemoryMatching(lambda: automations, MemoryEventStore(), store, clock)

    report = matching.matcher.match([Record(order_placed(), LANE, 1)])

    assert (report.firings, len(report.failed), len(set(table.put)), len(table.put)) == (300, 0, 300, 300)
    assert table.most == AT_ONCE


def test_a_record_of_which_one_firing_is_not_stored_comes_again_and_gives_that_one(store, table, clock):
    automations = [an_automation(f"a{number}") for number in range(30)]
    matching = MemoryMatching(lambda: automations, MemoryEventStore(), store, clock)
    records = [Record(order_placed(), LANE, 1), Record(order_placed(8), LANE, 2)]
    table.errors = {firing_for(automations[7], order_placed(8)).id: refusal("ThrottlingException")}

    report = matching.matcher.match(records)

    assert (report.firings, list(report.failed)) == (59, records[1:])
