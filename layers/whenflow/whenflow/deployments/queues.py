"""The queues of work pools. One is in every pool; others can be made, to be paused on their own."""

from collections.abc import Sequence
from typing import Any

from whenflow.deployments.pools import QUEUE, SINCE, own_pools
from whenflow.ports import ConfigStore
from whenflow.runs.targets import DEFAULT_QUEUE, pool_id_of, queue_id_of


def queues_of(config: ConfigStore, pool_name: str) -> list[dict[str, Any]]:
    """Return the queues of a work pool, by name, as they are stored or would be."""
    stored = [one for one in config.all(QUEUE) if one["work_pool_name"] == pool_name]
    if not any(one["name"] == DEFAULT_QUEUE for one in stored):
        stored.append({"name": DEFAULT_QUEUE, "work_pool_name": pool_name})
    return sorted(map(filled, stored), key=lambda one: str(one["name"]))


def all_queues(config: ConfigStore, pool_names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the queues of these work pools, pool by pool."""
    stored = {one["id"]: one for one in config.all(QUEUE)}
    for name in pool_names:
        stored.setdefault(queue_id_of(name), {"name": DEFAULT_QUEUE, "work_pool_name": name})
    found = [filled(one) for one in stored.values() if one["work_pool_name"] in pool_names]
    return sorted(found, key=lambda one: (str(one["work_pool_name"]), str(one["name"])))


def filled(queue: dict[str, Any]) -> dict[str, Any]:
    """Return a queue with every field that it has; one that was only ever paused has few."""
    pool = queue["work_pool_name"]
    blank = {
        "id": queue_id_of(pool, queue["name"]),
        "created": SINCE,
        "updated": SINCE,
        "description": None,
        "is_paused": False,
        "priority": 1,
        "work_pool_id": pool_id_of(pool),
    }
    return blank | queue


def pool_names(config: ConfigStore) -> list[str]:
    """Return the names of all work pools."""
    return list(dict.fromkeys(str(one["name"]) for one in (*own_pools(), *config.all("work-pool"))))
