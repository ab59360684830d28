"""An explanation as data: each clause of each trigger, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from whenflow.automations.model import Automation, EventTrigger
from whenflow.automations.state import Fired, fired_document
from whenflow.events import Event, Labels, iso


class Verdict(StrEnum):
    """What came of an event, for the automation as a whole."""

    FIRED = "fired"
    NOT_FIRED = "not-fired"
    DISABLED = "disabled"
    NOT_ON_YET = "not-on-yet"
    HELD = "held"
    LOG_EVENT = "log-event"


class Outcome(StrEnum):
    """What an event did to an event trigger."""

    NOT_LOOKED_AT = "not-looked-at"
    FIRED = "fired"
    COUNTED = "counted"
    SATISFIED = "satisfied"
    ARMED = "armed"
    ARMED_ALREADY = "armed-already"
    ARMED_AGAIN = "armed-again"
    DISARMED = "disarmed"
    NOT_ARMED = "not-armed"
    LATE = "late"
    DEAF = "deaf"


class Place(StrEnum):
    """Where a child of a composite stands."""

    USED = "used"
    FIRED = "fired"
    TOO_OLD = "too-old"
    MISSING = "missing"


class Lack(StrEnum):
    """What keeps a composite from firing."""

    CHILDREN = "children"
    ORDER = "order"
    OWN_EVENTS = "own-events"


@dataclass(frozen=True, slots=True)
class PatternClause:
    """A pattern of event names, and whether the name fits."""

    pattern: str
    met: bool


@dataclass(frozen=True, slots=True)
class NameClause:
    """Whether the event's name is one that the trigger looks at.

    Attributes:
        expected: An event of this name is counted.
        starts: An event of this name opens a window.
    """

    name: str
    met: bool
    expected: bool
    starts: bool
    expect: tuple[PatternClause, ...]
    after: tuple[PatternClause, ...]


@dataclass(frozen=True, slots=True)
class LabelClause:
    """A label: the values that are wanted, the one that is there (None where it is absent), and whether it fits."""

    label: str
    wanted: tuple[str, ...]
    value: str | None
    met: bool


@dataclass(frozen=True, slots=True)
class ResourceClause:
    """A resource specification, and a resource that was held against it: of related ones that which came closest.

    Attributes:
        resource: None where there is no resource at all.
    """

    met: bool
    resource: Labels | None
    labels: tuple[LabelClause, ...]


@dataclass(frozen=True, slots=True)
class WindowView:
    """A window. `since` is when its counting began; `start` may lie before, to take in events out of order."""

    start: datetime
    since: datetime
    end: datetime
    count: int


@dataclass(frozen=True, slots=True)
class TriggerExplanation:
    """What an event meant to an event trigger.

    Attributes:
        path: Its place in the automation's trigger, counted from 1; empty for the outermost.
        labels: The key: the `for_each` labels with their values.
        closed: The window that was over when the event came, and was closed first.
        before: The window that the event found.
        after: The window that it left.
        counted: How many events its window has, this one included; None where it was not counted.
        fired: The trigger's own firings.
    """

    path: tuple[int, ...]
    trigger: EventTrigger
    threshold: int
    outcome: Outcome
    name: NameClause
    match: ResourceClause
    match_related: tuple[ResourceClause, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    closed: WindowView | None = None
    before: WindowView | None = None
    after: WindowView | None = None
    last_end: datetime | None = None
    counted: int | None = None
    fired: tuple[Fired, ...] = ()


@dataclass(frozen=True, slots=True)
class ChildView:
    """A child of a composite: whether its firing is kept, and of when that is."""

    place: Place
    now: bool
    fired: Fired | None
    node: "Node"


@dataclass(frozen=True, slots=True)
class CompositeExplanation:
    """What an event meant to a compound or sequence trigger.

    Attributes:
        kept: How many children have a firing that counts.
        lack: What keeps it from firing; None where it fired, or the event changed nothing.
        fired: Its own firings.
    """

    path: tuple[int, ...]
    type: str
    needed: int
    within: timedelta | None
    kept: int
    lack: Lack | None
    children: tuple[ChildView, ...]
    fired: tuple[Fired, ...]


@dataclass(frozen=True, slots=True)
class MetricExplanation:
    """A metric trigger: it looks at measurements, never at an event."""

    path: tuple[int, ...]
    type: str = "metric"


Node: TypeAlias = TriggerExplanation | CompositeExplanation | MetricExplanation


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an automation fired on an event, or why not.

    Attributes:
        waits_for: The event that this one follows and waits for.
        firings: Those of the automation; more than one where a window was closed on the way.
    """

    automation: Automation
    event: Event
    now: datetime
    verdict: Verdict
    waits_for: str | None
    firings: tuple[Fired, ...]
    trigger: Node

    @property
    def fired(self) -> bool:
        """Whether the automation fired."""
        return bool(self.firings)

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "automation": {"id": self.automation.id, "name": self.automation.name, "enabled": self.automation.enabled},
            "event": {
                "id": self.event.id,
                "event": self.event.event,
                "occurred": iso(self.event.occurred),
                "resource": self.event.resource,
            },
            "now": iso(self.now),
            "verdict": str(self.verdict),
            "fired": self.fired,
            "waits_for": self.waits_for,
            "firings": [fired_document(one) for one in self.firings],
            "trigger": _plain(self.trigger),
        }


def _plain(value: Any) -> Any:
    """Return data as JSON."""
    plain: Any = value
    match value:
        case Fired():
            plain = fired_document(value)
        case EventTrigger():
            plain = value.model_dump(mode="json")
        case datetime():
            plain = iso(value)
        case timedelta():
            plain = value.total_seconds()
        case StrEnum():
            plain = str(value)
        case dict():
            plain = {name: _plain(item) for name, item in value.items()}
        case tuple() | list():
            plain = [_plain(item) for item in value]
        case _ if is_dataclass(value):
            plain = {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return plain
