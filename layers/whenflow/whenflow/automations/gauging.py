"""Metric triggers in production: gauges fed by the matcher, read by the timer."""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.matching import met_by, satisfies
from whenflow.automations.metrics import Gauge, MetricState, evaluate, record
from whenflow.automations.model import Automation, MetricTrigger
from whenflow.automations.rows import GAUGE, Row, RowKey
from whenflow.automations.settle import Change, Outdated, Record, Settler
from whenflow.automations.state import Fired, State
from whenflow.events import Event

FLOW_RUN_EVENTS = "prefect.flow-run."


def feed(engine: Engine, settler: Settler, records: Sequence[Record], now: datetime) -> None:
    """Add the flow-run events of a batch to the gauges that watch them; delivered again, they count once.

    Raises:
        Transient: Try the same records again.
    """
    about_runs = [one for one in records if one.event.event.startswith(FLOW_RUN_EVENTS)]
    if not about_runs:
        return
    for automation in engine.metric_automations():
        trigger = automation.trigger
        if not isinstance(trigger, MetricTrigger):
            continue
        since = automation.active_since
        watched = [one for one in about_runs if one.event.received >= since and _watches(trigger, one.event)]
        if watched:
            settler.change([RowKey(GAUGE, trigger.id)], automation.id, _feeding(trigger, watched, now), now, kept=True)


def read(engine: Engine, settler: Settler, now: datetime) -> int:
    """Read every gauge; return how many automations fired or resolved."""
    total = 0
    for automation in engine.metric_automations():
        trigger = automation.trigger
        if isinstance(trigger, MetricTrigger):
            change = _reading(automation, trigger, now)
            with contextlib.suppress(Outdated):  # the next minute reads it
                total += settler.change([RowKey(GAUGE, trigger.id)], automation.id, change, now)
    return total


def _watches(trigger: MetricTrigger, event: Event) -> bool:
    related = trigger.match_related if isinstance(trigger.match_related, list) else [trigger.match_related]
    return satisfies(event.resource, trigger.match) and all(met_by(event.related, one) for one in related)


def _feeding(trigger: MetricTrigger, records: Sequence[Record], now: datetime) -> Change:
    def change(state: State, rows: Mapping[RowKey, Row]) -> list[AutomationFired]:
        row = rows[RowKey(GAUGE, trigger.id)]
        gauge = state.gauges.setdefault(trigger.id, Gauge())
        places = [(one.lane, one.sequence) for one in records]
        applied = {place for place in places if row.has_applied(*place)}
        for one, place in zip(records, places, strict=True):  # one place may tell of several events
            if place not in applied:
                record(trigger, gauge, one.event)
                row.mark(*place, now)
        return []

    return change


def _reading(automation: Automation, trigger: MetricTrigger, now: datetime) -> Change:
    def change(state: State, _rows: Mapping[RowKey, Row]) -> list[AutomationFired]:
        gauge = state.gauges.get(trigger.id)
        turn = evaluate(trigger, gauge, now) if gauge else None
        if turn is None:
            return []
        fired = Fired(turn.id, trigger.id, now, now, {}, None)
        return [AutomationFired(automation, fired, turn.state == MetricState.RESOLVED, turn.value)]

    return change
