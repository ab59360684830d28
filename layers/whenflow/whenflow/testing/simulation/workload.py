"""What happens from outside: events are sent until they are accepted, some of them twice; users cancel runs."""

import contextlib
from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from whenflow.events import RESOURCE_ID, Event, named_id
from whenflow.testing.simulation.setup import DONE, DOOR, FILE, LATER, NOTE, ORDER, REFUSED, REPORT, STARTED
from whenflow.testing.simulation.stage import Crash

if TYPE_CHECKING:
    from whenflow.testing.simulation.cloud import Cloud

SENT = {ORDER: "order", FILE: "file", REFUSED: "order", LATER: "order", NOTE: "note"}
EVENTS = 12
DOORS = 3
VISITS = 10
JOBS = 4
CANCELS = 3
REPORTS = 0.2
"""How likely a history has a run that works for minutes: it makes the history as much longer."""
SENT_TWICE = 0.3
RESEND_SECONDS = 1.0
JOB_TAKES = (8.0, 20.0)


class Workload:
    """Plans what happens.

    Attributes:
        accepted: By id, the events that were accepted.
        missing: The jobs that never say that they are done.
        cancelled: The runs that a user cancelled.
    """

    def __init__(self, seed: int, cloud: "Cloud", busy: timedelta) -> None:
        """Let all of it happen within so long."""
        self._chance = Random(f"workload of {seed}")  # noqa: S311 - no secret
        self._cloud = cloud
        self._seconds = busy.total_seconds()
        self._seed = seed
        self._count = 0
        self.accepted: dict[str, Event] = {}
        self.missing: set[str] = set()
        self.cancelled: set[str] = set()

    def plan(self) -> None:
        """Plan all events and cancellations."""
        for number in range(EVENTS):
            name = self._chance.choice(list(SENT))
            self._send(name, f"{SENT[name]}.{number}", self._moment())
        for _ in range(VISITS):
            self._send(DOOR, f"door.{self._chance.randrange(DOORS)}", self._moment())
        if self._chance.random() < REPORTS:
            self._send(REPORT, "report.0", self._moment())
        for number in range(JOBS):
            self._job(f"job.{number}")
        for _ in range(CANCELS):
            self._cloud.stage.after(self._moment(), self._cancel)

    def _moment(self) -> float:
        return self._chance.random() * self._seconds * 0.8

    def _job(self, name: str) -> None:
        begins = self._moment()
        self._send(STARTED, name, begins)
        if self._chance.random() < 0.5:  # noqa: PLR2004 - as many that say so as that do not
            self.missing.add(name)
        else:
            self._send(DONE, name, begins + self._chance.uniform(*JOB_TAKES))

    def _send(self, name: str, resource: str, seconds: float) -> None:
        self._count += 1
        id_ = named_id("simulated", str(self._seed), str(self._count))
        occurred = self._cloud.clock.now() + timedelta(seconds=seconds)
        event = Event(id=id_, occurred=occurred, event=name, resource={RESOURCE_ID: resource}, received=occurred)
        for _ in range(2 if self._chance.random() < SENT_TWICE else 1):
            self._cloud.stage.after(seconds, lambda: self._deliver(event))
            seconds += self._chance.random() * RESEND_SECONDS * 5

    def _deliver(self, event: Event) -> None:
        try:
            self._cloud.accept(event)
        except (Crash, Exception):  # there was no answer: it is sent again
            self._cloud.stage.after(RESEND_SECONDS, lambda: self._deliver(event))
        else:
            self.accepted[event.id] = event

    def _cancel(self) -> None:
        runs = self._cloud.runs.newest(10)
        if not runs:
            return
        run = self._chance.choice(runs)
        self.cancelled.add(run.id)
        with contextlib.suppress(Crash, Exception):
            self._cloud.cancel(run.id)


def counted(what: Mapping[str, object]) -> str:
    """Return figures as `name=value` pairs."""
    return " ".join(f"{name}={value}" for name, value in what.items())
