"""Work pools and their queues: where runs are launched, with which job variables, and whether they are paused.

Pausing means: runs are made, and not launched until the pool and the queue are resumed. The pools that every stack has
need not be stored before they are paused for the first time.
"""

from collections.abc import Mapping
from typing import Any

from whenflow.ports import ConfigStore
from whenflow.runs.targets import DEFAULT_QUEUE, WORK_POOLS, pool_id_of, queue_id_of

__all__ = [
    "DEFAULT_QUEUE",
    "POOL",
    "QUEUE",
    "base_variables",
    "is_paused",
    "own_pools",
    "pool_id_of",
    "pool_named",
    "queue_id_of",
    "type_of",
    "work_pool",
    "work_queue",
]

POOL = "work-pool"
QUEUE = "work-queue"
SINCE = "1970-01-01T00:00:00.000000Z"
"""When the pools that every stack has were made: ever since. Prefect's client lists no pool without such a time."""


def work_pool(config: ConfigStore, pool_id: str) -> dict[str, Any] | None:
    """Return a work pool as it is stored or would be, or None where there is none of this id."""
    stored = config.get(POOL, pool_id)
    return stored or next((one for one in own_pools() if one["id"] == pool_id), None)


def pool_named(config: ConfigStore, name: str) -> dict[str, Any] | None:
    """Return a work pool by its name. One that every stack has needs no read to be known, only to be looked into."""
    return work_pool(config, pool_id_of(name))


def work_queue(config: ConfigStore, queue_id: str) -> dict[str, Any] | None:
    """Return a work queue as it is stored or would be, or None where there is none of this id."""
    stored = config.get(QUEUE, queue_id)
    return stored or next((one for one in _own_queues() if one["id"] == queue_id), None)


def is_paused(config: ConfigStore, pool_name: str, queue_name: str = DEFAULT_QUEUE) -> bool:
    """Tell whether runs of a work pool's queue are to wait: one of the two is paused. Two reads."""
    pool = config.get(POOL, pool_id_of(pool_name))
    queue = config.get(QUEUE, queue_id_of(pool_name, queue_name))
    return bool((pool and pool["is_paused"]) or (queue and queue["is_paused"]))


def type_of(config: ConfigStore, name: str) -> str | None:
    """Return what a work pool launches on, or None where there is no such pool."""
    if name in WORK_POOLS:
        return name
    pool = pool_named(config, name)
    return str(pool["type"]) if pool else None


def base_variables(pool: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the job variables that a pool gives all its runs: the defaults of its base job template."""
    variables = ((pool or {}).get("base_job_template") or {}).get("variables") or {}
    properties = variables.get("properties") or {}
    return {name: one["default"] for name, one in properties.items() if isinstance(one, dict) and "default" in one}


def own_pools() -> list[dict[str, Any]]:
    """Return the pools that every stack has."""
    times = {"created": SINCE, "updated": SINCE}
    return [{"id": pool_id_of(name), "name": name, "type": name, "is_paused": False, **times} for name in WORK_POOLS]


def _own_queues() -> list[dict[str, Any]]:
    return [
        {"id": queue_id_of(pool), "name": DEFAULT_QUEUE, "work_pool_name": pool, "is_paused": False}
        for pool in WORK_POOLS
    ]
