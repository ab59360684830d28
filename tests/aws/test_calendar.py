"""The calendar: lists ask for the hours and days that hold something, and for no others."""

from datetime import timedelta

import pytest
from tests.counting import metered

from whenflow.aws.calendar import Calendar

KEPT = timedelta(days=30)


@pytest.fixture
def calendar(dynamodb, clock) -> Calendar:
    return Calendar(dynamodb, "StateTable", "orders", KEPT, clock)


def test_periods_come_newest_first_each_with_its_partitions(calendar):
    calendar.note("2026-11-19", 4)
    calendar.note("2026-11-20", 2)

    assert list(calendar.periods()) == [("2026-11-20", 2), ("2026-11-19", 4)]


def test_periods_can_begin_at_any_of_them(calendar):
    for day in range(10, 20):
        calendar.note(f"2026-11-{day}", 4)

    assert [day for day, _ in calendar.periods("2026-11-12")] == ["2026-11-12", "2026-11-11", "2026-11-10"]


def test_more_periods_than_fit_a_page_are_all_there(calendar):
    told = [f"2026-{number:03}" for number in range(120)]
    for day in told:
        calendar.note(day, 4)

    assert [day for day, _ in calendar.periods()] == told[::-1]


def test_a_period_noted_again_within_the_hour_costs_nothing(calendar, dynamodb, observer):
    calendar.note("2026-11-20", 4)

    with metered(dynamodb, observer) as meter:
        for _ in range(50):
            calendar.note("2026-11-20", 4)

    assert meter.written == 0


def test_a_period_that_was_spread_wider_stays_so(calendar, dynamodb, clock):
    calendar.note("2026-11-20", 8)

    Calendar(dynamodb, "StateTable", "orders", KEPT, clock).note("2026-11-20", 4)

    assert list(calendar.periods()) == [("2026-11-20", 8)]


def test_calendars_of_other_things_are_apart(calendar, dynamodb, clock):
    calendar.note("2026-11-20", 4)

    assert list(Calendar(dynamodb, "StateTable", "invoices", KEPT, clock).periods()) == []


def test_listing_runs_of_an_empty_stack_asks_once(stores, dynamodb, observer):
    with metered(dynamodb, observer) as meter:
        assert stores.runs.newest(50) == []

    assert meter.read <= 1
