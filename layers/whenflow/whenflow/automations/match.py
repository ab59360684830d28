"""The use case behind the `matcher` function."""

from collections.abc import Sequence
from typing import Protocol

from whenflow.automations.engine import on_event
from whenflow.automations.model import Automation
from whenflow.events import Event
from whenflow.ports import Clock, FiringStore


class AutomationDirectory(Protocol):
    """Knows the automations of this moment."""

    def current(self) -> Sequence[Automation]:
        """Return all of them, enabled or not; at most two seconds old."""
        ...


class Matcher:
    """Finds the firings of events and stores them. An event matched twice is the same firings."""

    def __init__(self, automations: AutomationDirectory, firings: FiringStore, clock: Clock) -> None:
        """Work on these automations and this store, with this clock."""
        self._automations = automations
        self._firings = firings
        self._clock = clock

    def match(self, event: Event) -> int:
        """Store the firings of an event; return how many were new.

        Raises:
            Transient: Try the same event again.
        """
        now = self._clock.now()
        return sum(self._firings.put(firing) for firing in on_event(self._automations.current(), event, now))
