"""What lists need to know of flow runs, kept for whole hours of them (docs/decisions/0016).

A summary says of one run what a filter can ask for. An overview says the same of many runs of one deployment at once,
as far as it goes: enough to pass most of them over without reading them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from whenflow.events.times import iso, parse_iso
from whenflow.runs.model import FlowRun

TIMES = ("expected_start_time", "start_time", "end_time", "next_scheduled_start_time")
MICROSECOND = timedelta(microseconds=1)


class RunPosition(NamedTuple):
    """The place of a run in the order in which runs were made."""

    created: datetime
    id: str


class Kind(NamedTuple):
    """What the runs of one deployment have in common; of those without a deployment, the runs of one flow."""

    flow_id: str
    flow_name: str
    deployment_id: str | None
    deployment_name: str | None
    work_pool_name: str | None
    target_type: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list knows of a run.

    Attributes:
        kind: What it is a run of.
        times: Its moments by the names of `TIMES`.
    """

    id: str
    created: datetime
    kind: Kind
    name: str
    state_type: str
    state_name: str
    times: Mapping[str, datetime | None]
    tags: Sequence[str] = ()
    work_queue_name: str | None = None
    flow_version: str | None = None
    parent_task_run_id: str | None = None
    parent_flow_run_id: str | None = None
    idempotency_key: str | None = None

    @property
    def position(self) -> RunPosition:
        """Its place among all runs."""
        return RunPosition(self.created, self.id)

    def as_stored(self) -> list[Any]:
        """Return what a digest keeps; times count in microseconds from when the run was made."""
        row = [
            self.id,
            iso(self.created),
            self.name,
            self.state_type,
            self.state_name,
            [None if at is None else (at - self.created) // MICROSECOND for at in self.times.values()],
            list(self.tags),
            self.work_queue_name,
            self.flow_version,
            self.parent_task_run_id,
            self.parent_flow_run_id,
            self.idempotency_key,
        ]
        while not row[-1]:
            row.pop()
        return row

    @classmethod
    def from_stored(cls, row: Sequence[Any], kind: Kind) -> "Summary":
        """Read what `as_stored` wrote."""
        id_, created_text, name, state_type, state_name, deltas, *others = row
        created = parse_iso(created_text)
        times = {
            field: None if delta is None else created + delta * MICROSECOND
            for field, delta in zip(TIMES, deltas, strict=True)
        }
        return cls(id_, created, kind, name, state_type, state_name, times, *others)


def summary_of(run: FlowRun) -> Summary:
    """Return the summary of a run as it is now."""
    kind = Kind(run.flow_id, run.flow_name, run.deployment_id, run.deployment_name, run.work_pool_name, run.target_type)
    return Summary(
        run.id,
        run.created,
        kind,
        run.name,
        str(run.state.type),
        run.state.name,
        {field: getattr(run, field) for field in TIMES},
        list(run.tags),
        run.work_queue_name,
        run.flow_version,
        run.parent_task_run_id,
        run.parent_run_id,
        run.idempotency_key,
    )


class Range(NamedTuple):
    """Within which times some runs have a moment; `missing` of them have none."""

    first: datetime | None
    last: datetime | None
    missing: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of the runs of one kind that were made within an hour and have ended.

    Attributes:
        states: How many are in which state, by type and name.
        times: By the names of `TIMES`.
    """

    kind: Kind
    states: Mapping[tuple[str, str], int]
    times: Mapping[str, Range]

    @property
    def count(self) -> int:
        """How many runs there are."""
        return sum(self.states.values())

    def as_stored(self) -> list[Any]:
        """Return what a digest keeps."""
        states = [[*state, number] for state, number in self.states.items()]
        times = [[_iso(one.first), _iso(one.last), one.missing] for one in self.times.values()]
        return [list(self.kind), states, times]

    @classmethod
    def from_stored(cls, stored: Sequence[Any]) -> "Overview":
        """Read what `as_stored` wrote."""
        kind, states, times = stored
        ranges = (Range(_moment(first), _moment(last), missing) for first, last, missing in times)
        counts = {(type_, name): number for type_, name, number in states}
        return cls(Kind(*kind), counts, dict(zip(TIMES, ranges, strict=True)))


def overview_of(runs: Sequence[Summary]) -> Overview:
    """Return the overview of runs of one kind; there must be one at least."""
    times = {}
    for field in TIMES:
        known = [at for run in runs if (at := run.times[field])]
        times[field] = Range(min(known, default=None), max(known, default=None), len(runs) - len(known))
    return Overview(runs[0].kind, Counter((run.state_type, run.state_name) for run in runs), times)


class Take(Enum):
    """What is to be done with the runs that an overview tells of.

    Attributes:
        NONE: Pass over them: none is wanted.
        EACH: Look at each.
        WHOLE: The overview says enough.
    """

    NONE = "none"
    EACH = "each"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Look:
    """Which runs somebody looks for, newest first.

    Attributes:
        take: Says what to do with the runs of an overview; None where every run is wanted.
        before: Only runs behind this place.
        since: Only runs made then or later.
        until: Only runs made then or earlier.
        reads: How many runs may be read one by one.
        rows: How many summaries may be gone through.
    """

    take: Callable[[Overview], Take] | None = None
    before: RunPosition | None = None
    since: datetime | None = None
    until: datetime | None = None
    reads: int = 5_000
    rows: int = 100_000


@dataclass(frozen=True, slots=True)
class Stopped:
    """Said last by a look that met its bound: nothing made before `at` was shown; None where nothing was at all."""

    at: datetime | None


Looked: TypeAlias = Summary | Overview | Stopped


def by_kind(runs: Iterable[Summary]) -> Mapping[Kind, list[Summary]]:
    """Return runs by their kind, in the order in which they come."""
    kinds: dict[Kind, list[Summary]] = {}
    for run in runs:
        kinds.setdefault(run.kind, []).append(run)
    return kinds


def is_within(run: Summary, look: Look) -> bool:
    """Tell whether a run stands where somebody looks."""
    return (
        (look.before is None or run.position < look.before)
        and (look.since is None or run.created >= look.since)
        and (look.until is None or run.created <= look.until)
    )


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return parse_iso(text) if text else None
