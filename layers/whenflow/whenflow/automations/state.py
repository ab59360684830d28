"""What the engine remembers: windows, and child firings that wait for their siblings. Plain data, in and out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from whenflow.automations.metrics import Gauge
from whenflow.events import Event, iso, named_id, parse_iso

Key: TypeAlias = tuple[str, ...]
SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class EventReference:
    """An event that is known by its id; the event store has the rest."""

    id: str


AnyEvent: TypeAlias = Event | EventReference


@dataclass(slots=True)
class Window:
    """A half-open stretch of event time, [start, end), in which events are counted.

    Attributes:
        count: Events counted so far; -1 where the event that opened it is also one of those expected.
        last_event: The last event that opened or touched it.
    """

    start: datetime
    end: datetime
    count: int = 0
    last_event: AnyEvent | None = None


@dataclass(slots=True)
class Slot:
    """What is kept for one key of one event trigger.

    Attributes:
        window: The present window, if there is one.
        last_end: Where the last Reactive window ended: what occurred before that came too late.
    """

    window: Window | None = None
    last_end: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return self.window is None and self.last_end is None


@dataclass(frozen=True, slots=True)
class Fired:
    """A trigger was met.

    Attributes:
        id: Derived from what closed it, so that the same firing found twice has the same id.
        triggered: When it was found, on the wall clock.
        time: The moment of event time that it belongs to.
        labels: The `for_each` labels with the key's values; empty for composites.
        event: The event that closed it, if one did.
        children: Of a composite, the firings that it used.
    """

    id: str
    trigger_id: str
    triggered: datetime
    time: datetime
    labels: Mapping[str, str]
    event: AnyEvent | None
    children: tuple["Fired", ...] = ()


@dataclass(slots=True)
class Children:
    """The child firings that a composite keeps, by child; `order` tells which happened first where times are equal."""

    stored: dict[str, tuple[int, Fired]] = field(default_factory=dict)
    order: int = 0


@dataclass(slots=True)
class State:
    """All that the engine remembers, and which parts of it have changed since `touched` was last emptied."""

    slots: dict[tuple[str, Key], Slot] = field(default_factory=dict)
    children: dict[str, Children] = field(default_factory=dict)
    gauges: dict[str, Gauge] = field(default_factory=dict)
    touched: set[tuple[str, Key]] = field(default_factory=set)
    touched_children: set[str] = field(default_factory=set)

    def slot(self, trigger_id: str, key: Key) -> Slot:
        """Return the slot of a key, made if need be, and mark it as touched."""
        place = (trigger_id, key)
        self.touched.add(place)
        slot = self.slots.get(place)
        if slot is None:
            slot = self.slots[place] = Slot()
        return slot

    def children_of(self, place: str) -> Children:
        """Return the child firings at a place, and mark them as touched."""
        self.touched_children.add(place)
        return self.children.setdefault(place, Children())

    def forget(self, trigger_ids: set[str]) -> None:
        """Forget all about some triggers."""
        for place in [place for place in self.slots if place[0] in trigger_ids]:
            del self.slots[place]
        for kept in [kept for kept in self.children if composite_of(kept) in trigger_ids]:
            del self.children[kept]


def children_place(composite_id: str, key: Key) -> str:
    """Return where a composite keeps the child firings of one key: under its id, where it has no keys."""
    return SEPARATOR.join((composite_id, *key))


def composite_of(place: str) -> str:
    """Return the id of the composite that a place is of."""
    return place.partition(SEPARATOR)[0]


def leaf_id(automation_id: str, trigger_id: str, key: Key, closed_by: str) -> str:
    """Return the id of the firing of an event trigger, closed by an event or by the end of a window."""
    return named_id("firing", automation_id, trigger_id, *key, closed_by)


def composite_id(automation_id: str, trigger_id: str, children: tuple[Fired, ...]) -> str:
    """Return the id of the firing of a composite."""
    return named_id("firing", automation_id, trigger_id, *(child.id for child in children))


def slot_document(slot: Slot) -> dict[str, Any]:
    """Return a slot as JSON; of its last event only the id is kept."""
    window = slot.window
    return {
        "window": window
        and {
            "start": iso(window.start),
            "end": iso(window.end),
            "count": window.count,
            "last_event": window.last_event.id if window.last_event else None,
        },
        "last_end": iso(slot.last_end) if slot.last_end else None,
    }


def slot_from(document: Mapping[str, Any]) -> Slot:
    """Read what `slot_document` wrote."""
    window = document["window"]
    return Slot(
        window=window
        and Window(
            parse_iso(window["start"]),
            parse_iso(window["end"]),
            window["count"],
            EventReference(window["last_event"]) if window["last_event"] else None,
        ),
        last_end=parse_iso(document["last_end"]) if document["last_end"] else None,
    )


def fired_document(fired: Fired) -> dict[str, Any]:
    """Return a firing as JSON; of its event only the id is kept."""
    return {
        "id": fired.id,
        "trigger": fired.trigger_id,
        "triggered": iso(fired.triggered),
        "time": iso(fired.time),
        "labels": dict(fired.labels),
        "event": fired.event.id if fired.event else None,
        "children": [fired_document(child) for child in fired.children],
    }


def fired_from(document: Mapping[str, Any]) -> Fired:
    """Read what `fired_document` wrote."""
    return Fired(
        id=document["id"],
        trigger_id=document["trigger"],
        triggered=parse_iso(document["triggered"]),
        time=parse_iso(document["time"]),
        labels=document["labels"],
        event=EventReference(document["event"]) if document["event"] else None,
        children=tuple(fired_from(child) for child in document["children"]),
    )


def children_document(children: Children) -> dict[str, Any]:
    """Return a composite's child firings as JSON."""
    return {
        "order": children.order,
        "stored": {child: [order, fired_document(fired)] for child, (order, fired) in children.stored.items()},
    }


def children_from(document: Mapping[str, Any]) -> Children:
    """Read what `children_document` wrote."""
    stored = {child: (order, fired_from(fired)) for child, (order, fired) in document["stored"].items()}
    return Children(stored, document["order"])
