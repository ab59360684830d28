"""Launch targets by the name of their work pool's type, and the job variable that says where the code is."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from whenflow.events import named_id

LAMBDA = "lambda"
STEP_FUNCTIONS = "step-functions"
DURABLE = "lambda-durable"
WORK_POOLS = {LAMBDA: "function_arn", STEP_FUNCTIONS: "state_machine_arn"}
"""The work pools that every stack has."""
TYPES = {**WORK_POOLS, DURABLE: "function_arn"}
"""The types that work pools may be of."""
LAUNCHED_AFTER_START = frozenset({LAMBDA, DURABLE})
"""Targets whose code asks, before it begins, whether the run may begin: one that is Cancelled by then never does."""
DEFAULT_QUEUE = "default"
"""The queue that every work pool has."""
FUNCTION_LIFE = timedelta(minutes=15)
EXPRESS_LIFE = timedelta(minutes=5)
EXPRESS = "EXPRESS"


def pool_id_of(name: str) -> str:
    """Return the id of the work pool of a name."""
    return named_id("work-pool", name)


def queue_id_of(pool_name: str, name: str = DEFAULT_QUEUE) -> str:
    """Return the id of a queue of a work pool."""
    return named_id("work-queue", pool_name, name)


def is_express(job_variables: Mapping[str, Any]) -> bool:
    """Tell whether the state machine is an Express one, as `state_machine_type` says."""
    return str(job_variables.get("state_machine_type", "")).upper() == EXPRESS


def is_standard(target_type: str, job_variables: Mapping[str, Any]) -> bool:
    """Tell whether code runs as a Standard execution: Step Functions says of each how it is, when it is asked."""
    return target_type == STEP_FUNCTIONS and not is_express(job_variables)


def time_limit(job_variables: Mapping[str, Any]) -> timedelta | None:
    """Return how long the code may run, as `timeout_seconds` says; None for as long as its target lets it."""
    given = job_variables.get("timeout_seconds")
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= MAX_TIMEOUT_SECONDS:
        return None
    return timedelta(seconds=given)


MAX_TIMEOUT_SECONDS = 366 * 24 * 3600
