"""Which endpoints of Prefect's client Whenflow does not serve. The client is told 404, and says so in its own words."""

NEVER = {
    "GET /collections/views/aggregate-worker-metadata": "workers",
    "GET /work_queues/{id}": "workers",
    "POST /work_pools/{name}/get_scheduled_flow_runs": "workers",
    "POST /work_pools/{name}/queues": "workers",
    "POST /work_pools/{name}/workers/filter": "workers",
    "POST /artifacts/": "artifacts",
    "POST /artifacts/latest/filter": "artifacts",
    "POST /block_types/filter": "blocks",
}
"""With what they belong to; docs/prefect-client.md says the same."""

NOT_YET: frozenset[str] = frozenset()
"""What does not answer the client's own requests so far: each leaves this list when it does."""

SEEN_TO_FAIL = frozenset({"GET /v2/concurrency_limits/{name}"})
"""What the client was only seen to ask in vain: here there is an answer."""
