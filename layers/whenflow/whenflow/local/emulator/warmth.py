"""Starts a process for each function ahead of its first call. On AWS cold starts overlap; here they share two cores."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from whenflow.local.emulator.engine import engine

log = logging.getLogger("whenflow.warmth")


def warm() -> list[str]:
    """Begin to start a process for every function, and return their names."""
    functions = list(engine("services.lambda_svc")._functions._data.values())
    threading.Thread(target=_warm_all, args=(functions,), daemon=True).start()
    return [str(function["config"]["FunctionName"]) for function in functions]


def _warm_all(functions: list[dict[str, Any]]) -> None:
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 2)) as pool:  # the other half is for what happens now
        list(pool.map(_warm_one, functions))


def _warm_one(function: dict[str, Any]) -> None:
    """Start the process that the next call would start; a function that cannot start says so when it is called."""
    runtime, config = engine("core.lambda_runtime"), function["config"]
    worker, _ = runtime.acquire_worker(config["FunctionName"], config, function["code_zip"], config["Version"])
    try:
        runtime.ensure_spawned(worker)
    except Exception:
        runtime.invalidate_worker(config["FunctionName"])
        log.warning("could not start a process for %s ahead of its first call", config["FunctionName"], exc_info=True)
    finally:
        runtime.release_worker(worker)
