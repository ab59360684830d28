"""What the feed must show, by looking at every event: no index, no page, no bound."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from whenflow.events import Event
from whenflow.events.filters import EventFilter, Sieve

ANCHOR = datetime(2024, 4, 1, tzinfo=UTC)


def listed(events: Iterable[Event], given: EventFilter) -> list[Event]:
    """Return all events that a filter lets through, in its order."""
    newest_first = sorted(events, key=lambda event: (event.occurred, event.id), reverse=True)
    found = [event for event in newest_first if Sieve(given).fits(event)]
    if given.resource.distinct:
        seen: dict[str, Event] = {}
        for event in found:
            seen.setdefault(event.resource_id, event)
        found = list(seen.values())
    return found if given.order == "DESC" else found[::-1]


def counted_by_time(events: Iterable[Event], given: EventFilter, interval: timedelta) -> Counter[datetime]:
    """Return how many events fall into each bucket of time that has some."""
    return Counter(ANCHOR + (one.occurred - ANCHOR) // interval * interval for one in listed(events, given))
