"""The use cases behind the `timer` function: each minute a sweep, and at its second each ring."""

from collections.abc import Mapping
from typing import Any

from whenflow.automations.gauging import read
from whenflow.automations.match import AutomationDirectory, Matcher
from whenflow.automations.rows import row_key_from
from whenflow.automations.settle import Settler
from whenflow.automations.timekeeping import Timekeeper
from whenflow.errors import Transient
from whenflow.ports import Clock


class Timer:
    """Lets time pass for the windows."""

    def __init__(
        self,
        automations: AutomationDirectory,
        settler: Settler,
        timekeeper: Timekeeper,
        matcher: Matcher,
        clock: Clock,
    ) -> None:
        """Work with these."""
        self._clock = clock
        self._automations = automations
        self._settler = settler
        self._timekeeper = timekeeper
        self._matcher = matcher

    def sweep(self) -> int:
        """See to standing windows, read the gauges, ask for the next minutes' rings; return how many were asked for."""
        engine = self._automations.engine()
        self._settler.use(engine)
        self._timekeeper.stand_up(engine, self._settler)
        read(engine, self._settler, self._clock.now())
        return self._timekeeper.sweep()

    def ring(self, message: Mapping[str, Any]) -> int:
        """Close a window whose time has come, or apply a held event; return how many firings came of it.

        Raises:
            Transient: Try again.
        """
        if "held" in message:
            report = self._matcher.match_held(message["held"], message["attempt"])
            if report.failed:
                raise Transient(f"Event {message['held']} could not be applied.")
            return report.firings
        engine = self._automations.engine()
        self._settler.use(engine)
        return self._timekeeper.ring(engine, self._settler, row_key_from(message["trigger_id"], message["sort"]))
