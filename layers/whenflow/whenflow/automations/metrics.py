"""Metric triggers: a measurement over flow runs has been bad for a while, or good again (SPEC 3.9).

What is measured is kept in a few dozen bins of a rolling range, and brought up to date by the events of flow runs as
they come; time only reads the bins. No run is ever looked up.

    successes   of the runs that ended in the range, the share that did not end Failed or Crashed
    duration    of the runs that ended in the range, the mean seconds from their first Running
    lateness    of the runs that began in the range, the mean seconds that they began after they were due
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from whenflow.automations.triggers import MetricQuery, MetricTrigger
from whenflow.events import Event, iso, named_id, parse_iso

BINS = 60
ENDED_BADLY = frozenset({"FAILED", "CRASHED"})
ENDED = ENDED_BADLY | {"COMPLETED", "CANCELLED"}
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class MetricState(StrEnum):
    """What a metric trigger says when it speaks."""

    TRIGGERED = "Triggered"
    RESOLVED = "Resolved"


@dataclass(slots=True)
class Gauge:
    """What is kept of a metric.

    Attributes:
        bins: By number of the bin since 1970: the sum of the values, and how many there were.
        turned: Since when the metric has been on the other side of what was last told; None while it is not.
        is_triggered: Whether Triggered was the last thing told.
    """

    bins: dict[int, tuple[float, int]] = field(default_factory=dict)
    turned: datetime | None = None
    is_triggered: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A metric has gone bad, or good again, for long enough.

    Attributes:
        id: Derived from trigger and the moment of the turn, so that the same turn found twice is one.
        value: What was measured; None where there was nothing to measure any more.
    """

    id: str
    state: MetricState
    value: float | None
    since: datetime


def measure(query: MetricQuery, event: Event) -> float | None:
    """Return what an event of a flow run adds to a metric, or None where it adds nothing."""
    state_type = event.resource.get("prefect.state-type", "")
    timing = event.payload.get("timing")
    timing = timing if isinstance(timing, Mapping) else {}
    if query.name == "lateness":
        is_first = event.resource.get("prefect.state-name") == "Running"
        return _seconds_since(timing.get("expected_start_time"), event) if is_first else None
    if state_type not in ENDED:
        return None
    if query.name == "duration":
        return _seconds_since(timing.get("start_time"), event)
    return float(state_type not in ENDED_BADLY)


def record(trigger: MetricTrigger, gauge: Gauge, event: Event) -> bool:
    """Add an event to a gauge; tell whether it changed."""
    value = measure(trigger.metric, event)
    if value is None:
        return False
    number = _bin(trigger.metric, event.occurred)
    total, count = gauge.bins.get(number, (0.0, 0))
    gauge.bins[number] = (total + value, count + 1)
    return True


def value_at(query: MetricQuery, gauge: Gauge, now: datetime) -> float | None:
    """Return the metric at a moment, or None where nothing was measured in its range."""
    newest = _bin(query, now)
    inside = [one for number, one in gauge.bins.items() if newest - BINS < number <= newest]
    count = sum(one[1] for one in inside)
    return sum(one[0] for one in inside) / count if count else None


def evaluate(trigger: MetricTrigger, gauge: Gauge, now: datetime) -> Turn | None:
    """Let a moment pass: forget what is out of range, and tell a turn that has lasted long enough."""
    query = trigger.metric
    oldest = _bin(query, now) - BINS
    gauge.bins = {number: one for number, one in gauge.bins.items() if number > oldest}
    value = value_at(query, gauge, now)
    is_bad = value is not None and OPERATORS[query.operator](value, query.threshold)
    if is_bad == gauge.is_triggered:
        gauge.turned = None
        return None
    if gauge.turned is None:
        gauge.turned = now
    since = gauge.turned
    if now - since < timedelta(seconds=query.firing_for):
        return None
    gauge.is_triggered, gauge.turned = is_bad, None
    state = MetricState.TRIGGERED if is_bad else MetricState.RESOLVED
    return Turn(named_id("turn", trigger.id, state, iso(since)), state, value, since)


def gauge_document(gauge: Gauge) -> dict[str, Any]:
    """Return a gauge as JSON."""
    return {
        "bins": [[number, total, count] for number, (total, count) in sorted(gauge.bins.items())],
        "turned": iso(gauge.turned) if gauge.turned else None,
        "is_triggered": gauge.is_triggered,
    }


def gauge_from(document: Mapping[str, Any]) -> Gauge:
    """Read what `gauge_document` wrote."""
    return Gauge(
        bins={number: (total, count) for number, total, count in document["bins"]},
        turned=parse_iso(document["turned"]) if document["turned"] else None,
        is_triggered=document["is_triggered"],
    )


def _bin(query: MetricQuery, moment: datetime) -> int:
    return int(moment.timestamp() // (query.range / BINS))


def _seconds_since(start: Any, event: Event) -> float | None:
    if not isinstance(start, str):
        return None
    try:
        seconds: float = (event.occurred - parse_iso(start)).total_seconds()
        return max(0.0, seconds)
    except (ValueError, TypeError):
        return None
