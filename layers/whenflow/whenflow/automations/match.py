"""The use case behind the `matcher` function."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from whenflow.automations.engine import Engine
from whenflow.automations.gauging import feed
from whenflow.automations.held import Holder
from whenflow.automations.settle import Record, Settler, Sighting, is_for, is_stateless, unit_of
from whenflow.automations.timekeeping import Timekeeper
from whenflow.ports import Clock

logger = logging.getLogger("whenflow.matcher")


class AutomationDirectory(Protocol):
    """Knows the automations of this moment."""

    def engine(self) -> Engine:
        """Return the engine, loaded with the automations as they were at most two seconds ago."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a batch.

    Attributes:
        firings: How many firings were stored.
        failed: The records from the first on that could not be applied.
    """

    firings: int
    failed: Sequence[Record]


class Matcher:
    """Applies a batch of events to all triggers that look at them. A batch applied twice is applied once."""

    def __init__(
        self, automations: AutomationDirectory, settler: Settler, holder: Holder, timekeeper: Timekeeper, clock: Clock
    ) -> None:
        """Work with these automations and rows, with this clock."""
        self._automations = automations
        self._settler = settler
        self._holder = holder
        self._timekeeper = timekeeper
        self._clock = clock

    def match(self, records: Sequence[Record]) -> Report:
        """Apply records in order. Triggers are independent of each other: one that fails holds up no other."""
        engine = self._automations.engine()
        report = self._apply(engine, self._holder.sort(records))
        if report.failed:
            ids = [record.event.id for record in records]
            report = Report(report.firings, records[ids.index(report.failed[0].event.id) :])
        if engine.has_proactive:
            self._timekeeper.note_applied(records[: len(records) - len(report.failed)])
        return report

    def match_held(self, event_id: str, attempt: int) -> Report:
        """Apply an event that was held, if its time has come."""
        record = self._holder.bring_back(event_id, attempt)
        if record is None:
            return Report(0, ())
        report = self._apply(self._automations.engine(), [record])
        if not report.failed:
            self._holder.done(record)
        return report

    def _apply(self, engine: Engine, records: Sequence[Record]) -> Report:
        self._settler.use(engine)
        now = self._clock.now()
        units: defaultdict[tuple[str, ...], list[Sighting]] = defaultdict(list)
        at_once: list[Sighting] = []
        for record in records:
            for watch in engine.watching(record.event):
                if is_for(watch, record.event):
                    sighting = Sighting(record, watch)
                    (at_once if is_stateless(sighting) else units[unit_of(sighting)]).append(sighting)
        failed = len(records)
        try:
            feed(engine, self._settler, records, now)
        except Exception:  # as below: marks keep what was counted from counting twice
            logger.exception("gauges failed")
            failed = 0
        fired = self._settler.fire(at_once, now)
        firings = fired.new
        if fired.failed:
            (sighting, error), count = fired.failed[0], len(fired.failed)
            where = {"automation_id": sighting.watch.automation_id, "failed": count}
            logger.error("firings failed", exc_info=error, extra=where)
            failed = min(failed, *(records.index(one.record) for one, _ in fired.failed))
        for unit, sightings in units.items():
            try:
                firings += self._settler.apply(sightings, now)
            except (
                Exception
            ):  # the edge of one unit: its records come again, and marks keep the others from counting twice
                logger.exception("unit failed", extra={"automation_id": unit[0]})
                failed = min(failed, records.index(sightings[0].record))
        return Report(firings, records[failed:])
