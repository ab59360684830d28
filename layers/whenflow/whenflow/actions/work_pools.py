"""Work pools and their queues, as far as they can be paused.

Pausing means: runs are made, and not launched until the pool and the queue are resumed. The pools that every stack has
need not be stored before they are paused for the first time.
"""

from typing import Any

from whenflow.events import named_id
from whenflow.ports import ConfigStore
from whenflow.runs.targets import WORK_POOLS

POOL = "work-pool"
QUEUE = "work-queue"
DEFAULT_QUEUE = "default"


def pool_id_of(name: str) -> str:
    """Return the id of the work pool of a name."""
    return named_id(POOL, name)


def queue_id_of(pool_name: str, name: str = DEFAULT_QUEUE) -> str:
    """Return the id of a queue of a work pool."""
    return named_id(QUEUE, pool_name, name)


def work_pool(config: ConfigStore, pool_id: str) -> dict[str, Any] | None:
    """Return a work pool as it is stored or would be, or None where there is none of this id."""
    stored = config.get(POOL, pool_id)
    return stored or next((one for one in _own_pools() if one["id"] == pool_id), None)


def work_queue(config: ConfigStore, queue_id: str) -> dict[str, Any] | None:
    """Return a work queue as it is stored or would be, or None where there is none of this id."""
    stored = config.get(QUEUE, queue_id)
    return stored or next((one for one in _own_queues() if one["id"] == queue_id), None)


def is_paused(config: ConfigStore, pool_name: str, queue_name: str = DEFAULT_QUEUE) -> bool:
    """Tell whether runs of a work pool's queue are to wait: one of the two is paused. Two reads."""
    pool = config.get(POOL, pool_id_of(pool_name))
    queue = config.get(QUEUE, queue_id_of(pool_name, queue_name))
    return bool((pool and pool["is_paused"]) or (queue and queue["is_paused"]))


def _own_pools() -> list[dict[str, Any]]:
    return [{"id": pool_id_of(name), "name": name, "type": name, "is_paused": False} for name in WORK_POOLS]


def _own_queues() -> list[dict[str, Any]]:
    return [
        {"id": queue_id_of(pool), "name": DEFAULT_QUEUE, "work_pool_name": pool, "is_paused": False}
        for pool in WORK_POOLS
    ]
