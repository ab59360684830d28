"""What concurrency limits there are. Each change is told as `prefect.concurrency-limit.<created|updated|deleted>`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from whenflow.errors import Conflict, NotFound, Stale, Transient
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, Event
from whenflow.limits.model import ID_KIND, KIND, MAX_NAME_CHARS, Limit
from whenflow.limits.occupancy import LOOSE, Hold
from whenflow.ports import Clock, ConfigStore, EventStore, Ids, OccupancyStore, Reference, Stored, over_latest

if TYPE_CHECKING:
    from whenflow.limits.inputs import LimitInput, LimitPatch

TRIES = 10


class LimitRegistry:
    """Makes, changes and finds concurrency limits."""

    def __init__(
        self, config: ConfigStore, occupancies: OccupancyStore, events: EventStore, clock: Clock, ids: Ids
    ) -> None:
        """Work on these stores."""
        self._config, self._occupancies, self._events = config, occupancies, events
        self._clock, self._ids = clock, ids

    def create(self, given: "LimitInput") -> Limit:
        """Make a limit.

        Raises:
            Conflict: There is one of this name.
        """
        now = self._clock.now()
        limit = Limit(
            self._ids.new(),
            given.name,
            given.limit,
            given.active,
            given.slot_decay_per_second,
            created=now,
            updated=now,
        )
        self._config.create(KIND, limit.name, limit.as_stored(), [Reference(ID_KIND, limit.id)])
        if given.active_slots:
            self.set_taken(limit, given.active_slots)
        self._tell("created", limit)
        return limit

    def change(self, limit: Limit, given: "LimitPatch") -> Limit:
        """Change a limit, or how much of it is taken; where somebody else is faster, both changes hold.

        Raises:
            Conflict: There is another one of the new name.
            NotFound: It is gone.
            Transient: Others were faster every time.
        """
        changes = given.model_dump(exclude_none=True, exclude={"active_slots"})
        if "slot_decay_per_second" in changes:
            changes["decay"] = changes.pop("slot_decay_per_second")
        if given.active_slots is not None:
            self.set_taken(limit, given.active_slots)

        def with_changes(found: Stored) -> Limit:
            changed = replace(Limit.from_stored(found.document), **changes, updated=self._clock.now())
            if changed.name == limit.name:
                self._config.replace(KIND, limit.name, changed.as_stored(), over=found.revision)
            else:
                self._rename(limit, changed, found.revision)
            return changed

        changed = over_latest(self._config, KIND, limit.name, with_changes, what="concurrency limit")
        self._tell("updated", changed)
        return changed

    def delete(self, limit: Limit) -> None:
        """Remove a limit, and forget what is taken of it."""
        if self._config.delete(KIND, limit.name, [Reference(ID_KIND, limit.id)]):
            self._occupancies.forget(limit.id)
            self._tell("deleted", limit)

    def set_taken(self, limit: Limit, slots: int) -> None:
        """Have so many slots taken, and by nobody: they come back after a day, or as they decay."""
        for _ in range(TRIES):
            now = self._clock.now()
            hold = Hold(self._ids.new(), slots, now, now + LOOSE, is_leased=False)
            taken = self._occupancies.get(limit.id).set_to(hold, now)
            try:
                self._occupancies.commit([(taken, taken.blank_from(limit))])
            except Conflict:
                continue
            return
        raise Transient(f"The concurrency limit {limit.name} is too busy.")

    def all(self) -> Sequence[Limit]:
        """Return all limits, in the order of their names."""
        return sorted(map(Limit.from_stored, self._config.all(KIND)), key=lambda limit: limit.name)

    def find(self, id_or_name: str) -> Limit:
        """Return the limit of this id, or of this name.

        Raises:
            NotFound: There is none.
        """
        reference = self._config.get(ID_KIND, id_or_name.lower()) if _is_uuid(id_or_name) else None
        name = reference["id"] if reference else id_or_name
        stored = self._config.get(KIND, name) if 0 < len(name) <= MAX_NAME_CHARS else None
        if stored is None:
            raise NotFound(f"There is no concurrency limit {id_or_name}.")
        return Limit.from_stored(stored)

    def _rename(self, limit: Limit, changed: Limit, over: str | None) -> None:
        known_as = [Reference(ID_KIND, changed.id)]
        try:
            self._config.move(KIND, limit.name, changed.name, changed.as_stored(), known_as, over=over)
        except Stale:
            raise
        except Conflict:
            raise Conflict(f"There is a concurrency limit {changed.name} already.") from None

    def _tell(self, happened: str, limit: Limit) -> None:
        now, resource_id = self._clock.now(), f"prefect.concurrency-limit.{limit.id}"
        payload = limit.as_stored()
        self._events.put(
            Event(
                id=self._ids.event_id(now, resource_id),
                occurred=now,
                event=f"prefect.concurrency-limit.{happened}",
                resource={RESOURCE_ID: resource_id, RESOURCE_NAME: limit.name},
                payload={name: payload[name] for name in ("name", "limit", "active", "slot_decay_per_second")},
                received=now,
            )
        )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
