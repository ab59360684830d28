"""A matcher, a timer and the time, for stories about windows that time closes."""

from datetime import timedelta

from tests.engine.durable import Cloud
from tests.engine.story import Document, at, automation

from whenflow.automations.witnesses import NEAR_MISS
from whenflow.events import Event
from whenflow.testing import an_event

ID = "prefect.resource.id"


def event(name: str, seconds: float, resource: str = "r.1") -> Event:
    return an_event(name, resource, id=f"{name}@{seconds:g}", occurred=at(seconds))


class Times:
    """A matcher and a timer, each a process of its own, and a clock that rings what was asked for."""

    def __init__(self, trigger: Document, *, witnesses: bool = True) -> None:
        self.automation = automation(trigger)
        self.cloud = Cloud(self.automation, witnesses=witnesses)
        self.matcher, self.timer = self.cloud.process(), self.cloud.process()
        self._next_sweep = at(0)

    def happens(self, name: str, seconds: float, resource: str = "r.1", *, matched: bool = True) -> Event:
        """Let an event occur and be stored at T+n; and be matched, unless that is still to come."""
        self.time_is(seconds)
        one = event(name, seconds, resource)
        record = self.cloud.record(one)
        if matched:
            self.matcher.match(record)
        return one

    def time_is(self, seconds: float) -> None:
        """Let time pass second by second: a sweep each minute, and each ring when it was asked for."""
        while self.cloud.clock.now() < at(seconds):
            self._minute()
            self.cloud.clock.advance(1)
            self._ring()
        self._minute()

    def fired(self) -> list[tuple[float, str | None]]:
        """Return when each firing was found, in seconds after T, and its event."""
        found = sorted(self.cloud.firings.stored.values(), key=lambda one: one.triggered)
        return [((one.triggered - at(0)).total_seconds(), one.event.id if one.event else None) for one in found]

    def near_misses(self) -> list[Event]:
        return self.cloud.events.named(NEAR_MISS)

    def _minute(self) -> None:
        if self.cloud.clock.now() >= self._next_sweep:
            self._next_sweep += timedelta(minutes=1)
            self.timer.timer.sweep()
            self._ring()

    def _ring(self) -> None:
        for due in self.cloud.timers.ringing(self.cloud.clock.now()):
            self.timer.ring(due)
