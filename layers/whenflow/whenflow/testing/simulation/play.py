"""Plays a history: what happens to a stack whose calls fail, until all is quiet, and what should hold then."""

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from whenflow.testing.doubles import ManualClock
from whenflow.testing.simulation.cloud import Cloud
from whenflow.testing.simulation.faults import Fault, Faults
from whenflow.testing.simulation.invariants import violations_of
from whenflow.testing.simulation.stage import Stage
from whenflow.testing.simulation.workload import Workload

RATE = 0.04
BUSY = timedelta(minutes=3)
LONGEST = timedelta(hours=3)
TRIES_TO_SHRINK = 60
AT_LEAST = timedelta(minutes=6)
SWEEP_SECONDS = 60.0
MISSED = 0.1
"""How likely a minute has no sweep, and how likely it has two."""


@dataclass(frozen=True)
class History:
    """What came of one seed.

    Attributes:
        seed: Play it again with this.
        violations: What should hold and does not; in words.
        faults: The calls that failed.
        figures: How many calls, events, firings and runs there were.
    """

    seed: int
    violations: Sequence[str]
    faults: Sequence[Fault]
    figures: dict[str, int]

    def report(self) -> str:
        """Return the violations, and the faults as a table."""
        rows = [f"{one.at:%H:%M:%S.%f}  {one.number:>6}  {one.kind:<12}  {one.call}" for one in self.faults]
        return "\n".join([f"seed {self.seed}: {len(self.violations)} violations", *self.violations, *rows])


def simulate(seed: int, rate: float = RATE, only: Collection[int] | None = None) -> History:
    """Play the history of a seed.

    Args:
        seed: Decides on everything that is left to chance.
        rate: How large a share of the calls fails, while they do.
        only: Of those, let only the calls of these numbers fail.
    """
    chance = Random(f"stage of {seed}")  # noqa: S311 - no secret
    stage = Stage(chance, ManualClock())
    faults = Faults(seed, rate, stage, only)
    cloud = Cloud(seed, stage, faults)
    workload = Workload(seed, cloud, BUSY)
    begun = stage.clock.now()
    workload.plan()
    _sweep(cloud, begun)
    with closing(stage):
        stage.play(begun + BUSY)
        faults.are_on = False
        stage.play(begun + LONGEST)
        while sum(queue.redrive() for queue in cloud.queues.values()):
            stage.play(stage.clock.now() + LONGEST)
    figures = {
        "calls": faults.calls,
        "faults": len(faults.happened),
        "events": len(cloud.events.stored),
        "firings": len(cloud.firings.stored),
        "runs": len(cloud.runs.newest(10_000)),
    }
    return History(seed, violations_of(cloud, workload), tuple(faults.happened), figures)


def shrunk(seed: int, rate: float = RATE) -> History:
    """Play a history that goes wrong with fewer and fewer faults, as long as it does; return the last that did."""
    worst = simulate(seed, rate)
    parts, plays = 1, 0
    while worst.violations and worst.faults and plays < TRIES_TO_SHRINK:
        numbers = [fault.number for fault in worst.faults]
        size = -(-len(numbers) // parts)
        for start in range(0, len(numbers), size):
            plays += 1
            less = simulate(seed, rate, only=frozenset(numbers[:start] + numbers[start + size :]))
            if less.violations:
                worst, parts = less, max(1, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(numbers))
    return worst


def _sweep(cloud: Cloud, begun: datetime) -> None:
    """Sweep each minute, sometimes twice, sometimes not, until there is nothing left to wait for."""

    def minute() -> None:
        drawn = cloud.chance.random()
        if drawn > MISSED:
            cloud.stage.after(0, cloud.sweep_if_possible)
        if drawn > 1 - MISSED:
            cloud.stage.after(0, cloud.sweep_if_possible)
        if cloud.clock.now() < begun + AT_LEAST or not (cloud.is_quiet and cloud.is_settled):
            cloud.stage.after(SWEEP_SECONDS, minute)

    cloud.stage.after(0, minute)
