"""Closes hours: once no event comes in for an hour any more, its digest is written, and its events are archived.

It runs every few minutes and goes on where it stopped; an hour that gets another event later is closed again. Each hour
is read once for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from whenflow.aws.calendar import Period
from whenflow.aws.event_items import Place
from whenflow.aws.event_reader import EventReader
from whenflow.aws.hour_digests import HourDigests
from whenflow.aws.observe import logger
from whenflow.events import Event
from whenflow.ports import Clock


class HourArchive(Protocol):
    """Where the events of closed hours go."""

    def keep(self, period: Period, shard: int, events: Iterator[Event]) -> None:
        """Keep the events of one shard of an hour; kept again, they are kept once."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What was done.

    Attributes:
        closed: Hours.
        failed: Hours that could not be closed; they are tried again.
        is_finished: Whether there was nothing more to do.
    """

    closed: int
    failed: int
    is_finished: bool


class HourKeeper:
    """Closes hours."""

    def __init__(self, reader: EventReader, digests: HourDigests, archive: HourArchive | None, clock: Clock) -> None:
        """Work on these; without an archive only the digests are written."""
        self._reader = reader
        self._digests = digests
        self._archive = archive
        self._clock = clock

    def close_hours(self, seconds: float) -> Report:
        """Close what can be closed, oldest first, and begin with no further hour when some seconds are over."""
        until = self._clock.now() + timedelta(seconds=seconds)
        closed = failed = 0
        for period in self._digests.open_hours():
            if self._clock.now() >= until:
                return Report(closed, failed, False)
            try:
                closed += self._close(period)
            except Exception:  # the edge of one hour: the others are closed nevertheless
                logger.exception("hour failed", extra={"hour": period.name})
                failed += 1
        return Report(closed, failed, True)

    def _close(self, period: Period) -> bool:
        held: list[tuple[Place, Event]] = []
        whole_until = int(self._clock.now().timestamp()) * 2
        for shard in range(period.shards):
            mine = list(self._reader.held_in(period.name, shard))
            held += [(place, event) for place, event, _ in mine]
            whole_until = min([whole_until, *(expires for _, _, expires in mine)])
            if self._archive and mine:
                self._archive.keep(period, shard, (event for _, event, _ in mine))
        return self._digests.close(period, held, whole_until)
