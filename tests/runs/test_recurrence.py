"""When schedules are due."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from whenflow.runs.recurrence import CronSchedule, IntervalSchedule, Recurrence, RRuleSchedule

NOON = datetime(2026, 3, 27, 12, tzinfo=UTC)
schedules: TypeAdapter[Any] = TypeAdapter(Recurrence)


def due(schedule: Any, after: datetime = NOON, limit: int = 4) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in islice(schedule.after(after), limit)]


def test_cron_is_due_at_its_minutes() -> None:
    assert due(CronSchedule(cron="*/20 * * * *")) == ["03-27 12:20", "03-27 12:40", "03-27 13:00", "03-27 13:20"]


def test_cron_keeps_to_the_wall_clock_when_the_clocks_change() -> None:
    nine = CronSchedule(cron="0 9 * * *", timezone="Europe/Berlin")

    assert due(nine) == ["03-28 08:00", "03-29 07:00", "03-30 07:00", "03-31 07:00"]


def test_days_of_month_or_of_week_suffice_unless_both_are_asked_for() -> None:
    either = CronSchedule(cron="0 0 13 * 5")
    both = CronSchedule(cron="0 0 13 * 5", day_or=False)

    assert due(either, limit=3) == ["04-03 00:00", "04-10 00:00", "04-13 00:00"]
    assert due(both, limit=1) == ["11-13 00:00"]


def test_an_interval_of_hours_is_elapsed_time() -> None:
    each = IntervalSchedule(interval=6 * 3600, anchor_date=NOON - timedelta(hours=1), timezone="Europe/Berlin")

    assert due(each, NOON + timedelta(days=1)) == ["03-28 17:00", "03-28 23:00", "03-29 05:00", "03-29 11:00"]


def test_an_interval_of_days_stays_at_its_hour_when_the_clocks_change() -> None:
    daily = IntervalSchedule(interval=86400, anchor_date=datetime(2026, 1, 1, 8, tzinfo=UTC), timezone="Europe/Berlin")

    assert due(daily) == ["03-28 08:00", "03-29 07:00", "03-30 07:00", "03-31 07:00"]


def test_a_recurrence_rule_is_read_on_the_wall_clock() -> None:
    weekdays = RRuleSchedule(rrule="FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=9;BYMINUTE=0", timezone="Europe/Berlin")

    assert due(weekdays) == ["03-28 08:00", "03-29 07:00", "04-04 07:00", "04-05 07:00"]


def test_a_recurrence_rule_may_begin_and_end() -> None:
    three = RRuleSchedule(rrule="DTSTART:20260401T100000\nRRULE:FREQ=DAILY;COUNT=3")

    assert due(three) == ["04-01 10:00", "04-02 10:00", "04-03 10:00"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"cron": "* * * *"}, "no cron expression"),
        ({"cron": "61 * * * *"}, "no cron expression"),
        ({"cron": "* * * * * *"}, "no cron expression"),
        ({"cron": "0 9 * * *", "timezone": "Mars/Olympus"}, "there is no time zone"),
        ({"interval": 0}, "greater than or equal to 1"),
        ({"rrule": "FREQ=SOMETIMES"}, "no recurrence rule"),
        ({"rrule": "FREQ=MINUTELY"}, "HOURLY or longer"),
        ({"rrule": "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"}, "does not come true"),
        ({"cron": "0 0 30 2 *"}, "no cron expression"),
        ({"rrule": "RRULE:FREQ=DAILY\nEXDATE:20260401T000000"}, "one RRULE"),
        ({"rrule": "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY"}, "one RRULE"),
        ({"every": "day"}, "give one of cron, interval, rrule"),
        ("daily", "give one of cron, interval, rrule"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_reason(document: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        schedules.validate_python(document)


KINDS = st.sampled_from(
    [
        {"cron": "*/7 3-5 * * 1-5", "timezone": "America/New_York"},
        {"cron": "30 2 * * *", "timezone": "Europe/Berlin"},
        {"interval": 5400},
        {"interval": 86400 * 2, "timezone": "Australia/Lord_Howe"},
        {"rrule": "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=2;BYMINUTE=30", "timezone": "Europe/Berlin"},
    ]
)


@given(KINDS, st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_moments_come_after_the_one_asked_for_and_in_order(document: dict[str, Any], moment: datetime) -> None:
    moments = [moment, *islice(schedules.validate_python(document).after(moment), 5)]

    assert len(moments) == 6
    assert all(earlier < later for earlier, later in pairwise(moments))


@given(KINDS, st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_asking_from_a_moment_on_gives_what_comes_after_it(document: dict[str, Any], moment: datetime) -> None:
    schedule = schedules.validate_python(document)
    first, second, third = islice(schedule.after(moment), 3)

    assert list(islice(schedule.after(first), 2)) == [second, third]
