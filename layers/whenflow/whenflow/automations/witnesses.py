"""Before an absence is told: does the event store know better?

A counter can miss what is on its way: the stream lags, a batch is being tried again. The store has every event that
was accepted. If it holds enough of what was expected, the window is repaired and a near miss told of instead of a
false alarm.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice

from whenflow.automations.compiled import Watch
from whenflow.automations.model import RESOURCE_PREFIX
from whenflow.automations.state import Key, Window
from whenflow.events import RESOURCE_ID, Event, iso, named_id
from whenflow.ports import NOTED_STEP, Clock, EventStore

MAX_READ = 5_000
NEAR_MISS = "whenflow.trigger.near-miss"


class Witnesses:
    """Asks the event store."""

    def __init__(self, events: EventStore, clock: Clock) -> None:
        """Ask this store."""
        self._events = events
        self._clock = clock

    def is_behind(self, start: datetime, end: datetime, reached: Mapping[int, datetime]) -> bool:
        """Tell whether events that occurred in [start, end) are stored that the matcher has not got to.

        Args:
            start: From when on.
            end: Until when; not included.
            reached: By shard, how far the matcher says it has got.
        """
        stored = self._events.latest(start, end)
        return any(shard not in reached or at - reached[shard] >= NOTED_STEP for shard, at in stored.items())

    def repair(self, watch: Watch, key: Key, window: Window) -> bool:
        """Count again what a window should have seen, if that would satisfy it; tell whether it does."""
        start = max(window.start, window.end - watch.within)  # what came before counted for an earlier window
        stored = self._events.between(start, window.end, resource_of(watch, key))
        seen = [event for event in islice(stored, MAX_READ) if _counts(watch, key, window, event)]
        if not watch.is_satisfied(len(seen)):
            return False
        missed = len(seen) - max(window.count, 0)
        window.count, window.last_event = len(seen), seen[-1]
        self._events.put(self._near_miss(watch, key, window, missed))
        return True

    def _near_miss(self, watch: Watch, key: Key, window: Window, missed: int) -> Event:
        now = self._clock.now()
        return Event(
            id=named_id("near-miss", watch.id, *key, iso(window.end)),
            occurred=now,
            event=NEAR_MISS,
            resource={RESOURCE_ID: RESOURCE_PREFIX + watch.automation_id},
            payload={
                "trigger": watch.id,
                "labels": dict(zip(watch.for_each, key, strict=True)),
                "window": {"start": iso(window.start), "end": iso(window.end), "count": window.count},
                "missed": missed,
            },
            received=now,
        )


def resource_of(watch: Watch, key: Key) -> str | None:
    """Return the one resource that a trigger's key can be about, if there is one."""
    if RESOURCE_ID in watch.for_each:
        return key[watch.for_each.index(RESOURCE_ID)] or None
    given = watch.trigger.match.get(RESOURCE_ID)
    plain = isinstance(given, str) and not given.startswith("!") and not set(given) & set("*?[")
    return given if plain and isinstance(given, str) else None


def _counts(watch: Watch, key: Key, window: Window, event: Event) -> bool:
    opened_it = watch.has_after and event.occurred == window.start
    return not opened_it and watch.looks_at(event) and watch.expects(event) and watch.key_of(event) == key
