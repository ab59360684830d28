"""The use case behind `GET /api/explain` and `whenflow explain`: one automation, one event, and what came before it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from whenflow.automations.backtest import Backtest
from whenflow.automations.compiled import Watch
from whenflow.automations.engine import Engine
from whenflow.automations.explain import explain
from whenflow.automations.explain_text import explanation_text
from whenflow.automations.explanation import Explanation
from whenflow.automations.model import Automation, EventTrigger, MetricTrigger, Trigger
from whenflow.automations.ordering import PATIENCE
from whenflow.automations.rows import SLOT, Row, RowKey, keeps_no_slot
from whenflow.automations.state import Slot, State, Window, slot_from
from whenflow.automations.windows import LOOK_BACK
from whenflow.automations.words import for_key, full_moment
from whenflow.events import Event, iso


@dataclass(frozen=True, slots=True)
class WindowNow:
    """What is stored for one key of a trigger at this moment.

    Attributes:
        labels: The key: the `for_each` labels with their values.
        window: None where none is open.
    """

    trigger_id: str
    labels: Mapping[str, str]
    threshold: int
    has_deadline: bool
    window: Window | None

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON; a window without a deadline has no end."""
        window = self.window
        return {
            "trigger": self.trigger_id,
            "labels": dict(self.labels),
            "threshold": self.threshold,
            "window": window
            and {
                "start": iso(window.start),
                "end": iso(window.end) if self.has_deadline else None,
                "count": max(window.count, 0),
            },
        }

    def sentence(self) -> str:
        """Return it for people."""
        key = for_key(self.labels)
        if self.window is None:
            return f"  now      no window is open{key}"
        end = f"ends at {full_moment(self.window.end)}" if self.has_deadline else "has no deadline"
        return f"  now      the window{key} has counted {max(self.window.count, 0)} of {self.threshold}, and {end}"


def explain_document(
    automation: Automation,
    event: Event,
    history: Iterable[Event] = (),
    *,
    state: State | None = None,
    waits_for: str | None = None,
    was_stored: Callable[[str], bool] | None = None,
    is_draft: bool = False,
    start: datetime | None = None,
) -> dict[str, Any]:
    """Explain what an event meant to an automation.

    Args:
        automation: As it is stored, or of a file.
        event: What happened.
        history: The events before it, as far back as `reach` says, in the order in which they were received; they are
            played to the automation. Later ones may be among them.
        state: What the engine remembered before the event, where that is known; then no history is needed.
        waits_for: The event that this one is held back for at this moment.
        was_stored: Tells whether a firing of this id is stored; then the answer says so.
        is_draft: The automation is of a file: taken as if it had been on since ever, and every event that it could
            depend on as being in the history.
        start: When the standing windows of a draft begin; by default with the history.

    Returns:
        `explanation`, the data, and `text`, for people.
    """
    past = _Past(automation, event, is_draft, start)
    if state is None:
        past.play(history)
    explanation = explain(
        automation,
        event,
        state or past.player.state,
        now=max(past.player.now, event.received),
        waits_for=waits_for or past.waits_for(),
        seen_from=None if is_draft else automation.active_since,
    )
    return _answer(explanation, past, was_stored)


def with_windows(answer: Mapping[str, Any], windows: Sequence[WindowNow]) -> dict[str, Any]:
    """Return an answer that also tells of the windows that are stored at this moment."""
    document = {**answer["explanation"], "window_now": [one.as_document() for one in windows]}
    return {"explanation": document, "text": "\n".join([answer["text"], *(one.sentence() for one in windows)])}


def windows_now(
    automation: Automation, event: Event, load: Callable[[Iterable[RowKey]], Mapping[RowKey, Row]]
) -> list[WindowNow]:
    """Return the windows that are stored at this moment for the keys of an event: of each trigger that looks at it."""
    compiled = Engine([automation]).compiled(automation.id)
    if compiled is None or not automation.enabled:
        return []
    keys = {
        RowKey(SLOT, watch.id, watch.key_of(event)): watch
        for watch in compiled.watches
        if watch.looks_at(event) and not keeps_no_slot(watch)
    }
    rows = load(keys) if keys else {}
    return [_window_now(key, watch, rows.get(key), automation.active_since) for key, watch in keys.items()]


def _window_now(key: RowKey, watch: Watch, row: Row | None, since: datetime) -> WindowNow:
    slot = slot_from(row.content) if row and row.content and row.since == since else Slot()
    labels = dict(zip(watch.for_each, key.key, strict=True))
    return WindowNow(watch.id, labels, watch.threshold, watch.has_deadline, slot.window)


def _answer(explanation: Explanation, past: "_Past", was_stored: Callable[[str], bool] | None) -> dict[str, Any]:
    stored = {one.id: was_stored(one.id) for one in explanation.firings} if was_stored else {}
    document = explanation.as_document() | {
        "history": {"events": past.player.tally.events, "since": past.since and iso(past.since)},
        "stored": stored,
    }
    lines = [explanation_text(explanation), *past.notes(), *(_stored_note(id_, known) for id_, known in stored.items())]
    return {"explanation": document, "text": "\n".join(lines)}


def reach(trigger: Trigger) -> timedelta | None:
    """Return how far back the events go that may matter to a trigger; None where there is no limit."""
    if isinstance(trigger, MetricTrigger):
        return timedelta(0)
    if isinstance(trigger, EventTrigger):
        if trigger.within:
            return 2 * timedelta(seconds=trigger.within) + LOOK_BACK
        return None if trigger.after or trigger.threshold > 1 else timedelta(0)
    below = [reach(child) for child in trigger.triggers]
    known = [one for one in below if one is not None]
    if trigger.within is None or len(known) < len(below):
        return None
    return max(known, default=timedelta(0)) + timedelta(seconds=trigger.within)


class _Past:
    """What came before an event."""

    def __init__(self, automation: Automation, event: Event, is_draft: bool, start: datetime | None) -> None:
        self._automation, self._event, self._is_draft = automation, event, is_draft
        self.player = Backtest([automation], start=start, may_wait=is_draft)
        self.since: datetime | None = None

    def play(self, history: Iterable[Event]) -> None:
        """Play the events before the one to be explained, and let time pass until that one was received."""
        for event in self._before(history):
            if self.since is None:
                self._begin(event.received)
            self.player.take(event)
        if self.since is None:
            self._begin(self._event.received)
        self.player.pass_time(self._event.received)

    def waits_for(self) -> str | None:
        """Return the event that the one to be explained waits for."""
        event, order = self._event, self.player.order
        if not self._is_draft or not self.player.tally.events or event.follows in (None, event.id):
            return None
        is_patient = self.player.now - event.received < PATIENCE
        return event.follows if is_patient and event.follows not in order.processed else None

    def notes(self) -> Iterator[str]:
        """Yield what a reader must know of where this comes from."""
        events = self.player.tally.events
        if events and self.since:
            count = "1 event before it" if events == 1 else f"{events} events before it"
            yield f"  known    {count}, from {full_moment(self.since)} on"

    def _before(self, history: Iterable[Event]) -> Iterator[Event]:
        active_since = self._automation.active_since
        for event in history:
            if event.id == self._event.id:
                return
            if event.received <= self._event.received and (self._is_draft or event.received >= active_since):
                yield event

    def _begin(self, moment: datetime) -> None:
        """Lay the standing windows out on the grid on which they lie since the automation was switched on."""
        self.since = moment
        active_since = self._automation.active_since
        compiled = self.player.engine.compiled(self._automation.id)
        if self._is_draft or moment < active_since or compiled is None:
            return
        for watch in compiled.watches:
            if watch.is_standing:
                start = active_since + (moment - active_since) // watch.within * watch.within
                self.player.state.slot(watch.id, ()).window = Window(start, start + watch.within)


def _stored_note(firing_id: str, known: bool) -> str:
    if known:
        return f"  stored   yes  the firing {firing_id}"
    return f"  stored   no   the firing {firing_id} is not there: the triggers saw other events, or it has expired"
