"""The dates that a deployment's schedules ask for, and the keys of the runs that are made for them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import takewhile
from typing import Any

from pydantic import TypeAdapter

from whenflow.events import iso
from whenflow.runs import FlowRun
from whenflow.runs.recurrence import Recurrence

AT_LEAST = 3
AT_MOST = 100
AHEAD = timedelta(minutes=3)
"""Runs are there for the next three dates of a schedule, and for all of the next minutes: until the sweep but two."""
_recurrence: TypeAdapter[Any] = TypeAdapter(Recurrence)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One date of one schedule of a deployment."""

    key: str
    at: datetime
    parameters: Mapping[str, Any]


def dates_of(deployment: Mapping[str, Any], now: datetime) -> Iterator[Slot]:
    """Yield the next dates of a deployment's active schedules, whether it is paused or not."""
    for schedule in deployment.get("schedules") or ():
        if not schedule["active"]:
            continue
        most = min(schedule.get("max_scheduled_runs") or AT_MOST, AT_MOST)
        for count, at in enumerate(_recurrence.validate_python(schedule["schedule"]).after(now)):
            if count >= most or (count >= AT_LEAST and at > now + AHEAD):
                break
            yield Slot(_key(deployment, schedule, at), at, schedule.get("parameters") or {})


def dates_between(deployment: Mapping[str, Any], start: datetime, end: datetime) -> Iterator[Slot]:
    """Yield the dates of a deployment's active schedules in [start, end), in order of time."""
    every = []
    for schedule in deployment.get("schedules") or ():
        if schedule["active"]:
            every.append(_between(deployment, schedule, start, end))
    yield from merge(*every, key=lambda slot: slot.at)


def _between(
    deployment: Mapping[str, Any], schedule: Mapping[str, Any], start: datetime, end: datetime
) -> Iterator[Slot]:
    dates = _recurrence.validate_python(schedule["schedule"]).after(start - _TICK)
    for at in takewhile(lambda date: date < end, dates):
        yield Slot(_key(deployment, schedule, at), at, schedule.get("parameters") or {})


def is_due(deployment: Mapping[str, Any], run: FlowRun) -> bool:
    """Tell whether one of the active schedules of a deployment that is not paused asks for this run."""
    if deployment.get("paused"):
        return False
    at = run.expected_start_time
    for schedule in deployment.get("schedules") or ():
        if schedule["active"] and run.idempotency_key == _key(deployment, schedule, at):
            return next(_recurrence.validate_python(schedule["schedule"]).after(at - _TICK), None) == at
    return False


def _key(deployment: Mapping[str, Any], schedule: Mapping[str, Any], at: datetime) -> str:
    return f"scheduled {deployment['id']} {schedule['id']} {iso(at)}"
