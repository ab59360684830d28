"""The code of flows in the simulator, as the SDK would run it in a function: claim the run, do the work, tell the end.

Some work takes minutes. Its process shows every 30 seconds that it lives, and some processes go without a word: nobody
tells of them, and nobody starts them again.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from whenflow.events import RESOURCE_ID, Event
from whenflow.runs import FlowRun, Refused, StateType
from whenflow.runs.heartbeats import HEARTBEAT, Pulse, pulse_of
from whenflow.testing.simulation.outside import fate_of, minutes_of
from whenflow.testing.simulation.setup import BEATS_SECONDS, deployment_id
from whenflow.testing.simulation.stage import Crash

if TYPE_CHECKING:
    from whenflow.testing.simulation.cloud import Cloud
    from whenflow.testing.simulation.processes import Process

TRIED_AGAIN_SECONDS = 5.0


class Code:
    """Does the work of runs on Lambda.

    Attributes:
        works: By run, the launches whose code did its work, as often as it did.
        died: The runs whose code died, with its launch.
        silent: The runs of which a process went without a word.
    """

    def __init__(self, cloud: "Cloud") -> None:
        """Work in this stack."""
        self._cloud = cloud
        self.works: defaultdict[str, list[str]] = defaultdict(list)
        self.died: defaultdict[str, list[str]] = defaultdict(list)
        self.silent: set[str] = set()

    def of(self, message: dict[str, Any]) -> "Callable[[Process], None]":
        """Return what a function does that was invoked with this."""
        run_id, launch = message["flow_run_id"], message["launch"]

        def work(process: "Process") -> None:
            started = process.ledger.start(run_id, launch, BEATS_SECONDS)
            if isinstance(started, Refused):
                return
            pulse = pulse_of(started)
            if started.deployment_id == deployment_id("long") and pulse:
                self._go_on(process, started, pulse, 1)
                return
            self._cloud.faults.call(f"the work of {run_id}", lambda: self.works[run_id].append(launch))
            if fate_of(run_id) == "dies":
                raise Crash(run_id)
            process.ledger.move(run_id, _end_of(run_id))

        return work

    def _go_on(self, process: "Process", run: FlowRun, pulse: Pulse, number: int) -> None:
        """Work on until the next heartbeat, or to the end; a process that dies does so without a word."""

        def step() -> None:
            if number > minutes_of(run.id) * 60 / BEATS_SECONDS:
                self._end(process, run)
                return
            self._beat(process, run, pulse, number)
            self._go_on(process, run, pulse, number + 1)

        self._later((pulse.at(number) - self._cloud.clock.now()).total_seconds(), run, step)

    def _beat(self, process: "Process", run: FlowRun, pulse: Pulse, number: int) -> None:
        now = self._cloud.clock.now()
        resource, at = {RESOURCE_ID: run.resource_id}, pulse.at(number)
        event = Event(id=pulse.id_of(number), occurred=at, event=HEARTBEAT, resource=resource, related=(), received=now)
        try:
            process.events.put(event)
        except Exception:  # it is told again soon, unless the next is due by then
            if pulse.number_at(now) == number:
                self._later(TRIED_AGAIN_SECONDS, run, lambda: self._beat(process, run, pulse, number))

    def _end(self, process: "Process", run: FlowRun) -> None:
        if fate_of(run.id) == "dies":
            raise Crash(run.id)
        self.works[run.id].append(run.launch or "")
        try:
            process.ledger.move(run.id, _end_of(run.id))
        except Exception:  # the SDK says again how it went
            self._later(TRIED_AGAIN_SECONDS, run, lambda: self._end_again(process, run))

    def _end_again(self, process: "Process", run: FlowRun) -> None:
        try:
            process.ledger.move(run.id, _end_of(run.id))
        except Exception:
            self._later(TRIED_AGAIN_SECONDS, run, lambda: self._end_again(process, run))

    def _later(self, seconds: float, run: FlowRun, work: Callable[[], None]) -> None:
        def unless_it_dies() -> None:
            try:
                work()
            except Crash:
                self.silent.add(run.id)

        self._cloud.stage.after(max(0.0, seconds), unless_it_dies)


def _end_of(run_id: str) -> StateType:
    return StateType.COMPLETED if fate_of(run_id) == "completes" else StateType.FAILED
