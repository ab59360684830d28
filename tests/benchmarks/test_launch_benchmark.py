"""What `make bench-launch` says of a stack is what the stack did."""

import os
import time
from collections.abc import Mapping, Sequence

import pytest
from benchmarks.launch import figures
from benchmarks.launch.figures import burst_of, can_measure, cpu_seconds_of, latency_of


class Stack:
    """Has the run of each event there after so long, or never."""

    def __init__(self, seconds: float, loses: int = 0) -> None:
        self.seconds, self.loses = seconds, loses
        self.runs: dict[str, float] = {}
        self.used = 1.0

    def send_one(self, name: str) -> None:
        self.send_all([name])

    def send_all(self, names: Sequence[str]) -> None:
        for name in names[: len(names) - self.loses]:
            self.used += 0.01
            self.runs[name] = time.time() + self.seconds

    def started(self) -> Mapping[str, float]:
        return {name: at for name, at in self.runs.items() if at <= time.time()}

    def cpu_seconds(self) -> float:
        return self.used


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often."""
    monkeypatch.setattr(figures, "LOOK_SECONDS", 0.01)


def test_latency_is_from_the_call_to_the_run() -> None:
    found = latency_of(Stack(0.05), events=10, rate=500, patience=5)
    assert 49 < found.p50_ms <= found.p95_ms < 80
    assert found.missing == 0


def test_a_burst_is_over_with_the_last_run_and_its_cost_is_shared_by_all() -> None:
    found = burst_of(Stack(0.1), events=20, patience=5)
    assert 0.1 <= found.seconds < 0.5
    assert found.cpu_ms_per_event == pytest.approx(10)


def test_what_never_comes_is_counted() -> None:
    assert burst_of(Stack(0.0, loses=3), events=20, patience=0.1).missing == 3


def test_processor_time_is_that_of_the_processes_where_the_system_tells_it() -> None:
    if not can_measure():
        assert cpu_seconds_of(os.getpid()) == 0.0
        return
    before, own = cpu_seconds_of(os.getpid()), time.process_time()
    while time.process_time() - own < 0.2:
        pass
    assert cpu_seconds_of(os.getpid()) - before >= 0.15
