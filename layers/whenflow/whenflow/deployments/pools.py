"""Work pools and their queues: where runs are launched, with which job variables, and whether they are paused.

Pausing means: runs are made, and not launched until the pool and the queue are resumed. The pools that every stack has
need not be stored before they are paused for the first time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whenflow.errors import Conflict, Stale
from whenflow.events import Event
from whenflow.ports import ConfigStore, Stored
from whenflow.runs.targets import DEFAULT_QUEUE, WORK_POOLS, pool_id_of, queue_id_of

__all__ = [
    "DEFAULT_QUEUE",
    "POOL",
    "QUEUE",
    "Condition",
    "base_variables",
    "condition_of",
    "is_paused",
    "own_pools",
    "pool_id_of",
    "pool_named",
    "queue_id_of",
    "read_work_pool",
    "read_work_queue",
    "store",
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
    found = read_work_pool(config, pool_id)
    return found.document if found else None


def read_work_pool(config: ConfigStore, pool_id: str) -> Stored | None:
    """Return a work pool with its revision; one that every stack has need not be stored."""
    return config.read(POOL, pool_id) or _not_stored(own_pools(), pool_id)


def pool_named(config: ConfigStore, name: str) -> dict[str, Any] | None:
    """Return a work pool by its name. One that every stack has needs no read to be known, only to be looked into."""
    return work_pool(config, pool_id_of(name))


def work_queue(config: ConfigStore, queue_id: str) -> dict[str, Any] | None:
    """Return a work queue as it is stored or would be, or None where there is none of this id."""
    found = read_work_queue(config, queue_id)
    return found.document if found else None


def read_work_queue(config: ConfigStore, queue_id: str) -> Stored | None:
    """Return a work queue with its revision; one that every stack has need not be stored."""
    return config.read(QUEUE, queue_id) or _not_stored(_own_queues(), queue_id)


def store(config: ConfigStore, kind: str, found: Stored, changed: dict[str, Any], told: Event | None = None) -> None:
    """Store a work pool or queue over what was read, with the event that tells of it.

    Raises:
        Stale: It was stored or changed by somebody else meanwhile, or the event is stored already.
    """
    if found.revision is not None:
        config.replace(kind, changed["id"], changed, told, over=found.revision)
        return
    try:
        config.create(kind, changed["id"], {"created": changed["updated"]} | changed, told=told)
    except Conflict as error:
        raise Stale(f"The {kind} {changed['name']} was stored by somebody else.") from error


@dataclass(frozen=True, slots=True)
class Condition:
    """What a work pool and one of its queues say of their runs.

    Attributes:
        is_paused: Whether they are to wait: one of the two is paused.
        limit: How many runs of the pool may work at once; None for any number.
    """

    is_paused: bool
    limit: int | None


def condition_of(config: ConfigStore, pool_name: str, queue_name: str = DEFAULT_QUEUE) -> Condition:
    """Return what a work pool and a queue of it say of their runs. Two reads."""
    pool = config.get(POOL, pool_id_of(pool_name)) or {}
    queue = config.get(QUEUE, queue_id_of(pool_name, queue_name)) or {}
    return Condition(bool(pool.get("is_paused") or queue.get("is_paused")), pool.get("concurrency_limit"))


def is_paused(config: ConfigStore, pool_name: str, queue_name: str = DEFAULT_QUEUE) -> bool:
    """Tell whether runs of a work pool's queue are to wait: one of the two is paused. Two reads."""
    return condition_of(config, pool_name, queue_name).is_paused


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


def _not_stored(own: list[dict[str, Any]], id_: str) -> Stored | None:
    return next((Stored(one, None) for one in own if one["id"] == id_), None)


def _own_queues() -> list[dict[str, Any]]:
    return [
        {"id": queue_id_of(pool), "name": DEFAULT_QUEUE, "work_pool_name": pool, "is_paused": False}
        for pool in WORK_POOLS
    ]
