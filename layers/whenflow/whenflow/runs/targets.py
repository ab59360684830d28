"""Launch targets by the name of their work pool's type, and the job variable that says where the code is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

LAMBDA = "lambda"
STEP_FUNCTIONS = "step-functions"
DURABLE = "lambda-durable"
WORK_POOLS = {LAMBDA: "function_arn", STEP_FUNCTIONS: "state_machine_arn"}
"""The work pools that every stack has."""
TYPES = {**WORK_POOLS, DURABLE: "function_arn"}
"""The types that work pools may be of."""
LAUNCHED_AFTER_START = frozenset({LAMBDA, DURABLE})
"""Targets whose code asks, before it begins, whether the run may begin: one that is Cancelled by then never does."""
FUNCTION_LIFE = timedelta(minutes=15)
EXPRESS_LIFE = timedelta(minutes=5)
EXPRESS = "EXPRESS"


def is_express(job_variables: Mapping[str, Any]) -> bool:
    """Tell whether the state machine is an Express one, as `state_machine_type` says."""
    return str(job_variables.get("state_machine_type", "")).upper() == EXPRESS


def time_limit(job_variables: Mapping[str, Any]) -> timedelta | None:
    """Return how long the code may run, as `timeout_seconds` says; None for as long as its target lets it."""
    given = job_variables.get("timeout_seconds")
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= MAX_TIMEOUT_SECONDS:
        return None
    return timedelta(seconds=given)


MAX_TIMEOUT_SECONDS = 366 * 24 * 3600
