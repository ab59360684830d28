"""Why did it fire, or why not? Clause by clause, for every event trigger at any depth.

Whether it fires is found by the engine itself, on a copy of its state. The clauses come from the same functions that
the engine is made of, on another copy: patterns, specifications, windows, composites.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from whenflow.automations.compiled import Compiled, Composite, Watch, compile_automation
from whenflow.automations.composites import child_fired
from whenflow.automations.engine import NEVER_EVALUATED, Engine
from whenflow.automations.explanation import (
    ChildView,
    CompositeExplanation,
    Explanation,
    LabelClause,
    Lack,
    MetricExplanation,
    NameClause,
    Node,
    Outcome,
    PatternClause,
    Place,
    ResourceClause,
    TriggerExplanation,
    Verdict,
    WindowView,
)
from whenflow.automations.matching import Specification, name_matches, value_matches
from whenflow.automations.model import Automation, EventTrigger, MetricTrigger, Trigger
from whenflow.automations.state import Children, Fired, Slot, State, Window, children_place, composite_of
from whenflow.automations.windows import close, count_event, is_over
from whenflow.events import Event, Labels


def explain(
    automation: Automation,
    event: Event,
    state: State | None = None,
    *,
    now: datetime | None = None,
    waits_for: str | None = None,
    seen_from: datetime | None = None,
) -> Explanation:
    """Explain what an event means to an automation.

    Args:
        automation: Whose triggers are asked.
        event: What happened.
        state: What the engine remembers before the event; it is left as it is.
        now: The wall clock; by default when the event was received.
        waits_for: The event that this one waits for, if it is held back for that.
        seen_from: When the automation was switched on, if what came before that is to count as not seen.
    """
    now = now or event.received
    compiled = compile_automation(automation, 1)
    state = state or State()
    unseen = bool(waits_for) or (seen_from is not None and now < seen_from)
    firings = () if unseen else _judge(automation, event, _copy(state, compiled), now)
    return Explanation(
        automation=automation,
        event=event,
        now=now,
        verdict=_verdict(automation, event, firings, unseen, waits_for),
        waits_for=waits_for,
        firings=firings,
        trigger=_Walk(compiled, event, _copy(state, compiled), now).explain(automation.trigger, ()),
    )


def _verdict(
    automation: Automation, event: Event, firings: tuple[Fired, ...], unseen: bool, waits_for: str | None
) -> Verdict:
    if event.event == NEVER_EVALUATED:
        return Verdict.LOG_EVENT
    if not automation.enabled:
        return Verdict.DISABLED
    if unseen:
        return Verdict.HELD if waits_for else Verdict.NOT_ON_YET
    return Verdict.FIRED if firings else Verdict.NOT_FIRED


def _judge(automation: Automation, event: Event, state: State, now: datetime) -> tuple[Fired, ...]:
    engine = Engine([automation])
    return tuple(one.fired for watch in engine.watching(event) for one in engine.take_in(watch, state, event, now))


def _copy(state: State, compiled: Compiled) -> State:
    """Return what a state holds for one automation."""
    own = compiled.trigger_ids
    return State(
        slots={place: _copied(slot) for place, slot in state.slots.items() if place[0] in own},
        children={
            id_: Children(dict(children.stored), children.order)
            for id_, children in state.children.items()
            if composite_of(id_) in own
        },
    )


def _copied(slot: Slot) -> Slot:
    window = slot.window
    return Slot(window and Window(window.start, window.end, window.count, window.last_event), slot.last_end)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What happened when an event trigger took the event in."""

    labels: Mapping[str, str]
    closed: WindowView | None
    before: Slot
    after: Slot
    fired: tuple[Fired, ...]


class _Walk:
    """Lets every trigger of an automation take the event in, as the engine does, and writes down what happens."""

    def __init__(self, compiled: Compiled, event: Event, state: State, now: datetime) -> None:
        self._event, self._state, self._now = event, state, now
        self._watches = {watch.id: watch for watch in compiled.watches}
        self._composites = {composite.id: composite for composite in compiled.composites}
        self._kept_before = {id_: dict(children.stored) for id_, children in state.children.items()}
        self._sights: dict[str, _Sight] = {}
        self._fired: dict[str, list[Fired]] = {}
        for watch in compiled.watches:
            if event.event != NEVER_EVALUATED and watch.looks_at(event):
                self._sights[watch.id] = self._take_in(watch)

    def explain(self, trigger: Trigger, path: tuple[int, ...]) -> Node:
        """Explain a trigger and all below it."""
        if isinstance(trigger, MetricTrigger):
            return MetricExplanation(path)
        if isinstance(trigger, EventTrigger):
            return self._explain_watch(self._watches[trigger.id], path)
        nodes = [self.explain(child, (*path, place)) for place, child in enumerate(trigger.triggers, 1)]
        return self._explain_composite(self._composites[trigger.id], trigger.type, nodes, path)

    def _take_in(self, watch: Watch) -> _Sight:
        event, now = self._event, self._now
        key = watch.key_of(event)
        slot = self._state.slot(watch.id, key)
        closed, fired = None, []
        if slot.window and is_over(watch, slot.window, event.occurred):
            closed = _view(watch, slot.window)
            fired += close(watch, key, slot, event.occurred, now)
        before = _copied(slot)
        fired += count_event(watch, key, slot, event, now)
        after = _copied(slot)
        if slot.is_empty:
            del self._state.slots[watch.id, key]
        for one in fired:
            self._rise(watch, one)
        return _Sight(dict(zip(watch.for_each, key, strict=True)), closed, before, after, tuple(fired))

    def _rise(self, watch: Watch, fired: Fired) -> None:
        above: Fired | None = fired
        parent = watch.parent
        while above is not None:
            self._fired.setdefault(above.trigger_id, []).append(above)
            if parent is None:
                return
            above, parent = child_fired(parent, above, self._state, self._now), parent.parent

    def _explain_watch(self, watch: Watch, path: tuple[int, ...]) -> TriggerExplanation:
        event = self._event
        sight = self._sights.get(watch.id)
        outcome, counted = _outcome(watch, event, sight.before) if sight else (Outcome.NOT_LOOKED_AT, None)
        return TriggerExplanation(
            path=path,
            trigger=watch.trigger,
            threshold=watch.threshold,
            outcome=outcome,
            name=NameClause(
                event.event,
                watch.names(event.event),
                watch.expects(event),
                watch.starts(event),
                _patterns(watch.trigger.expect, event.event),
                _patterns(watch.trigger.after, event.event),
            ),
            match=_held_against(watch.trigger.match, event.resource),
            match_related=tuple(_closest(one, event.related) for one in watch.trigger.related_specifications if one),
            labels=sight.labels if sight else {},
            closed=sight.closed if sight else None,
            before=_view(watch, sight.before.window) if sight else None,
            after=_view(watch, sight.after.window) if sight else None,
            last_end=sight.before.last_end if sight else None,
            counted=counted,
            fired=sight.fired if sight else (),
        )

    def _place_of(self, composite: Composite) -> str:
        return children_place(composite.id, tuple(self._event.find_label(label) or "" for label in composite.for_each))

    def _explain_composite(
        self, composite: Composite, type_: str, nodes: Iterable[Node], path: tuple[int, ...]
    ) -> CompositeExplanation:
        fired = tuple(self._fired.get(composite.id, ()))
        children = self._state.children.get(self._place_of(composite), Children())
        in_order = sorted(children.stored.values(), key=lambda one: (one[1].time, one[0]))
        kept = {one.trigger_id: one for _, one in in_order}
        used = {one.trigger_id: one for one in fired[-1].children} if fired else {}
        lack = None if fired else _lack(composite, list(kept.values()))
        return CompositeExplanation(
            path=path,
            type=type_,
            needed=composite.needed,
            within=composite.within,
            kept=len(used or kept),
            lack=lack,
            children=tuple(
                self._child(composite, id_, node, used, kept)
                for id_, node in zip(composite.children, nodes, strict=True)
            ),
            fired=fired,
        )

    def _child(
        self, composite: Composite, id_: str, node: Node, used: Mapping[str, Fired], kept: Mapping[str, Fired]
    ) -> ChildView:
        fired_now = self._fired.get(id_, [])
        if id_ in used:
            return ChildView(Place.USED, used[id_] in fired_now, used[id_], node)
        if id_ in kept:
            return ChildView(Place.FIRED, kept[id_] in fired_now, kept[id_], node)
        before = self._kept_before.get(self._place_of(composite), {}).get(id_)
        if fired_now or before:
            return ChildView(Place.TOO_OLD, bool(fired_now), fired_now[-1] if fired_now else before and before[1], node)
        return ChildView(Place.MISSING, False, None, node)


def _outcome(watch: Watch, event: Event, slot: Slot) -> tuple[Outcome, int | None]:
    """Tell what an event does to a trigger that looks at it, from the slot as it finds it; and how many that makes."""
    window, occurred = slot.window, event.occurred
    starts = watch.starts(event)
    if not watch.expects(event):
        return (Outcome.ARMED_ALREADY if window else Outcome.ARMED), None
    if window is None and not starts:
        if watch.has_after:
            return Outcome.NOT_ARMED, None
        if slot.last_end is not None and occurred < slot.last_end:
            return Outcome.LATE, None
    if window is not None and occurred < window.start:
        is_deaf = not watch.is_proactive and not watch.has_after and window.count == 0
        return (Outcome.DEAF if is_deaf else Outcome.LATE), None
    count = (window.count if window else -1 if starts else 0) + 1
    if not watch.is_satisfied(count):
        return (Outcome.ARMED if window is None and starts else Outcome.COUNTED), count
    if not watch.is_proactive:
        return Outcome.FIRED, count
    if not watch.has_after:
        return Outcome.SATISFIED, count
    return (Outcome.ARMED_AGAIN if starts else Outcome.DISARMED), count


def _lack(composite: Composite, in_order: list[Fired]) -> Lack:
    if len(in_order) < composite.needed:
        return Lack.CHILDREN
    return Lack.ORDER if tuple(one.trigger_id for one in in_order) != composite.children else Lack.OWN_EVENTS


def _view(watch: Watch, window: Window | None) -> WindowView | None:
    return WindowView(window.start, window.end - watch.within, window.end, window.count) if window else None


def _patterns(patterns: Iterable[str], name: str) -> tuple[PatternClause, ...]:
    return tuple(PatternClause(pattern, name_matches(pattern, name)) for pattern in patterns)


def _held_against(specification: Specification, resource: Labels | None) -> ResourceClause:
    labels = tuple(
        _label(label, (values,) if isinstance(values, str) else tuple(values), (resource or {}).get(label))
        for label, values in specification.items()
    )
    return ResourceClause(all(clause.met for clause in labels), resource, labels)


def _label(label: str, wanted: tuple[str, ...], value: str | None) -> LabelClause:
    return LabelClause(label, wanted, value, any(value_matches(pattern, value) for pattern in wanted))


def _closest(specification: Specification, related: Iterable[Labels]) -> ResourceClause:
    clauses = [_held_against(specification, labels) for labels in related]
    if not clauses:
        return _held_against(specification, None)
    return max(clauses, key=lambda clause: (clause.met, sum(label.met for label in clause.labels)))
