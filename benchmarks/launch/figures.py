"""What is measured of either side, and what processes use."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Protocol

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
LOOK_SECONDS = 0.25
PERCENTILES = 100


class Side(Protocol):
    """A stack that is measured."""

    def send_one(self, name: str) -> None:
        """Send an event that is known by this name."""
        ...

    def send_all(self, names: Sequence[str]) -> None:
        """Send many, as fast as they are taken."""
        ...

    def started(self) -> Mapping[str, float]:
        """Return when each event's run was there, in seconds since 1970."""
        ...

    def cpu_seconds(self) -> float:
        """Return the processor time that all its processes have used."""
        ...


@dataclass(frozen=True)
class Latency:
    """How long single events took.

    Attributes:
        p50_ms: Half of them no longer than this.
        p95_ms: Of twenty, nineteen.
        missing: How many never came.
    """

    p50_ms: float
    p95_ms: float
    missing: int


@dataclass(frozen=True)
class Burst:
    """How long many events at once took.

    Attributes:
        seconds: From the first that was sent to the last whose run was there.
        cpu_ms_per_event: Processor time of all processes until then.
        missing: How many never came.
    """

    seconds: float
    cpu_ms_per_event: float
    missing: int


def latency_of(side: Side, events: int, rate: float, patience: float) -> Latency:
    """Send events at a rate, one by one."""
    sent: dict[str, float] = {}
    begun = time.monotonic()
    for number in range(events):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        name = f"single-{number}"
        sent[name] = time.time()
        side.send_one(name)
    started = _awaited(side, sent.keys(), patience)
    took = sorted((started[name] - sent[name]) * 1000 for name in sent if name in started)
    cuts = quantiles(took, n=PERCENTILES, method="inclusive")
    return Latency(cuts[49], cuts[94], events - len(took))


def burst_of(side: Side, events: int, patience: float) -> Burst:
    """Send events all at once."""
    names = [f"burst-{number}" for number in range(events)]
    used, begun = side.cpu_seconds(), time.time()
    side.send_all(names)
    started = _awaited(side, names, patience)
    used = side.cpu_seconds() - used
    there = [started[name] for name in names if name in started]
    return Burst(max(there) - begun, used / len(there) * 1000, events - len(there))


def _awaited(side: Side, names: object, patience: float) -> Mapping[str, float]:
    """Return what has started once all have, or nothing more has for so long."""
    wanted, seen, since = set(names), -1, time.monotonic()  # type: ignore[call-overload]
    while True:
        started = side.started()
        there = len(wanted & started.keys())
        if there > seen:
            seen, since = there, time.monotonic()
        if there == len(wanted) or time.monotonic() - since > patience:
            return started
        time.sleep(LOOK_SECONDS)


def cpu_seconds_of(pid: int) -> float:
    """Return the processor time of a process and all below it, those included that have ended and were waited for."""
    return sum(_own_seconds(one) for one in _tree(pid))


def cpu_by_name(pid: int, mark: str) -> dict[str, float]:
    """Return the processor time of a process, and of those below it by the word of their command line after a mark."""
    used = {"": _own_seconds(pid)}
    for one in _tree(pid)[1:]:
        try:
            command = (PROC / str(one) / "cmdline").read_text()
        except OSError:
            continue
        name = command.partition(mark)[2].split("-")[0] if mark in command else ""
        used[name] = used.get(name, 0.0) + _own_seconds(one)
    return used


def _own_seconds(pid: int) -> float:
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0  # it has just ended; its parent has its time
    return sum(map(int, fields[11:15])) / TICKS


def _tree(pid: int) -> list[int]:
    found = [pid]
    for task in (PROC / str(pid) / "task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        found += [below for child in children for below in _tree(int(child))]
    return found


def can_measure() -> bool:
    """Tell whether this system says what processes use."""
    return (PROC / "self" / "task").exists()
