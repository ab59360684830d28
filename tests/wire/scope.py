"""Which endpoints of Prefect's client Whenflow does not serve. The client is told 404, and says so in its own words."""

NEVER = {
    "POST /work_pools/{name}/workers/filter": ("workers", "there are no workers"),
    "POST /artifacts/": ("artifacts", "no artifacts"),
}
"""With what they belong to, and what the client is told; docs/prefect-client.md says the same."""

NOT_YET: frozenset[str] = frozenset()
"""What does not answer the client's own requests so far: each leaves this list when it does."""

SEEN_TO_FAIL = frozenset({"GET /v2/concurrency_limits/{name}"})
"""What the client was only seen to ask in vain: here there is an answer."""

EMPTY = frozenset({"POST /artifacts/latest/filter"})
"""Lists of what is not kept."""

OWN = frozenset({"GET /collections/views/aggregate-worker-metadata"})
"""Answers whose fields are names of the server's own things."""
