"""Windows of one event trigger: how they open, count, close and follow each other.

The numbers in the comments are those of the rules that the conformance suite states:

Closing, at time t:
  C1 Proactive and not satisfied: it fires, for the window's end, with the window's last event.
  C2 `after` given: the window is gone until it is armed again.
  C3 Reactive: the window is gone, its end is remembered.
  C4 Proactive and standing: the next window lies on the same grid; windows passed over were told of once, by C1.
  C5 Proactive for each key: silent, the key is forgotten; heard, it is expected again in the next window.
An event:
  E1 A window that is over is closed first.
  E2 It opens a window, or touches the one that is there.
  E3 Only what is expected goes on,
  E4 unless it is late, and is counted.
  E5 Reactive and satisfied: it fires, and is deaf until the window's end.
  E6 Proactive after something, and satisfied: disarmed, or armed anew by the same event.
"""

from datetime import datetime, timedelta

from whenflow.automations.compiled import Watch
from whenflow.automations.state import AnyEvent, Fired, Key, Slot, Window, leaf_id
from whenflow.events import Event, iso
from whenflow.events.times import earlier, later

LOOK_BACK = timedelta(minutes=15)


def standing_window(watch: Watch, now: datetime) -> Window:
    """Return the first window of a trigger that has one from the moment it is loaded."""
    return Window(now, later(now, watch.within))


def is_over(watch: Watch, window: Window, moment: datetime) -> bool:
    """Tell whether a window has ended; a zero window has no deadline."""
    return watch.has_deadline and moment >= window.end


def count_event(watch: Watch, key: Key, slot: Slot, event: Event, now: datetime) -> list[Fired]:
    """Let a trigger take in an event that it looks at; return what fired, in order."""
    occurred = event.occurred
    if watch.is_immediate:  # all of E2 to E5: it opens, counts, fires, and leaves nothing behind
        return [_fired(watch, key, event, event.id, occurred, now)]
    fired: list[Fired] = []
    if slot.window and is_over(watch, slot.window, occurred):  # E1
        fired += close(watch, key, slot, occurred, now)
    expected, starts = watch.expects(event), watch.starts(event)
    if not _open_or_touch(watch, slot, event, expected, starts):  # E2
        return fired
    window = slot.window
    if not expected or window is None or occurred < window.start:  # E3, E4
        return fired
    window.count += 1
    window.last_event = _to_tell_of(watch, event)
    if not watch.is_satisfied(window.count):
        return fired
    if not watch.is_proactive:  # E5
        slot.window = (
            Window(window.end, later(window.end, watch.within)) if watch.has_deadline and not watch.has_after else None
        )
        slot.last_end = None
        fired.append(_fired(watch, key, event, event.id, occurred, now))
    elif watch.has_after:  # E6
        slot.window = Window(occurred, later(occurred, watch.within), 0, event) if starts else None
    return fired


def close(watch: Watch, key: Key, slot: Slot, moment: datetime, now: datetime) -> list[Fired]:
    """Close the window that is over at a moment, and lay out what follows it; return what fired."""
    fired: list[Fired] = []
    while (window := slot.window) is not None and is_over(watch, window, moment):
        silent = watch.is_proactive and not watch.is_satisfied(window.count)
        if silent:  # C1
            fired.append(_fired(watch, key, window.last_event, f"until {iso(window.end)}", window.end, now))
        if watch.has_after:  # C2
            slot.window = None
        elif not watch.is_proactive:  # C3
            slot.window, slot.last_end = None, window.end
        elif watch.is_standing:  # C4
            start = window.end + (moment - window.end) // watch.within * watch.within
            slot.window = Window(start, later(start, watch.within))
        elif silent:  # C5
            slot.window = None
        else:
            end = later(window.end, watch.within)
            slot.window = Window(window.end, end, 0, window.last_event) if end > window.end else None
    return fired


def _open_or_touch(watch: Watch, slot: Slot, event: Event, expected: bool, starts: bool) -> bool:
    """Give the event its window; False where it came too late for any."""
    occurred = event.occurred
    if not starts and (watch.has_after or not expected):
        return True
    if slot.window is not None:
        slot.window.last_event = _to_tell_of(watch, event)
        return True
    if starts:
        slot.window = Window(occurred, later(occurred, watch.within), -1 if expected else 0, _to_tell_of(watch, event))
        return True
    start = earlier(occurred, LOOK_BACK)
    if slot.last_end is not None:
        if occurred < slot.last_end:
            return False
        start = max(start, slot.last_end)
    slot.window, slot.last_end = Window(start, later(occurred, watch.within), 0, _to_tell_of(watch, event)), None
    return True


def _to_tell_of(watch: Watch, event: Event) -> Event | None:
    """Return the event if the end of its window may tell of it; that of a Reactive one never does."""
    return event if watch.is_proactive else None


def _fired(watch: Watch, key: Key, event: AnyEvent | None, closed_by: str, time: datetime, now: datetime) -> Fired:
    return Fired(
        id=leaf_id(watch.automation_id, watch.id, key, closed_by),
        trigger_id=watch.id,
        triggered=now,
        time=time,
        labels=dict(zip(watch.for_each, key, strict=True)) if key else {},
        event=event,
    )
