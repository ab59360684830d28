"""Tells a story to the pure engine, and says what it fires: given automations, at T+n an event, at T+n a tick."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.model import Automation, automation_from_document, with_identity
from whenflow.automations.ordering import Order, Outcome, receive, release_lost
from whenflow.automations.state import Fired, State, Window
from whenflow.events import RESOURCE_ID, RESOURCE_ROLE, Event, named_id
from whenflow.testing import an_event
from whenflow.testing.doubles import START

Document = dict[str, Any]
MINUTE, HOUR = 60.0, 3600.0


def at(seconds: float) -> datetime:
    """Return the moment T+n."""
    return START + timedelta(seconds=seconds)


def reactive(**fields: Any) -> Document:
    """Return an event trigger that fires when enough events came."""
    return {"type": "event", "posture": "Reactive", **fields}


def proactive(**fields: Any) -> Document:
    """Return an event trigger that fires when too few events came."""
    return {"type": "event", "posture": "Proactive", **fields}


def compound(require: str | int, *triggers: Document, within: float | None = None) -> Document:
    """Return a trigger that fires when some of its children have fired."""
    return {"type": "compound", "require": require, "within": within, "triggers": list(triggers)}


def sequence(*triggers: Document, within: float | None = None) -> Document:
    """Return a trigger that fires when its children have fired in order."""
    return {"type": "sequence", "within": within, "triggers": list(triggers)}


def on(*names: str, **fields: Any) -> Document:
    """Return a trigger that fires on each event of these names."""
    return reactive(expect=list(names), **fields)


def automation(trigger: Document, name: str = "watch", *, created: float = 0, **fields: Any) -> Automation:
    """Return an automation with this trigger; its id is derived from its name."""
    document = {"name": name, "trigger": trigger, "actions": [{"type": "do-nothing"}], **fields}
    moment = at(created)
    return with_identity(automation_from_document(document), named_id("story", name), moment, moment)


def related(role: str, resource_id: str = "x", **labels: str) -> dict[str, str]:
    """Return the labels of a related resource."""
    return {RESOURCE_ID: resource_id, RESOURCE_ROLE: role, **labels}


def triggering(fired: Iterable[Fired]) -> list[str | None]:
    """Return the ids of the events that firings were triggered by."""
    return [one.event.id if one.event else None for one in fired]


def keys(fired: Iterable[Fired]) -> list[tuple[str, ...]]:
    """Return the values of the labels that firings were for."""
    return [tuple(one.labels[label] for label in sorted(one.labels)) for one in fired]


class Story:
    """The engine, its state, and a clock that only the story moves.

    Attributes:
        outcome: What became of the last event.
    """

    def __init__(self, *triggers: Document | Automation) -> None:
        given = [
            one if isinstance(one, Automation) else automation(one, f"watch {n}") for n, one in enumerate(triggers)
        ]
        self.engine = Engine(given)
        self.state, self.order = State(), Order()
        self.outcome = Outcome.PROCESSED
        self._now = START
        self._told: set[str] = set()
        for one in given:
            self.engine.stand_up(one.id, self.state, START)

    def event(
        self,
        name: str,
        seconds: float,
        resource: str | Mapping[str, str] = "r.1",
        *,
        occurred: float | None = None,
        received: float | None = None,
        id: str | None = None,
        related: Iterable[Mapping[str, str]] = (),
        follows: str | None = None,
    ) -> list[Fired]:
        """Let an event arrive at T+n, where it occurred unless said otherwise; return what fires.

        Its id reads like `name@seconds`, so that a firing says which event it was.
        """
        now = self._move(seconds)
        when = seconds if occurred is None else occurred
        id_ = id or self._new_id(name, when)
        event = an_event(name, resource, id=id_, occurred=at(when), related=related, follows=follows)
        event = replace(event, received=at(seconds if received is None else received))
        fired: list[Fired] = []
        self.outcome = receive(self.order, event, now, lambda one: fired.extend(self._process(one)))
        return fired

    def tick(self, seconds: float) -> list[Fired]:
        """Let time come to T+n: windows that are over are closed, lost followers released; return what fires."""
        now = self._move(seconds)
        fired = _outermost(self.engine.on_time(self.state, now + self.order.offset, now))
        release_lost(self.order, now, lambda one: fired.extend(self._process(one)))
        return fired

    def ticks(self, *moments: float) -> dict[float, list[str | None]]:
        """Let time come to each of these moments; return the triggering events by moment, where something fires."""
        seen = {seconds: triggering(self.tick(seconds)) for seconds in moments}
        return {seconds: fired for seconds, fired in seen.items() if fired}

    def switch(self, seconds: float, enabled: bool) -> None:
        """Switch all automations off or on at T+n."""
        now = self._move(seconds)
        for one in self.engine.automations():
            compiled = self.engine.compiled(one.id)
            assert compiled
            self.state.forget(compiled.trigger_ids)
            self.engine.put(one.model_copy(update={"enabled": enabled}))
            self.engine.stand_up(one.id, self.state, now)

    def delete(self) -> None:
        """Delete all automations."""
        for one in self.engine.automations():
            self.state.forget(self.engine.remove(one.id))

    def windows(self) -> list[tuple[float, float, int]]:
        """Return all windows: start and end as seconds after T, and the count."""
        return [_shown(slot.window) for slot in self.state.slots.values() if slot.window]

    def _process(self, event: Event) -> list[Fired]:
        return _outermost(self.engine.on_event(self.state, event, self._now))

    def _move(self, seconds: float) -> datetime:
        assert at(seconds) >= self._now, "the wall clock never goes back"
        self._now = at(seconds)
        return self._now

    def _new_id(self, name: str, seconds: float) -> str:
        id_ = f"{name}@{seconds:.12g}"
        while id_ in self._told:
            id_ += "'"
        self._told.add(id_)
        return id_


def _outermost(fired: list[AutomationFired]) -> list[Fired]:
    return [one.fired for one in fired]


def _shown(window: Window) -> tuple[float, float, int]:
    return (window.start - START).total_seconds(), (window.end - START).total_seconds(), window.count
