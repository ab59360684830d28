"""The use cases behind the `timer` function: each minute a sweep, and at its second each ring."""

from collections.abc import Mapping
from typing import Any

from whenflow.automations.gauging import read
from whenflow.automations.match import AutomationDirectory, Matcher
from whenflow.automations.rows import row_key_from
from whenflow.automations.settle import Settler
from whenflow.automations.timekeeping import Timekeeper
from whenflow.deployments import Scheduler
from whenflow.errors import Transient
from whenflow.ports import Clock
from whenflow.runs import FlowRun
from whenflow.runs.schedule import RunSchedule


class Timer:
    """Lets time pass for the windows, and for the events that are held."""

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
        self._timekeeper.clear_away(engine)
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


class Timers:
    """Lets time pass for all that waits for it: windows, held events, scheduled runs."""

    def __init__(self, windows: Timer, runs: RunSchedule, schedules: Scheduler | None = None) -> None:
        """Work with these."""
        self._windows = windows
        self._runs = runs
        self._schedules = schedules

    def sweep(self) -> int:
        """Ask for all rings of the next minutes; return how many. None holds another up where it fails."""
        try:
            asked = self._windows.sweep()
        finally:
            try:
                if self._schedules:
                    self._schedules.sweep()
            finally:
                runs = self._runs.sweep()
        return asked + runs

    def ring(self, message: Mapping[str, Any]) -> int:
        """Answer a ring; return how many firings and starts of runs came of it.

        Args:
            message: `{"flow_run_id", "ring"}` starts a scheduled run, once for however many rings;
                `{"trigger_id", "sort", "automation_id"}` closes a window; `{"held", "attempt"}` applies a held event.

        Raises:
            Transient: Try again.
        """
        if "flow_run_id" not in message:
            return self._windows.ring(message)
        return int(isinstance(self._runs.ring(message["flow_run_id"], message["ring"]), FlowRun))
