"""The feed: pages of stored events through a filter.

A page is read with as little as it takes. Where a filter lets few events through, reading stops at a bound: the page
says so, and its token goes on from there. What a page shows does not change while new events arrive: the first page
fixes the end of the time that is listed, and every token remembers the last event that was looked at.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from whenflow.errors import Rejected
from whenflow.events.filters import (
    EventFilter,
    Sieve,
    asks_only_names,
    bounded,
    ends_of,
    filter_from_document,
    resources_asked,
)
from whenflow.events.model import Event
from whenflow.events.reading import Events, Fetch, Position, Scan, Span, Tally, position_of
from whenflow.events.times import iso, parse_iso

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_EXAMINED = 5_000
MAX_PAGE_BYTES = 3_000_000  # one more event may come on top; an answer of Lambda has at most six million
MAX_AHEAD = 500
MAX_HOURS_AHEAD = 3
MAX_RECENT = 100
"""Events of an hour that is not closed which may be read for the total."""
MAX_HOURS_NAMED = 100
MAX_RESOURCES = 10
MAX_DISTINCT = 600
SEEN_CHARS = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """A list somebody is going through.

    Attributes:
        filter: With both ends of its time.
        limit: Events on a page.
        after: The last event that was looked at.
        total: How many there are, as the first page found.
        is_exact: Whether there are exactly as many; at least as many if not.
        seen: Of a distinct list, the resources shown so far.
    """

    filter: EventFilter
    limit: int
    after: Position | None = None
    total: int | None = None
    is_exact: bool = False
    seen: tuple[str, ...] = ()

    def of(self, limit: int) -> "Listing":
        """Return the same list in pages of another size."""
        return replace(self, limit=limit)

    def as_document(self) -> dict[str, Any]:
        """Return what a page token keeps."""
        asked = self.filter.model_dump(mode="json", exclude_defaults=True)
        return {
            "filter": asked | {"occurred": _time_of(self.filter)},
            "limit": self.limit,
            "after": [iso(self.after.occurred), self.after.id] if self.after else None,
            "total": self.total,
            "is_exact": self.is_exact,
            "seen": "".join(self.seen),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Listing":
        """Read what `as_document` wrote."""
        after, seen = document["after"], document["seen"]
        return cls(
            filter_from_document(document["filter"]),
            document["limit"],
            Position(parse_iso(after[0]), after[1]) if after else None,
            document["total"],
            document["is_exact"],
            tuple(seen[start : start + SEEN_CHARS] for start in range(0, len(seen), SEEN_CHARS)),
        )


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A page of events.

    Attributes:
        events: In the order that was asked for.
        total: How many the whole list has; at least as many where it is not exact.
        is_exact: Whether the total is exact.
        stopped_early: Reading stopped at its bound, not because the page was full.
        next: Where the next page begins; None at the end.
    """

    events: Sequence[Event]
    total: int
    is_exact: bool
    stopped_early: bool
    next: Listing | None


def first_page(store: Events, given: EventFilter, limit: int, now: datetime) -> FeedPage:
    """Return the first page of a list.

    Args:
        store: Where the events are.
        given: The filter; where it says no end, this moment is the end.
        limit: Events on a page, 1 to 200.
        now: This moment.

    Raises:
        Rejected: A distinct list in ascending order has too many events to go through.
    """
    page = next_page(store, Listing(bounded(given, now), limit))
    total, is_exact = page.total, page.is_exact
    if not is_exact and asks_only_names(given):
        counted, is_exact = _counted(store, bounded(given, now))
        total = counted if is_exact else max(total, counted)
    if page.next is None:
        return replace(page, total=total, is_exact=is_exact)
    return replace(page, total=total, is_exact=is_exact, next=replace(page.next, total=total, is_exact=is_exact))


def next_page(store: Events, listing: Listing) -> FeedPage:
    """Return the page of a list that begins behind the last one.

    Raises:
        Rejected: As `first_page` does.
    """
    reader = _Reader(listing)
    if listing.filter.id.id:
        page = reader.page(_ordered(store.get_many([str(one) for one in listing.filter.id.id]), listing))
    elif listing.filter.resource.distinct and listing.filter.order == "ASC":
        page = reader.page(_distinct_oldest_first(store, listing))
    else:
        page = reader.page(store.scan(span_of(listing.filter, listing.limit, listing.after)))
    return page if listing.total is None else replace(page, total=listing.total, is_exact=listing.is_exact)


def span_of(given: EventFilter, size: int, after: Position | None = None) -> Span:
    """Return which events must be read for a filter that has both ends of its time."""
    since, until = ends_of(given)
    resources, as_primary = resources_asked(given, MAX_RESOURCES)
    return Span(since, until, given.order == "DESC", after, resources, as_primary, size)


class _Reader:
    """Takes the events of one page out of a scan, and looks a little further for the total."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._sieve = Sieve(listing.filter)
        self._distinct = listing.filter.resource.distinct
        self._seen = dict.fromkeys(listing.seen)
        self._examined = self._bytes = 0
        self._last = listing.after

    def page(self, scan: Scan) -> FeedPage:
        found: list[Event] = []
        scan = self._go_through(scan, found)
        at_end = not self._is_full(found) and not self._is_at_bound
        here = replace(self._listing, after=self._last, seen=tuple(self._seen))
        if self._distinct and len(self._seen) >= MAX_DISTINCT:
            return FeedPage(found, len(found), False, True, None)
        if at_end:
            return FeedPage(found, len(found), self._listing.after is None, False, None)
        if not self._is_full(found):
            return FeedPage(found, len(found), False, True, here)
        more, is_all = self._ahead(scan)
        is_exact = is_all and self._listing.after is None
        return FeedPage(found, len(found) + more, is_exact, False, here if more or not is_all else None)

    def _is_full(self, found: Sequence[Event]) -> bool:
        return len(found) >= self._listing.limit or self._bytes >= MAX_PAGE_BYTES

    @property
    def _is_at_bound(self) -> bool:
        return self._examined >= MAX_EXAMINED

    def _go_through(self, scan: Scan, found: list[Event]) -> Scan:
        while not self._is_full(found) and not self._is_at_bound:
            one = next(scan, None)
            if one is None:
                break
            if isinstance(one, Event):
                self._examined += 1
                self._last = position_of(one)
                if self._takes(one):
                    found.append(one)
                    self._bytes += len(json.dumps(one.as_document()))
        return scan

    def _ahead(self, scan: Scan) -> tuple[int, bool]:
        """Return how many more there are, and whether that is all; read on only a little for it."""
        count = hours = looked = 0
        for one in scan:
            if isinstance(one, Fetch):
                hours += 1
                if one is Fetch.MORE or hours > MAX_HOURS_AHEAD:
                    return count, False
                continue
            looked += 1
            count += self._takes(one)
            if looked >= MAX_AHEAD:
                return count, False
        return count, True

    def _takes(self, event: Event) -> bool:
        if not self._sieve.fits(event):
            return False
        if self._distinct:
            mark = _mark(event.resource_id)
            if mark in self._seen or len(self._seen) >= MAX_DISTINCT:
                return False
            self._seen[mark] = None
        return True


def _ordered(events: Sequence[Event], listing: Listing) -> Iterator[Event]:
    newest_first = listing.filter.order == "DESC"
    for event in sorted(events, key=position_of, reverse=newest_first):
        after, place = listing.after, position_of(event)
        if after is None or (place < after if newest_first else place > after):
            yield event


def _distinct_oldest_first(store: Events, listing: Listing) -> Iterator[Event]:
    """Yield the newest event of each resource, oldest first: that takes going through all of them."""
    backwards = listing.filter.model_copy(update={"order": "DESC"})
    sieve, newest = Sieve(backwards), dict[str, Event]()
    for examined, event in enumerate(
        one for one in store.scan(span_of(backwards, MAX_LIMIT)) if isinstance(one, Event)
    ):
        if examined >= MAX_EXAMINED:
            raise Rejected(
                f"A distinct list in ascending order takes reading more than {MAX_EXAMINED:,} events; narrow it."
            )
        if sieve.fits(event):
            newest.setdefault(event.resource_id, event)
    return _ordered(list(newest.values()), listing)


def _counted(store: Events, given: EventFilter) -> tuple[int, bool]:
    """Return how many fitting events the hours hold that are counted already, and whether that is all."""
    since, until = ends_of(given)
    hours = store.tallies(since, until, reading=MAX_RECENT)
    if not given.event.asks_nothing:
        if len(hours) > MAX_HOURS_NAMED:
            return 0, False
        hours = store.tallies(since, until, names=True, reading=MAX_RECENT)
    counts = [
        _fitting(tally, given) if tally and tally.is_within(hour, since, until) else None
        for hour, tally in hours.items()
    ]
    return sum(one or 0 for one in counts), None not in counts


def _fitting(tally: Tally, given: EventFilter) -> int | None:
    if given.event.asks_nothing:
        return tally.count
    if tally.names is None:
        return None
    return sum(one.count for name, one in tally.names.items() if given.event.fits(name))


def _mark(resource_id: str) -> str:
    return base64.urlsafe_b64encode(sha256(resource_id.encode("utf-8", "surrogatepass")).digest()[:6]).decode()


def _time_of(given: EventFilter) -> dict[str, str]:
    since, until = ends_of(given)
    return {"since": iso(since), "until": iso(until)}
