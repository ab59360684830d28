"""Counts what AWS would bill, by function, once it is told to begin."""

import json
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from whenflow.local.emulator.engine import engine

APPLICATION_ID = re.compile(r"\bapp/(\S+)")
READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
OK = 200
ID_LENGTH = 50  # what the SDK allows for the name that calls are signed with


class Meter:
    """What was used since it was switched on."""

    def __init__(self) -> None:
        """Begin switched off."""
        self.is_on = False
        self._lock = threading.Lock()
        self._used: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def restart(self) -> None:
        """Count from zero."""
        with self._lock:
            self._used.clear()
            self.is_on = True

    def add(self, function: str, **amounts: Any) -> None:
        """Count something for a function."""
        if self.is_on:
            with self._lock:
                self._used[function[:ID_LENGTH]].update(amounts)

    def reading(self) -> dict[str, dict[str, float]]:
        """Return what was counted."""
        with self._lock:
            return {function: dict(used) for function, used in self._used.items()}


METER = Meter()


def apply() -> None:
    """Listen in on calls of functions, their log lines, and DynamoDB."""
    _listen_to_calls()
    _listen_to_tables()
    functions = engine("services.lambda_svc")
    emit = functions._emit_lambda_logs

    def emit_and_count(func: dict[str, Any], request_id: str, log_text: str, *rest: Any, **named: Any) -> None:
        METER.add(_name(func.get("config") or func), log_bytes=len(log_text.encode()))
        emit(func, request_id, log_text, *rest, **named)

    functions._emit_lambda_logs = emit_and_count


def _listen_to_calls() -> None:
    worker = engine("core.lambda_runtime").Worker
    invoke = worker.invoke

    def invoke_and_count(self: Any, *given: Any, **named: Any) -> Any:
        begun = time.monotonic()
        answer = invoke(self, *given, **named)
        METER.add(_name(self.config), calls=1)
        if not answer.get("cold_start"):
            gigabytes = int(self.config.get("MemorySize", 128)) / 1024
            METER.add(_name(self.config), warm_calls=1, warm_gb_seconds=(time.monotonic() - begun) * gigabytes)
        return answer

    worker.invoke = invoke_and_count


def _listen_to_tables() -> None:
    tables = engine("services.dynamodb")
    handle = tables.handle_request

    async def handle_and_count(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if not METER.is_on or operation not in READS | WRITES:
            return await handle(method, path, headers, body, query)
        asked = json.loads(body)
        asking = json.dumps({**asked, "ReturnConsumedCapacity": "TOTAL"}).encode()
        status, answer_headers, answer = await handle(method, path, headers, asking, query)
        by = APPLICATION_ID.search(headers.get("user-agent", ""))
        kind = "reads" if operation in READS else "writes"
        METER.add(by.group(1) if by else "", requests=1, **{kind: units_of(asked, status, json.loads(answer or b"{}"))})
        return status, answer_headers, answer

    tables.handle_request = handle_and_count


def units_of(asked: Mapping[str, Any], status: int, answer: Mapping[str, Any]) -> float:
    """Return the capacity units of a request. What a condition refused is billed too."""
    if status != OK:
        return 2.0 * len(asked["TransactItems"]) if "TransactItems" in asked else 1.0
    consumed = answer.get("ConsumedCapacity") or []
    return sum(float(one["CapacityUnits"]) for one in (consumed if isinstance(consumed, list) else [consumed]))


def _name(config: Mapping[str, Any]) -> str:
    return str(config.get("FunctionName", ""))
