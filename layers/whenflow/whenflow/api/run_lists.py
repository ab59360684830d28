"""Which flow runs a list call asks for, and in which order."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from whenflow.api.filters import Query, sorted_by
from whenflow.deployments.pools import pool_id_of
from whenflow.ports import RunStore
from whenflow.runs import FlowRun

LOOKED_THROUGH = 2_000
"""Runs that a filter looks through, newest first: there is no index by state, tag or name."""
NEWEST = "ID_DESC"
_Key = Callable[[FlowRun], Any]
SORTS: dict[str, tuple[_Key, bool]] = {
    NEWEST: (lambda run: (run.created, run.id), True),
    "START_TIME_ASC": (lambda run: run.start_time, False),
    "START_TIME_DESC": (lambda run: run.start_time, True),
    "EXPECTED_START_TIME_ASC": (lambda run: run.expected_start_time, False),
    "EXPECTED_START_TIME_DESC": (lambda run: run.expected_start_time, True),
    "NEXT_SCHEDULED_START_TIME_ASC": (lambda run: run.next_scheduled_start_time, False),
    "END_TIME_DESC": (lambda run: run.end_time, True),
    "NAME_ASC": (lambda run: run.name, False),
    "NAME_DESC": (lambda run: run.name, True),
}


def find_runs(runs: RunStore, query: Query, limit: int, offset: int) -> list[FlowRun]:
    """Return a page of the runs that are asked for."""
    if limit == 0:
        return []
    fitting = (run for run in _candidates(runs, query) if is_wanted(run, query))
    if query.sort in (None, NEWEST) and not _ids(query):
        return list(islice(fitting, offset, offset + limit))
    key, descending = SORTS[query.sort or NEWEST]
    return sorted_by(list(fitting), key, descending=descending)[offset : offset + limit]


def count_runs(runs: RunStore, query: Query) -> int:
    """Return how many runs are what is asked for, of those that are looked through."""
    return sum(is_wanted(run, query) for run in _candidates(runs, query))


def is_wanted(run: FlowRun, query: Query) -> bool:
    """Tell whether a run is what is asked for."""
    return all(asked.fits(values) for asked, values in _asked(run, query) if asked is not None)


def _asked(run: FlowRun, query: Query) -> Iterable[tuple[Any, dict[str, Any]]]:
    yield query.flow_runs, _fields(run)
    yield query.flows, {"id": run.flow_id, "name": run.flow_name}
    yield query.deployments, {"id": run.deployment_id, "name": run.deployment_name}
    pool = run.work_pool_name
    yield query.work_pools, {"id": pool_id_of(pool) if pool else None, "name": pool, "type": run.target_type or None}


def _fields(run: FlowRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "tags": run.tags,
        "deployment_id": run.deployment_id,
        "work_queue_name": run.work_queue_name,
        "state": {"type": str(run.state.type), "name": run.state.name},
        "flow_version": run.flow_version,
        "start_time": run.start_time,
        "end_time": run.end_time,
        "expected_start_time": run.expected_start_time,
        "next_scheduled_start_time": run.next_scheduled_start_time,
        "parent_task_run_id": run.parent_task_run_id,
        "idempotency_key": run.idempotency_key,
    }


def _ids(query: Query) -> list[str] | None:
    asked = query.flow_runs
    named = asked is not None and asked.id is not None and asked.operator != "or_"
    return asked.id.any_ if named and asked and asked.id else None


def _candidates(runs: RunStore, query: Query) -> Iterable[FlowRun]:
    ids = _ids(query)
    return runs.get_all(ids) if ids is not None else islice(runs.newest_first(), LOOKED_THROUGH)
