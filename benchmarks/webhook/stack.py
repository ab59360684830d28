"""Requests per second through the whole stack that runs on this machine: gateway, function, table."""

import os
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep
from typing import Any

import httpx2

from benchmarks.webhook.world import SIGNUP
from whenflow.cli.client import connect
from whenflow.cli.errors import CliError
from whenflow.cli.options import DEFAULTS

CALLERS = 8
KNOWN_AFTER_SECONDS = 1.2
NO_CONTENT = 204


def measure_stack(count: int) -> float | None:
    """Return requests per second, by the clock, of the stack that `make up` runs; None where none runs."""
    try:
        with connect(DEFAULTS) as api:
            if not api.connection.is_local:
                return None
            webhook = api.create("webhooks", {"name": "benchmark", "template": SIGNUP})
            try:
                sleep(KNOWN_AFTER_SECONDS)
                return _rate(str(webhook["url"]), count)
            finally:
                api.delete(f"/webhooks/{webhook['id']}")
    except CliError:
        return None


def _rate(url: str, count: int) -> float:
    with httpx2.Client(trust_env=False, timeout=30) as http, ThreadPoolExecutor(CALLERS) as callers:

        def call(number: int) -> int:
            body: dict[str, Any] = {"userid": f"u-{number}", "name": "Ann", "notes": "x" * 900}
            return http.post(url, json=body).status_code

        list(callers.map(call, range(CALLERS * 2)))  # so that the functions are warm
        started = perf_counter()
        statuses = list(callers.map(call, range(count)))
        seconds = perf_counter() - started
    refused = [status for status in statuses if status != NO_CONTENT]
    assert not refused, f"{len(refused)} requests were not taken, the first with {refused[0]}"
    return count / seconds


def cores() -> int:
    """Return how many cores the stack can use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
