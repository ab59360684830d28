"""A burst waits for a free process. AWS would start hundreds of environments; a laptop has a handful of cores."""

import os
import threading
from collections import defaultdict
from typing import Any

from whenflow.local.emulator.engine import engine

PATIENCE_SECONDS = 25.0
VARIABLE = "WHENFLOW_LOCAL_CONCURRENCY"


def limit() -> int:
    """Return how many processes a function may have at once."""
    return int(os.environ.get(VARIABLE) or max(2, min(8, os.cpu_count() or 2)))


class Turns:
    """So many calls of each function at once, and the rest in a queue."""

    def __init__(self, size: int, patience: float = PATIENCE_SECONDS) -> None:
        """Set the size, and the patience: who holds the turn may be waiting for this very call, so it is finite."""
        self._patience = patience
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(size))

    def take(self, function: str) -> threading.Semaphore | None:
        """Wait for a turn; return what to release, or nothing if patience ran out."""
        with self._lock:
            turn = self._turns[function]
        return turn if turn.acquire(timeout=self._patience) else None


def apply() -> None:
    """Make every execution take a turn."""
    functions = engine("services.lambda_svc")
    execute = functions._execute_function_warm
    turns = Turns(limit())

    def execute_in_turn(func: dict[str, Any], event: Any, request_id: str) -> Any:
        turn = turns.take((func.get("config") or func).get("FunctionArn", ""))
        try:
            return execute(func, event, request_id)
        finally:
            if turn is not None:
                turn.release()

    functions._execute_function_warm = execute_in_turn
