"""Compound and sequence triggers: a child fired; is the parent met?"""

from datetime import datetime

from whenflow.automations.compiled import Composite
from whenflow.automations.state import Children, Fired, Key, State, children_place, composite_id
from whenflow.events.times import earlier


def child_fired(parent: Composite, fired: Fired, state: State, now: datetime) -> Fired | None:
    """Take in the firing of a child; return the parent's, if that made it complete."""
    key = parent.key_of(fired.labels)
    if parent.needed == 1:
        return _fire(parent, key, (fired,), now)
    children = state.children_of(children_place(parent.id, key))
    _store(parent, children, fired)
    used = _ready(parent, children)
    if not used:
        return None
    children.stored.clear()
    return _fire(parent, key, used, now)


def _store(parent: Composite, children: Children, fired: Fired) -> None:
    """Keep one firing per child, the one that is later in event time; forget those that lie too far back."""
    kept = children.stored.get(fired.trigger_id)
    if kept is None or fired.time >= kept[1].time:
        children.order += 1
        children.stored[fired.trigger_id] = (children.order, fired)
    if parent.within is not None:
        oldest = earlier(max(one.time for _, one in children.stored.values()), parent.within)
        children.stored = {child: one for child, one in children.stored.items() if one[1].time >= oldest}


def _ready(parent: Composite, children: Children) -> tuple[Fired, ...]:
    """Return the firings that complete the parent, in order of event time; none if it is not complete."""
    in_order = sorted(children.stored.values(), key=lambda one: (one[1].time, one[0]))
    used = tuple(fired for _, fired in in_order)
    if len(used) < parent.needed:
        return ()
    if not parent.in_order:
        return used
    if tuple(fired.trigger_id for fired in used) != parent.children:
        return ()
    events = [fired.event.id for fired in used if fired.event]
    return used if len(events) == len(set(events)) else ()


def _fire(parent: Composite, key: Key, used: tuple[Fired, ...], now: datetime) -> Fired:
    last = used[-1]
    return Fired(
        id=composite_id(parent.automation_id, parent.id, used),
        trigger_id=parent.id,
        triggered=now,
        time=last.time,
        labels=dict(zip(parent.for_each, key, strict=True)),
        event=last.event,
        children=used,
    )
