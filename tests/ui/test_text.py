"""Times, durations and counts as text."""

from datetime import timedelta

import pytest

from whenflow.testing.doubles import START
from whenflow.ui.text import between, count_of, cut, moment, moment_of, span


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "now"),
        (0.9, "now"),
        (1, "1 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (7200, "2 h ago"),
        (-90, "in 1 min"),
    ],
)
def test_an_instant_is_told_as_seen_from_now(seconds, said):
    assert moment(START, START + timedelta(seconds=seconds)).ago == said


def test_an_instant_of_another_zone_is_told_in_utc():
    from datetime import datetime, timezone

    there = datetime(2026, 11, 20, 14, 0, 0, 412_600, tzinfo=timezone(timedelta(hours=2)))

    assert moment(there, START).full == "2026-11-20 12:00:00.412 UTC"
    assert moment(there, START).iso == "2026-11-20T12:00:00.412600Z"


@pytest.mark.parametrize("text", [None, "", "yesterday", 7])
def test_what_is_no_instant_is_none(text):
    assert moment_of(text, START) is None


def test_a_naive_instant_is_taken_as_utc():
    assert moment_of("2026-11-20T12:00:00", START) == moment(START, START)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 ms"), (0.412, "412 ms"), (3.21, "3.2 s"), (125, "2 min 5 s"), (3780, "1 h 3 min"), (-0.2, "−200 ms")],
)
def test_a_duration_is_told_in_the_unit_that_fits(seconds, said):
    assert span(seconds) == said


def test_what_came_before_is_told_with_a_minus():
    assert between(START, START - timedelta(seconds=2)) == "−2.0 s"
    assert between(START, START + timedelta(seconds=2)) == "+2.0 s"


def test_counts_and_cuts():
    assert (count_of(1, "line"), count_of(2_000, "line")) == ("1 line", "2,000 lines")
    assert (cut("abc", 3), cut("abcd", 3)) == ("abc", "abc…")
