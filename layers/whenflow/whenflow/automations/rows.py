"""The engine's state as rows that a store can keep: one for each key of a trigger, one for each composite's children.

A row carries how far each *lane* of the event stream has been applied to it. A lane is a partition of the events
table: the stream hands its records over in order, and delivers again from where it stopped. So a record at or before
a lane's mark has been counted already, whatever batch it comes in this time. Marks are kept for as long as the
stream can deliver again, and cost a few bytes for each lane, not for each event. Those of lanes that have gone quiet
are put aside into a row of their own now and then, so that the row that is written for each batch stays small.
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
from whenflow.events.times import earlier

STREAM_REACH = timedelta(hours=13)  # the mapping of the matcher gives a record up after twelve
MARKS_AT_HAND = 20
PUT_ASIDE_AT_ONCE = 8  # so that the second row is written seldom
QUIET_AFTER = timedelta(hours=1)
LANE_HOUR = "%Y-%m-%dT%H"
MAX_SORT_BYTES = 900
DIGEST = "sha256:"
SLOT, CHILDREN, GAUGE, ASIDE = "slot", "children", "gauge", "aside"


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
    """How far a lane has been applied, and when: to the minute, which is all that matters and takes less room."""

    sequence: int
    applied: datetime


class AsideWanted(Exception):
    """What a row has put aside must be read first."""


@dataclass(slots=True)
class Row:
    """One row.

    Attributes:
        automation_id: Whose it is.
        since: When the automation was last switched on; a row of before that says nothing any more.
        content: The slot or the children, as JSON; None where there is nothing.
        marks: By lane.
        put_aside: When marks were last put aside; None where none are that could still matter.
        aside: What was put aside, once that has been read; never stored with the row.
        due: When to look whether its window is over, on the wall clock, where time alone may fire it.
        behind_since: Since when the end of a window has been put off because the matcher was behind.
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
    put_aside: datetime | None = None
    behind_since: datetime | None = None
    aside: Mapping[str, Mark] | None = field(default=None, compare=False)

    @property
    def aside_key(self) -> RowKey:
        """The key of the row that bears what was put aside."""
        return RowKey(ASIDE, self.key.trigger_id, self.key.key)

    def has_applied(self, lane: str, sequence: int) -> bool:
        """Tell whether a record of a lane has been applied.

        Raises:
            AsideWanted: The lane's mark may have been put aside.
        """
        mark = self.marks.get(lane)
        if mark is None and self.put_aside:
            if self.aside is None:
                raise AsideWanted
            mark = self.aside.get(lane)
        return mark is not None and sequence <= mark.sequence

    def mark(self, lane: str, sequence: int, now: datetime) -> None:
        """Note that a record of a lane has been applied; forget lanes that cannot be delivered again."""
        self.marks[lane] = Mark(sequence, now.replace(second=0, microsecond=0))
        self.marks = _within_reach(self.marks, now)
        if self.put_aside and now - self.put_aside > STREAM_REACH:
            self.put_aside = None

    def has_too_many_marks(self, now: datetime) -> bool:
        """Tell whether it is time to put marks aside."""
        return len(self.marks) > MARKS_AT_HAND and len(self._quiet(now)) >= PUT_ASIDE_AT_ONCE

    def put_marks_aside(self, aside: "Row", now: datetime) -> None:
        """Move the marks of lanes that have gone quiet into another row, to be stored together with this one."""
        quiet = self._quiet(now)
        aside.marks = _within_reach(aside.marks, now) | quiet
        aside.matters_until = now
        self.marks = {lane: mark for lane, mark in self.marks.items() if lane not in quiet}
        self.put_aside, self.aside = now, dict(aside.marks)

    def _quiet(self, now: datetime) -> dict[str, Mark]:
        return {lane: mark for lane, mark in self.marks.items() if now - mark.applied >= QUIET_AFTER}

    def forget_lanes_before(self, moment: datetime) -> None:
        """Drop the marks of lanes all of whose events occurred before a moment."""
        last = f"{earlier(moment, timedelta(hours=1)):{LANE_HOUR}}"
        for old in [name for name in self.marks if name[:1].isdigit() and name.partition("#")[0] <= last]:
            del self.marks[old]


def _within_reach(marks: Mapping[str, Mark], now: datetime) -> dict[str, Mark]:
    return {lane: mark for lane, mark in marks.items() if now - mark.applied <= STREAM_REACH}


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
