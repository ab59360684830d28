"""What automations do about one event that comes to them out of the blue."""

from collections.abc import Iterable
from datetime import datetime

from tests.stories import NOON

from whenflow.automations import Automation, Engine, Firing, firing_of
from whenflow.automations.state import State
from whenflow.events import Event


def firings_for(automations: Iterable[Automation], event: Event, now: datetime = NOON) -> list[Firing]:
    """Return the firings of automations that remember nothing and see this event."""
    return [firing_of(one, lambda _id: None) for one in Engine(automations).on_event(State(), event, now)]


def firing_for(automation: Automation, event: Event, now: datetime = NOON) -> Firing:
    """Return the one firing of an automation that remembers nothing and sees this event."""
    (firing,) = firings_for([automation], event, now)
    return firing
