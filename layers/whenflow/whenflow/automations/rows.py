"""The engine's state as rows that a store can keep: one for each key of a trigger, one for each composite's children.

A row carries how far each *lane* of the event stream has been applied to it. A lane is a partition of the events
table: the stream hands its records over in order, and delivers again from where it stopped. So a record at or before
a lane's mark has been counted already, whatever batch it comes in this time. Marks are kept for as long as the
stream can deliver again, and cost a few bytes for each lane, not for each event.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from whenflow.automations.compiled import Composite, Watch
from whenflow.automations.metrics import gauge_document, gauge_from
from whenflow.automations.state import (
    Children,
    Key,
    Slot,
    State,
    children_document,
    children_from,
    children_place,
    slot_document,
    slot_from,
)

STREAM_REACH = timedelta(hours=25)
LANE_HOUR = "%Y-%m-%dT%H"
MAX_SORT_BYTES = 900
DIGEST = "sha256:"
SLOT, CHILDREN, GAUGE = "slot", "children", "gauge"


@dataclass(frozen=True, slots=True)
class RowKey:
    """What a row is about: the slot of one key of a trigger, the children of a composite, or the gauge of a metric.

    Attributes:
        digest: Of a key that is too long to be written out; only where the row has not been read, which has it.
    """

    kind: str
    trigger_id: str
    key: Key = ()
    digest: str = ""

    @property
    def sort(self) -> str:
        """The key as one text: written out, or a digest where it is too long."""
        text = self.digest or json.dumps(self.key, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode("utf-8", "surrogatepass")) > MAX_SORT_BYTES:
            text = DIGEST + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self.kind}#{text}"

    @property
    def is_written_out(self) -> bool:
        """Whether the key can be read from its text."""
        return not self.sort.startswith(f"{self.kind}#{DIGEST}")


def row_key_from(trigger_id: str, sort: str) -> RowKey:
    """Read what `RowKey.sort` wrote."""
    kind, _, key = sort.partition("#")
    if key.startswith(DIGEST):
        return RowKey(kind, trigger_id, digest=key)
    return RowKey(kind, trigger_id, tuple(json.loads(key)))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a lane has been applied, and when."""

    sequence: int
    applied: datetime


@dataclass(slots=True)
class Row:
    """One row.

    Attributes:
        automation_id: Whose it is.
        since: When the automation was last switched on; a row of before that says nothing any more.
        content: The slot or the children, as JSON; None where there is nothing.
        marks: By lane.
        due: When to look whether its window is over, on the wall clock, where time alone may fire it.
        not_before: While it is being changed: the earliest moment that is worth a look.
        matters_until: While it is being changed: until when its content can matter; None for ever.
        version: Of what was read; 0 for a row that is not stored yet.
    """

    key: RowKey
    automation_id: str
    since: datetime
    content: Mapping[str, Any] | None = None
    marks: dict[str, Mark] = field(default_factory=dict)
    due: datetime | None = None
    not_before: datetime | None = None
    matters_until: datetime | None = None
    version: int = 0

    def has_applied(self, lane: str, sequence: int) -> bool:
        """Tell whether a record of a lane has been applied."""
        mark = self.marks.get(lane)
        return mark is not None and sequence <= mark.sequence

    def mark(self, lane: str, sequence: int, now: datetime) -> None:
        """Note that a record of a lane has been applied; forget lanes that cannot be delivered again."""
        self.marks[lane] = Mark(sequence, now)
        for old in [name for name, mark in self.marks.items() if now - mark.applied > STREAM_REACH]:
            del self.marks[old]

    def forget_lanes_before(self, moment: datetime) -> None:
        """Drop the marks of lanes all of whose events occurred before a moment."""
        last = f"{moment - timedelta(hours=1):{LANE_HOUR}}"
        for old in [name for name in self.marks if name[:1].isdigit() and name.partition("#")[0] <= last]:
            del self.marks[old]


def keeps_no_slot(watch: Watch) -> bool:
    """Tell whether a trigger fires on each event by itself and has nothing to remember."""
    return not (watch.is_proactive or watch.has_deadline or watch.has_after or watch.threshold > 1)


def storing_ancestors(watch: Watch) -> list[Composite]:
    """Return the composites around a trigger that keep child firings, innermost first."""
    found, parent = [], watch.parent
    while parent is not None:
        if parent.needed > 1:
            found.append(parent)
        parent = parent.parent
    return found


def rows_of(watch: Watch, key: Key) -> list[RowKey]:
    """Return the rows that an event may change through a trigger. The first one bears the marks."""
    own = [] if keeps_no_slot(watch) else [RowKey(SLOT, watch.id, key)]
    return own + children_rows(watch, key)


def children_rows(watch: Watch, key: Key) -> list[RowKey]:
    """Return the rows of the composites around a trigger that a firing for this key may change."""
    labels = dict(zip(watch.for_each, key, strict=True))
    return [RowKey(CHILDREN, composite.id, composite.key_of(labels)) for composite in storing_ancestors(watch)]


def into_state(rows: Mapping[RowKey, Row]) -> State:
    """Return the engine's state from rows."""
    state = State()
    for key, row in rows.items():
        if row.content is None:
            continue
        if key.kind == GAUGE:
            state.gauges[key.trigger_id] = gauge_from(row.content)
        elif key.kind == SLOT:
            state.slots[key.trigger_id, key.key] = slot_from(row.content)
        else:
            state.children[children_place(key.trigger_id, key.key)] = children_from(row.content)
    return state


def content_of(state: State, key: RowKey, *, keep_last_event: bool) -> Mapping[str, Any] | None:
    """Return what a row is to hold after an evaluation; a Reactive window needs no last event."""
    if key.kind == GAUGE:
        gauge = state.gauges.get(key.trigger_id)
        return gauge_document(gauge) if gauge else None
    if key.kind == CHILDREN:
        children: Children | None = state.children.get(children_place(key.trigger_id, key.key))
        return children_document(children) if children and children.stored else None
    slot: Slot | None = state.slots.get((key.trigger_id, key.key))
    if slot is None or slot.is_empty:
        return None
    document = slot_document(slot)
    if document["window"] and not keep_last_event:
        document["window"] = document["window"] | {"last_event": None}
    return document
