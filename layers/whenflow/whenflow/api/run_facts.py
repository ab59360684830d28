"""Whether a flow run, or a whole hour of them, is what a filter asks for."""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import partial
from typing import Any

from whenflow.api.filters import OR, Atom, Filter, FlowRunFilter, Query
from whenflow.deployments.pools import pool_id_of
from whenflow.runs.summaries import TIMES, Kind, Overview, Range, Summary, Take

BOUNDS = frozenset({"operator", "before_", "after_"})


class Fit(Enum):
    """Of how many runs something holds."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


def is_wanted(run: Summary, query: Query) -> bool:
    """Tell whether a run is what is asked for."""
    asked = query.flow_runs
    return _is_of_kind(run.kind, query) and (asked is None or asked.fits(_fields(run)))


def taken(query: Query, *, counting: bool) -> Callable[[Overview], Take]:
    """Return what says of an overview whether its runs are looked at.

    Args:
        query: What is asked for.
        counting: Whether it is enough to know how many there are.
    """
    return partial(_take, query, counting=counting)


def counted(overview: Overview, query: Query) -> int:
    """Return how many runs of an overview that is taken whole are what is asked for."""
    return sum(number for state, number in overview.states.items() if _fit(overview, state, query) is Fit.ALL)


def _take(query: Query, overview: Overview, *, counting: bool) -> Take:
    if not _is_of_kind(overview.kind, query):
        return Take.NONE
    fits = {_fit(overview, state, query) for state in overview.states}
    if fits <= {Fit.NONE}:
        return Take.NONE
    return Take.WHOLE if counting and Fit.SOME not in fits else Take.EACH


def _is_of_kind(kind: Kind, query: Query) -> bool:
    return all(asked.fits(values) for asked, values in _asked(kind, query) if asked is not None)


def _asked(kind: Kind, query: Query) -> Iterable[tuple[Filter | None, dict[str, Any]]]:
    pool = kind.work_pool_name
    yield query.flows, {"id": kind.flow_id, "name": kind.flow_name}
    yield query.deployments, {"id": kind.deployment_id, "name": kind.deployment_name}
    yield query.work_pools, {"id": pool_id_of(pool) if pool else None, "name": pool, "type": kind.target_type or None}


def _fields(run: Summary) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "tags": run.tags,
        "deployment_id": run.kind.deployment_id,
        "work_queue_name": run.work_queue_name,
        "state": {"type": run.state_type, "name": run.state_name},
        "flow_version": run.flow_version,
        **run.times,
        "parent_task_run_id": run.parent_task_run_id,
        "parent_flow_run_id": run.parent_flow_run_id,
        "idempotency_key": run.idempotency_key,
    }


def _fit(overview: Overview, state: tuple[str, str], query: Query) -> Fit:
    """Tell of how many of its runs in one state the filter on flow runs holds."""
    asked = query.flow_runs
    if asked is None:
        return Fit.ALL
    known = {"deployment_id": overview.kind.deployment_id, "state": {"type": state[0], "name": state[1]}}
    fits = [
        _fit_of(atom, name, known, overview.times)
        for name in FlowRunFilter.model_fields
        if name != "operator" and (atom := getattr(asked, name)) is not None
    ]
    if not fits:
        return Fit.ALL
    one, other = (Fit.ALL, Fit.NONE) if asked.operator == OR else (Fit.NONE, Fit.ALL)
    if one in fits:
        return one
    return other if set(fits) == {other} else Fit.SOME


def _fit_of(asked: Any, name: str, known: Mapping[str, Any], times: Mapping[str, Range]) -> Fit:
    if name in known:
        return Fit.ALL if asked.fits(known[name]) else Fit.NONE
    return _fit_of_times(asked, times[name]) if name in TIMES else Fit.SOME


def _fit_of_times(asked: Atom, times: Range) -> Fit:
    """Tell of how many moments something holds; where it asks for more than two bounds, some may."""
    given = asked.model_dump(exclude_none=True)
    if asked.operator == OR or not given.keys() <= BOUNDS or not given.keys() - {"operator"}:
        return Fit.SOME
    if times.first is None or times.last is None:
        return Fit.NONE
    if (asked.after_ and times.last < asked.after_) or (asked.before_ and times.first > asked.before_):
        return Fit.NONE
    return Fit.ALL if not times.missing and asked.fits(times.first) and asked.fits(times.last) else Fit.SOME
