"""Closes hours of flow runs, so that lists need not read each run (docs/decisions/0016).

It goes from hour to hour in order, and remembers how far it has come. Hours of which an ended run was changed, and
those of which runs had not ended, are looked at again: the longer they have been waiting, the less often.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from whenflow.aws.calendar import NO_BEGINNING
from whenflow.aws.hour_keeper import Report
from whenflow.aws.observe import logger
from whenflow.aws.run_digests import HOUR, RunHour
from whenflow.ports import Clock
from whenflow.runs.summaries import summary_of

if TYPE_CHECKING:
    from whenflow.aws.run_store import DynamoRunStore

SELDOM = timedelta(days=7)
"""The longest time between two looks at an hour of which runs have not ended."""


class RunKeeper:
    """Closes hours of flow runs."""

    def __init__(self, store: "DynamoRunStore", clock: Clock) -> None:
        """Work on this store and its digests."""
        self._store = store
        self._digests = store.digests
        self._clock = clock

    def close_hours(self, seconds: float) -> Report:
        """Close what can be closed, oldest first, and begin with no further hour when some seconds are over."""
        until = self._clock.now() + timedelta(seconds=seconds)
        mark, end, closed, failed = self._digests.closed_until(), self._digests.last_to_close(), 0, 0
        if mark is not None and mark >= end:
            return Report(0, 0, True)
        for hour in self._hours_between(mark, end):
            if self._clock.now() >= until:
                self._digests.move_mark(hour)
                return Report(closed, failed, False)
            try:
                closed += self._close(self._digests.hour(hour))
            except Exception:  # the edge of one hour: it is read as it is until it can be closed
                logger.exception("hour of flow runs failed", extra={"hour": hour})
                self._digests.note(hour)
                failed += 1
        self._digests.move_mark(end)
        for again in list(self._digests.hours(NO_BEGINNING, end, newest_first=False, consistent=True)):
            if self._clock.now() >= until:
                return Report(closed, failed, False)
            try:
                closed += self._is_worth_it(again) and self._close(again)
            except Exception:  # the edge of one hour: the others are closed nevertheless
                logger.exception("hour of flow runs failed", extra={"hour": again.name})
                failed += 1
        return Report(closed, failed, True)

    def _hours_between(self, mark: str | None, end: str) -> Iterator[str]:
        """Yield the hours from the mark on to the one that ends it, of days on which runs were made."""
        days = [day for day, _ in self._store.days.periods() if mark is None or day >= mark[: len(day)]]
        for day in sorted(days):
            for number in range(24):
                hour = f"{day}T{number:02}"
                if (mark is None or hour >= mark) and hour < end:
                    yield hour

    def _close(self, hour: RunHour) -> bool:
        if not self._digests.can_be_closed(hour):
            return False
        runs = self._store.made_between(hour.start, hour.start + HOUR)
        if not runs and not hour.version:
            return False
        held = sorted(((run, summary_of(run)) for run, _ in runs), key=lambda one: one[1].position, reverse=True)
        expires = [when for _, when in runs] or [int(self._clock.now().timestamp())]
        return self._digests.close(hour, held, min(expires), max(expires))

    def _is_worth_it(self, hour: RunHour) -> bool:
        """Tell whether an hour that was closed once is to be closed again."""
        if not hour.is_closed:
            return True
        if not hour.open_runs or hour.looked is None:
            return False
        now = self._clock.now()
        if now - hour.looked < min(SELDOM, (hour.looked - hour.start) / 2):
            return False
        ids = self._digests.open_runs([hour]).get(hour.name, [])
        present = [run for run, _ in self._store.brief(ids)]
        if len(present) < len(ids) or any(run.state.type.is_final for run in present):
            return True
        self._digests.looked_at(hour)
        return False
