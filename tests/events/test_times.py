"""Instants as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.stories import NOON

from whenflow.events import iso, parse_iso


def test_an_instant_is_written_in_utc_with_microseconds():
    assert iso(NOON) == "2026-11-20T12:00:00.000000Z"


def test_an_instant_of_another_zone_is_written_in_utc():
    assert iso(NOON.astimezone(timezone(timedelta(hours=-5)))) == "2026-11-20T12:00:00.000000Z"


def test_an_instant_without_a_zone_is_taken_as_utc():
    assert iso(NOON.replace(tzinfo=None)) == "2026-11-20T12:00:00.000000Z"


@pytest.mark.parametrize("instant", [NOON, datetime(1, 1, 1, tzinfo=UTC), NOON + timedelta(microseconds=1)])
def test_what_was_written_is_read_again(instant):
    assert parse_iso(iso(instant)) == instant


def test_text_without_a_zone_is_read_as_utc():
    assert parse_iso("2026-11-20T12:00:00") == NOON


def test_written_instants_are_in_the_order_of_time():
    instants = [NOON + timedelta(microseconds=n * 999_983) for n in range(50)]

    assert sorted(map(iso, instants)) == list(map(iso, instants))


def test_text_that_is_no_instant_is_refused():
    with pytest.raises(ValueError, match="nonsense"):
        parse_iso("nonsense")
