"""One event fires 5,000 automations; 10,000 events fire one. Nothing is lost, nothing is done twice.

`python -m tests.simulation.test_fan_out` prints the figures.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.stories import order_placed, run_of
from tests.world import World

from whenflow.aws.batches import WORKERS, at_once
from whenflow.runs import StateType
from whenflow.testing import RecordedLauncher

AUTOMATIONS, FIRINGS, BATCH = 5_000, 10_000, 100
CALL_SECONDS = 0.001


class BusyLauncher(RecordedLauncher):
    """Notes how many launches are under way at once.

    Attributes:
        most: The most launches that were under way.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._now = self.most = 0

    def launch(self, run: Any) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            time.sleep(CALL_SECONDS)
            super().launch(run)
        finally:
            with self._lock:
                self._now -= 1


@contextmanager
def timed(figures: dict[str, float], name: str) -> Iterator[None]:
    begun = time.process_time()
    yield
    figures[name] = time.process_time() - begun


def fan_out(automations: int, events: int) -> tuple[World, dict[str, float]]:
    """Let so many events happen to so many automations that all run one deployment; act in batches, as in AWS."""
    world = World()
    figures: dict[str, float] = {}
    launcher = BusyLauncher()
    world.launcher.launch = launcher.launch  # type: ignore[method-assign]
    deployment = world.deployment()
    for number in range(automations):
        trigger = {"type": "event", "posture": "Reactive", "expect": ["order.placed"]}
        world.automation({"name": f"on order {number}", "trigger": trigger, "actions": [run_of(deployment)]})
    placed = [order_placed(number) for number in range(events)]
    for event in placed:
        world.events.put(event)
    with timed(figures, "matching_seconds"):
        for start in range(0, events, BATCH):
            world.matcher.match(*placed[start : start + BATCH])
    firings = list(world.firings.stored.values())
    with timed(figures, "acting_seconds"):
        for start in range(0, len(firings), BATCH):
            batch: Any = [{"firing": firing} for firing in firings[start : start + BATCH]]
            answer = at_once(batch, lambda one: world.dispatcher.dispatch(one["firing"]), lambda one: one["firing"].id)
            assert answer == {"batchItemFailures": []}
    figures |= {"firings": len(firings), "launched": len(launcher.launched), "most_at_once": launcher.most}
    return world, figures


@pytest.mark.parametrize(("automations", "events"), [(AUTOMATIONS // 10, 1), (1, FIRINGS // 10)])
def test_however_wide_it_fans_out_each_firing_starts_one_run(automations: int, events: int) -> None:
    world, figures = fan_out(automations, events)

    runs = world.runs.newest(automations * events + 1)
    assert figures["firings"] == figures["launched"] == len(runs) == automations * events
    assert {run.state.type for run in runs} == {StateType.PENDING}
    assert len({run.firing_id for run in runs}) == len(runs)
    assert len(world.events.named("prefect.automation.action.executed")) == len(runs)
    assert 1 < figures["most_at_once"] <= WORKERS


if __name__ == "__main__":
    for shape in ((AUTOMATIONS, 1), (1, FIRINGS)):
        print(*(f"{name}={value:.1f}" for name, value in fan_out(*shape)[1].items()))
