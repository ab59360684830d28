"""How much of a concurrency limit is taken: what takes, gives back, runs out and decays. Data in, data out.

A limit without decay: the slots of all holds that have not run out are taken. One with decay: a level, which every take
raises, every return lowers and time lowers by itself. Nothing stays taken for good: a hold that is neither renewed nor
given back runs out, and a level decays.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from whenflow.events import iso, parse_iso
from whenflow.limits.model import Limit

LOOSE = timedelta(days=1)
"""For how long slots are taken that somebody took without a lease."""
MOST_HOLDS = 5_000
SHORTEST_WAIT, LONGEST_WAIT, LONGEST_WAIT_FOR_RATE = 0.5, 30.0, 60.0
FIRST_MEAN = 2.0
SAMPLES = 2
TINY = 1e-9
"""What floating-point numbers may be off by."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds slots: `type` is `flow_run`, `task_run` or `deployment`."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Slots that somebody took.

    Attributes:
        id: Of the lease.
        since: When they were taken.
        until: When it runs out.
        is_leased: Whether it is given back by its id; otherwise by a number of slots.
    """

    id: str
    slots: int
    since: datetime
    until: datetime
    holder: Holder | None = None
    is_leased: bool = True

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "Hold":
        """Return the hold of a document that `as_stored` made."""
        holder = Holder(*stored["holder"]) if stored.get("holder") else None
        since, until = parse_iso(stored["since"]), parse_iso(stored["until"])
        return cls(stored["id"], stored["slots"], since, until, holder, not stored.get("loose"))

    def as_stored(self) -> dict[str, Any]:
        """Return the document that is stored."""
        document: dict[str, Any] = {"id": self.id, "slots": self.slots}
        document |= {"since": iso(self.since), "until": iso(self.until)}
        if self.holder:
            document["holder"] = [self.holder.type, self.holder.id]
        return document if self.is_leased else document | {"loose": True}


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What is taken of one limit.

    Attributes:
        holds: What was taken and not given back, oldest first; some of them may have run out.
        level: How many slots were taken at that time, all told.
        at: When that was; None before the first.
        mean_seconds: For how long a slot is taken, on average.
        version: Of its row; 0 where there is none.
    """

    limit_id: str
    holds: tuple[Hold, ...] = ()
    level: float = 0.0
    at: datetime | None = None
    mean_seconds: float = FIRST_MEAN
    version: int = 0

    @classmethod
    def from_stored(cls, limit_id: str, stored: Mapping[str, Any], version: int) -> "Occupancy":
        """Return the occupancy of a document that `as_stored` made."""
        holds = tuple(Hold.from_stored(one) for one in stored["holds"])
        return cls(limit_id, holds, stored["level"], parse_iso(stored["at"]), stored["mean_seconds"], version)

    def as_stored(self) -> dict[str, Any]:
        """Return the document that is stored."""
        assert self.at is not None  # noqa: S101 - what was never taken is never stored
        return {
            "holds": [one.as_stored() for one in self.holds],
            "level": self.level,
            "at": iso(self.at),
            "mean_seconds": self.mean_seconds,
        }

    def taken(self, limit: Limit, now: datetime) -> int:
        """Return how many slots are taken now; a part of one counts as one."""
        return math.ceil(self.settled(limit, now).level - TINY)

    def settled(self, limit: Limit, now: datetime) -> "Occupancy":
        """Return it as it is now: without what has run out or decayed."""
        live = tuple(one for one in self.holds if one.until > now)
        if limit.decay:
            passed = max(0.0, (now - self.at).total_seconds()) if self.at else 0.0
            level = max(0.0, self.level - limit.decay * passed)
        else:
            level = float(sum(one.slots for one in live))
        return replace(self, holds=live, level=level, at=max(now, self.at or now))

    def take(self, limit: Limit, hold: Hold, now: datetime) -> "Occupancy | None":
        """Return it with this hold as well, once; None where not so many slots are free."""
        here = self.settled(limit, now)
        if any(one.id == hold.id for one in here.holds):
            return here
        if here.level + hold.slots > limit.limit + TINY or len(here.holds) >= MOST_HOLDS:
            return None
        keeps = hold.is_leased or not limit.decay
        return replace(here, level=here.level + hold.slots, holds=(*here.holds, hold) if keeps else here.holds)

    def give_back(self, limit: Limit, which: Callable[[Hold], bool], now: datetime) -> "Occupancy | None":
        """Return it without these holds; None where there are none such."""
        here = self.settled(limit, now)
        gone = [one for one in here.holds if which(one)]
        if not gone:
            return None
        slots = sum(one.slots for one in gone)
        held = (now - gone[0].since).total_seconds()
        mean = here.mean_seconds + (held - here.mean_seconds) / (SAMPLES * max(1, limit.limit))
        rest = tuple(one for one in here.holds if not which(one))
        return replace(here, holds=rest, level=max(0.0, here.level - slots), mean_seconds=mean)

    def give_back_loose(self, limit: Limit, slots: int, now: datetime) -> "Occupancy | None":
        """Return it with fewer of the slots that were taken without a lease; None where there are none."""
        here = self.settled(limit, now)
        if limit.decay:
            return replace(here, level=max(0.0, here.level - slots)) if here.level else None
        if all(one.is_leased for one in here.holds):
            return None
        holds, left = [], slots
        for one in here.holds:
            fewer = 0 if one.is_leased else min(left, one.slots)
            left -= fewer
            holds += [replace(one, slots=one.slots - fewer)] if one.slots > fewer else []
        return replace(here, holds=tuple(holds)).settled(limit, now)

    def renew(self, hold_id: str, until: datetime, now: datetime) -> "Occupancy | None":
        """Return it with a hold that runs out later; None where there is none any more."""
        if not any(one.id == hold_id and one.until > now for one in self.holds):
            return None
        holds = (replace(one, until=until) if one.id == hold_id else one for one in self.holds)
        return replace(self, holds=tuple(holds), at=self.at or now)

    def set_to(self, hold: Hold, now: datetime) -> "Occupancy":
        """Return it with nothing taken but this."""
        holds = (hold,) if hold.slots else ()
        return replace(self, holds=holds, level=float(hold.slots), at=now)

    def wait_seconds(self, limit: Limit, slots: int, now: datetime, chance: float) -> float:
        """Return when to ask again for slots that were not free; by chance (0 to 1) a little later."""
        here = self.settled(limit, now)
        if limit.decay:
            seconds, longest = (here.level + slots - limit.limit) / limit.decay, LONGEST_WAIT_FOR_RATE
            return round(min(longest, max(0.01, seconds)) * (1 + 0.25 * chance), 3)
        usual = min(LONGEST_WAIT, here.mean_seconds * slots / max(1, limit.limit))
        return round(max(SHORTEST_WAIT, usual) * (0.75 + 0.5 * chance), 3)

    def blank_from(self, limit: Limit) -> datetime:
        """Return from when on nothing of it matters any more."""
        assert self.at is not None  # noqa: S101 - asked of what is about to be stored
        ends = [self.at, *(one.until for one in self.holds)]
        if limit.decay:
            ends.append(self.at + timedelta(seconds=min(self.level / limit.decay, 10 * 365 * 86_400)))
        return max(ends)
