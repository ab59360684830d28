"""When a schedule of a deployment is due: cron, interval and recurrence rule, in the time zone they are written for."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from dateutil import rrule as dateutil_rrule
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, StrictStr, Tag, model_validator

from whenflow.events.validation import Instant

DAY = timedelta(days=1)
LAST_YEARS = 9970
CRON_FIELDS = 5
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def _zone(name: object) -> object:
    """Refuse a time zone that nobody knows."""
    if name is None:
        return "UTC"
    try:
        ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        raise ValueError(f"there is no time zone {name!r}; write it like 'Europe/Berlin'") from None
    return name


TimeZone = Annotated[StrictStr, BeforeValidator(_zone)]


class CronSchedule(BaseModel):
    """Five fields as in cron, or `@daily` and its like.

    Attributes:
        day_or: Where days of month and of week are given: whether either suffices, as in cron, or both must fit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: StrictStr = Field(max_length=200)
    timezone: TimeZone = "UTC"
    day_or: bool = True

    @model_validator(mode="after")
    def _is_cron(self) -> "CronSchedule":
        if len(self._expression().split()) != CRON_FIELDS:
            raise ValueError(f"'{self.cron}' is no cron expression: it needs the fields minute hour day month weekday")
        try:
            next(self.after(EPOCH), None)
        except CronSimError as error:
            raise ValueError(f"'{self.cron}' is no cron expression: {error}") from None
        return self

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the moments after this one, in UTC; none where there is none within decades."""
        start = moment.astimezone(ZoneInfo(self.timezone))
        minute, hour, day, month, weekday = self._expression().split()
        if self.day_or or "*" in {day, weekday}:
            return _utc(CronSim(self._expression(), start))
        days = CronSim(f"{minute} {hour} {day} {month} *", start)
        return _utc(local for local in days if _is_at(f"{minute} {hour} * {month} {weekday}", local))

    def _expression(self) -> str:
        return ALIASES.get(self.cron.strip().lower(), self.cron.strip())


class IntervalSchedule(BaseModel):
    """Every so many seconds, counted from an anchor.

    Whole days are counted on the wall clock of the time zone, so that "every day at nine" stays at nine; anything else
    is counted in elapsed time.

    Attributes:
        interval: Seconds between moments; at least one second.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval: float = Field(ge=1, le=366 * 24 * 3600)
    anchor_date: Instant = EPOCH
    timezone: TimeZone = "UTC"

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the moments after this one, in UTC."""
        step = timedelta(seconds=self.interval)
        if step % DAY:
            first = (moment - self.anchor_date) // step + 1
            return (self.anchor_date.astimezone(UTC) + number * step for number in count(first))
        anchor = self.anchor_date.astimezone(ZoneInfo(self.timezone))
        first = (moment - self.anchor_date) // step - 1  # the wall clock may be an hour off elapsed time
        return (due for number in count(first) if (due := (anchor + number * step).astimezone(UTC)) > moment)


class RRuleSchedule(BaseModel):
    """A recurrence rule of RFC 5545: one RRULE, with a DTSTART before it if need be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rrule: StrictStr = Field(max_length=6500)
    timezone: TimeZone = "UTC"

    @model_validator(mode="after")
    def _is_rule(self) -> "RRuleSchedule":
        if re.search(r"\b(EXDATE|RDATE|EXRULE)\b", self.rrule.upper()) or self.rrule.upper().count("FREQ=") != 1:
            raise ValueError("rrule must be one RRULE, with a DTSTART before it if need be")
        try:
            rule = self._rule()
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise ValueError(f"'{self.rrule}' is no recurrence rule: {error}") from None
        if rule._freq > dateutil_rrule.HOURLY:
            raise ValueError("FREQ must be HOURLY or longer; for shorter ones use an interval")
        # Looked at in the last years there are: a rule that never comes true is followed to their end.
        last_years = rule._dtstart.replace(year=LAST_YEARS, day=1)
        if next(iter(rule.replace(dtstart=last_years, count=None, until=None)), None) is None:
            raise ValueError(f"'{self.rrule}' does not come true")
        return self

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the moments after this one, in UTC."""
        zone = ZoneInfo(self.timezone)
        start = moment.astimezone(zone).replace(tzinfo=None)
        return _utc(local.replace(tzinfo=zone) for local in self._rule().xafter(start))

    def _rule(self) -> Any:
        """Return the rule on the wall clock of its time zone: it carries no zone itself."""
        zone = ZoneInfo(self.timezone)
        start = EPOCH.astimezone(zone).replace(hour=0, minute=0, tzinfo=None)
        found = dateutil_rrule.rrulestr(re.sub(r"(?<=\d)Z\b", "", self.rrule), dtstart=start, ignoretz=True)
        if not isinstance(found, dateutil_rrule.rrule):
            raise ValueError("it is more than one rule")
        return found


def _kind(document: Any) -> str | None:
    for kind in ("cron", "interval", "rrule"):
        if kind in document if isinstance(document, dict) else hasattr(document, kind):
            return kind
    return None


Recurrence = Annotated[
    Annotated[CronSchedule, Tag("cron")]
    | Annotated[IntervalSchedule, Tag("interval")]
    | Annotated[RRuleSchedule, Tag("rrule")],
    Discriminator(_kind, custom_error_type="schedule", custom_error_message="give one of cron, interval, rrule"),
]


def _utc(moments: Iterator[datetime]) -> Iterator[datetime]:
    return (moment.astimezone(UTC) for moment in moments)


def _is_at(expression: str, local: datetime) -> bool:
    return next(CronSim(expression, local - timedelta(minutes=1)), None) == local
