"""Taking slots of concurrency limits, and giving them back: at once for several limits, or not at all."""

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from whenflow.errors import Conflict, Fault, Locked, Rejected, Transient
from whenflow.limits.model import ID_KIND, KIND, MAX_NAME_CHARS, Limit, LimitFacts
from whenflow.limits.occupancy import LOOSE, Hold, Holder, Occupancy
from whenflow.ports import Clock, ConfigStore, Ids, OccupancyStore, Pauses

TRIES = 10
BUSY_SECONDS = 0.5
SHORTEST_LEASE, LONGEST_LEASE = timedelta(minutes=1), timedelta(days=1)
Change = Callable[[Occupancy, Limit], Occupancy | None]


class Mode(StrEnum):
    """What slots are taken for: to be held for a while, or one by one at a rate."""

    CONCURRENCY = "concurrency"
    RATE_LIMIT = "rate_limit"


@dataclass(frozen=True, slots=True)
class Taken:
    """Slots that were taken.

    Attributes:
        lease_id: By which they are kept and given back; also there where nothing was to be taken.
        limits: The limits that there are of those that were named, active or not.
    """

    lease_id: str
    limits: Sequence[LimitFacts]


class LimitBook:
    """Takes slots and gives them back. Any two may work on one limit: the store lets one of them pass at a time."""

    def __init__(
        self, config: ConfigStore, occupancies: OccupancyStore, clock: Clock, ids: Ids, pauses: Pauses | None = None
    ) -> None:
        """Work on these stores; without pauses it tries again at once."""
        self._config, self._occupancies = config, occupancies
        self._clock, self._ids, self._pauses = clock, ids, pauses

    def take(
        self,
        names: Iterable[str],
        slots: int,
        mode: Mode = Mode.CONCURRENCY,
        lease: timedelta | None = None,
        holder: Holder | None = None,
    ) -> Taken:
        """Take slots of each of these limits, or of none; names that are no limit's are passed over.

        Args:
            names: Of the limits.
            slots: How many of each; one or more.
            mode: What for.
            lease: For how long, unless renewed: a minute to a day. Without one, until given back, for a day at most.
            holder: Who takes them, for people to see.

        Raises:
            Locked: So many are not free now; it says when to ask again.
            Rejected: So many there will never be, or a limit without decay was to limit a rate.
        """
        limits = self._named(names)
        active = [limit for limit in limits if limit.active]
        _check(active, slots, mode)
        lease_id = self._ids.new()
        if not limits:
            return Taken(lease_id, limits)
        self._try(lambda: self._take_once(active, lease_id, slots, lease, holder), slots)
        return Taken(lease_id, limits)

    def renew(self, lease_id: str, lease: timedelta) -> bool:
        """Have a lease run out later; False where it has run out or was given back."""
        limit_ids = self._occupancies.limits_of(lease_id)
        if limit_ids is None:
            return False
        for _ in self._attempts():
            now = self._clock.now()
            present = [self._occupancies.get(limit_id) for limit_id in limit_ids]
            there = [one for one in present if one.version or self._config.get(ID_KIND, one.limit_id)]
            renewed = [one.renew(lease_id, now + lease, now) for one in there]  # a limit that is removed asks nothing
            if None in renewed:
                return False
            later = [(one, now + lease + LOOSE) for one in renewed if one]
            if self._is_committed(later):
                return True
        raise Transient("The limits of this lease are too busy.")

    def give_back(self, lease_id: str) -> None:
        """Give back what was taken with a lease; what was given back, or has run out, stays so."""
        limits = self._of_ids(self._occupancies.limits_of(lease_id) or ())
        self._change(limits, lambda present, limit: present.give_back(limit, _is(lease_id), self._clock.now()))

    def give_back_of(self, names: Iterable[str], holder_id: str) -> Sequence[Limit]:
        """Give back what somebody holds of these limits, by whatever lease; return the limits."""
        limits = self._named(names)
        self._change(limits, lambda present, limit: present.give_back(limit, _is_of(holder_id), self._clock.now()))
        return limits

    def give_back_loose(self, names: Iterable[str], slots: int) -> Sequence[Limit]:
        """Give back slots of these limits that were taken without a lease; return the limits."""
        limits = self._named(names)
        self._change(limits, lambda present, limit: present.give_back_loose(limit, slots, self._clock.now()))
        return limits

    def holders(self, limits: Sequence[Limit]) -> dict[str, tuple[int, list[Holder]]]:
        """Return by limit how many slots are taken, and by whom, as far as they said so."""
        now = self._clock.now()
        present = self._occupancies.get_all(limit.id for limit in limits)
        found = {}
        for limit in limits:
            here = present[limit.id].settled(limit, now)
            found[limit.id] = (here.taken(limit, now), [one.holder for one in here.holds if one.holder])
        return found

    def _take_once(
        self, limits: Sequence[Limit], lease_id: str, slots: int, lease: timedelta | None, holder: Holder | None
    ) -> bool:
        now = self._clock.now()
        hold = Hold(lease_id, slots, now, now + (lease or LOOSE), holder, is_leased=lease is not None)
        changed = []
        for limit in limits:
            present = self._occupancies.get(limit.id)
            after = present.take(limit, hold, now)
            if after is None:
                seconds = present.wait_seconds(limit, slots, now, self._chance())
                raise Locked(f"All slots of the concurrency limit {limit.name} are taken.", seconds)
            changed.append((after, after.blank_from(limit)))
        if lease:  # first: a lease without slots harms nobody, slots without a lease could not be given back
            self._occupancies.keep_lease(lease_id, [limit.id for limit in limits])
        return self._is_committed(changed)

    def _change(self, limits: Sequence[Limit], change: Change) -> None:
        for _ in self._attempts():
            changed = []
            for limit in limits:
                if after := change(self._occupancies.get(limit.id), limit):
                    changed.append((after, after.blank_from(limit)))
            if self._is_committed(changed):
                return
        raise Transient("The limits are too busy.")

    def _try(self, once: Callable[[], bool], slots: int) -> None:
        for _ in self._attempts():
            if once():
                return
        raise Locked(f"Too many ask for these {slots} slots at this moment.", BUSY_SECONDS)

    def _attempts(self) -> Iterator[int]:
        for attempt in range(TRIES):
            if attempt and self._pauses:
                self._pauses.pause(attempt)
            yield attempt

    def _is_committed(self, changed: Sequence[tuple[Occupancy, datetime]]) -> bool:
        try:
            if changed:
                self._occupancies.commit(changed)
        except Conflict:
            return False
        return True

    def _named(self, names: Iterable[str]) -> list[Limit]:
        possible = sorted(name for name in set(names) if 0 < len(name) <= MAX_NAME_CHARS)
        stored = (self._config.get(KIND, name) for name in possible)
        return [Limit.from_stored(one) for one in stored if one]

    def _of_ids(self, limit_ids: Sequence[str]) -> list[Limit]:
        references = (self._config.get(ID_KIND, limit_id) for limit_id in limit_ids)
        return self._named(reference["id"] for reference in references if reference)

    def _chance(self) -> float:
        return (zlib.crc32(self._ids.new().encode()) % 1000) / 1000


def _check(limits: Sequence[Limit], slots: int, mode: Mode) -> None:
    if any(limit.limit < slots for limit in limits):
        fault = Fault(("body", "slots"), "Slots requested is greater than the limit")
        raise Rejected(f"{fault.msg}.", [fault])
    steady = [limit.name for limit in limits if not limit.decay]
    if mode == Mode.RATE_LIMIT and steady:
        reason = f"Only limits with a slot decay can limit a rate; these have none: {', '.join(steady)}"
        raise Rejected(f"{reason}.", [Fault(("body", "mode"), reason)])


def _is(lease_id: str) -> Callable[[Hold], bool]:
    return lambda hold: hold.id == lease_id


def _is_of(holder_id: str) -> Callable[[Hold], bool]:
    return lambda hold: hold.holder is not None and hold.holder.id == holder_id
