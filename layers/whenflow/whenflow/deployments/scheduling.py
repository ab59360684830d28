"""Runs that schedules ask for, made ahead of their time, so that they can be seen, put off and cancelled.

For each schedule the runs of the next three dates are there, and those of the next minutes. After a down time those
that were there are started, late; dates that passed without a run are left out. So no schedule brings a flood.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from whenflow.deployments.creating import AUTO_SCHEDULED, RunMaker, RunRequest, run_id_of
from whenflow.deployments.dates import Slot, dates_between, dates_of
from whenflow.errors import NotFound, Rejected, WhenflowError
from whenflow.ports import Clock, ConfigStore, RunStore
from whenflow.runs import RunLedger, StateDetails, StateType

KIND = "deployment"
NEVER = -1
LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """For which dates runs are to be made: those in [start, end), until there are enough of them.

    Attributes:
        at_least: How many dates are enough, …
        least: … if they reach so far from the start.
        at_most: How many dates are enough in any case.
    """

    start: datetime
    end: datetime
    at_least: int
    least: timedelta
    at_most: int


class Scheduler:
    """Makes the runs that schedules ask for, and takes those away that none asks for any more."""

    def __init__(self, config: ConfigStore, runs: RunStore, ledger: RunLedger, maker: RunMaker, clock: Clock) -> None:
        """Work on these stores."""
        self._config = config
        self._runs = runs
        self._ledger = ledger
        self._maker = maker
        self._clock = clock
        self._version = NEVER
        self._scheduled: dict[str, dict[str, Any]] = {}
        self._again: dict[str, datetime] = {}

    def sweep(self) -> int:
        """Make the runs that are missing; return how many. One small read, as long as no deployment changes.

        A deployment whose schedules fail holds up no other; the first error is raised at the end.
        """
        self._reload()
        now, made = self._clock.now(), 0
        failed: list[WhenflowError] = []
        for id_, deployment in self._scheduled.items():
            if self._again.get(id_, now) > now:
                continue
            try:
                made += self._see_to(deployment)
                self._again[id_] = min((slot.at for slot in dates_of(deployment, now)), default=LAST)
            except WhenflowError as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return made

    def _see_to(self, deployment: Mapping[str, Any]) -> int:
        if not deployment.get("paused"):
            return self.fill(deployment)
        self.clear(deployment)
        return 0

    def fill(self, deployment: Mapping[str, Any]) -> int:
        """Make the runs of a deployment's next dates that are not there; return how many. None while it is paused."""
        if deployment.get("paused"):
            return 0
        slots = {run_id_of(deployment["flow_id"], slot.key): slot for slot in dates_of(deployment, self._clock.now())}
        known = {run.id for run in self._runs.get_all(slots)} if slots else set()
        made = [self._make(deployment, slot) for run_id, slot in slots.items() if run_id not in known]
        return sum(made)

    def fill_between(self, deployment: Mapping[str, Any], span: "Span") -> int:
        """Make the runs of the dates in a time that are not there, also of dates that have passed; return how many."""
        made = 0
        for count, slot in enumerate(dates_between(deployment, span.start, span.end)):
            if count >= span.at_most or (count >= span.at_least and slot.at >= span.start + span.least):
                break
            made += self._make(deployment, slot)
        return made

    def clear(self, deployment: Mapping[str, Any]) -> int:
        """Remove the runs of a deployment's next dates that have not started; return how many."""
        ids = [run_id_of(deployment["flow_id"], slot.key) for slot in dates_of(deployment, self._clock.now())]
        count = 0
        for run in self._runs.get_all(ids) if ids else ():
            if run.state.type == StateType.SCHEDULED:
                try:
                    self._ledger.delete(run.id)
                except NotFound:
                    continue
                count += 1
        return count

    def _make(self, deployment: Mapping[str, Any], slot: Slot) -> bool:
        run_id = run_id_of(deployment["flow_id"], slot.key)
        details = StateDetails(scheduled_time=slot.at)
        request = RunRequest(
            parameters=slot.parameters,
            hydrate=True,
            state=self._ledger.new_state(run_id, StateType.SCHEDULED, message="Flow run scheduled", details=details),
            tags=(AUTO_SCHEDULED,),
            idempotency_key=slot.key,
            auto_scheduled=True,
        )
        try:
            return self._maker.create(deployment, request)[1]
        except Rejected as error:
            raise Rejected(f"The deployment {deployment['name']} cannot be scheduled: {error.reason}") from None

    def _reload(self) -> None:
        version = self._config.version(KIND)
        if version == self._version:
            return
        stored = self._config.all(KIND)
        self._scheduled = {one["id"]: one for one in stored if one.get("schedules")}
        self._again.clear()
        self._version = version
