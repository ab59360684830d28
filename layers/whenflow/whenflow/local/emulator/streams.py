"""Stream mappings as on AWS: each in order, beside the others, with partial failures, bisecting and retry limits.

ministack polls all mappings from one thread, so a slow function holds up every other, and it knows no way out of a
failing batch. Here each mapping has its own reader, which a write wakes up.
"""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from whenflow.local.emulator.delivery import FOREVER, Policy, Record, deliver, first_failure
from whenflow.local.emulator.engine import engine, enter_scope
from whenflow.local.emulator.gate import GATE

IDLE_SECONDS = 1.0
Scope = tuple[str, str, str]  # account, region, id of the mapping
log = logging.getLogger("whenflow.streams")


class Bell:
    """Rings when a stream has a new record. Each reader remembers the last ring it heard, so none is missed."""

    def __init__(self) -> None:
        """Begin silent."""
        self._rung = threading.Condition()
        self.count = 0

    def set(self) -> None:
        """Ring. ministack calls this as it would set its own event."""
        with self._rung:
            self.count += 1
            self._rung.notify_all()

    def wait(self, heard: int, seconds: float) -> None:
        """Wait until it rings again, at most this long."""
        with self._rung:
            self._rung.wait_for(lambda: self.count != heard, timeout=seconds)


BELL = Bell()


def apply() -> None:
    """Give every stream mapping a reader of its own."""
    functions = engine("services.lambda_svc")
    engine("services.dynamodb").esm_wake = BELL
    readers: dict[Scope, StreamReader] = {}

    def ensure_readers() -> bool:
        for account, region, mapping in functions._iter_all_esms():
            scope = (account, region, mapping["UUID"])
            if ":dynamodb:" in mapping.get("EventSourceArn", "") and not (
                scope in readers and readers[scope].is_alive()
            ):
                readers[scope] = StreamReader(scope)
                readers[scope].start()
        return False

    functions._poll_dynamodb_streams = ensure_readers


class StreamReader(threading.Thread):
    """Reads one stream for one function, until the mapping is deleted."""

    def __init__(self, scope: Scope) -> None:
        """Prepare a reader for a mapping."""
        super().__init__(name=f"stream-{scope[2]}", daemon=True)
        self._scope = scope
        self._functions = engine("services.lambda_svc")
        self._tables = engine("services.dynamodb")

    def run(self) -> None:
        """Read and deliver until the mapping is gone."""
        account, region, _ = self._scope
        enter_scope(account, region)
        while (mapping := self._functions._esms._data.get(self._scope)) is not None:
            heard = BELL.count
            try:
                busy = GATE.wait(IDLE_SECONDS) and self._read(mapping)
            except Exception:
                log.exception("stream reader of %s", mapping.get("FunctionName"))
                time.sleep(IDLE_SECONDS)
                busy = False
            if not busy:
                BELL.wait(heard, IDLE_SECONDS)

    def _read(self, mapping: dict[str, Any]) -> bool:
        """Deliver the next batch; say whether there was one."""
        function, _ = self._functions._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        table = self._table_of(mapping)
        if not mapping.get("Enabled", True) or function is None or table is None:
            return False
        position = self._position(mapping, table)
        records = self._tables.stream_records_since(table, position, int(mapping.get("BatchSize", 100)))
        wanted = [
            index for index, record in enumerate(records) if self._functions._apply_filter_criteria([record], mapping)
        ]
        done = self._deliver(mapping, function, [records[index] for index in wanted]) if wanted else 0
        through = len(records) if done == len(wanted) else wanted[done]
        self._functions._dynamodb_stream_positions[mapping["UUID"]] = position + through
        return bool(records)

    def _table_of(self, mapping: dict[str, Any]) -> str | None:
        """Return the name of the table whose current stream this is."""
        arn = mapping["EventSourceArn"]
        name: str = arn.split(":table/")[1].split("/")[0]
        table = self._tables._tables.get(name)
        return name if table and table.get("LatestStreamArn") == arn else None

    def _position(self, mapping: dict[str, Any], table: str) -> int:
        positions = self._functions._dynamodb_stream_positions
        start: int = self._tables.stream_start_position(table)
        if mapping["UUID"] not in positions:
            from_start = mapping.get("StartingPosition") == "TRIM_HORIZON"
            positions[mapping["UUID"]] = start if from_start else self._tables.stream_end_position(table)
        return max(int(positions[mapping["UUID"]]), start)

    def _deliver(self, mapping: dict[str, Any], function: dict[str, Any], records: Sequence[Record]) -> int:
        outcome: dict[str, Any] = {}

        def invoke(batch: Sequence[Record]) -> int | None:
            outcome.clear()
            outcome.update(self._functions._execute_function(function, {"Records": list(batch)}))
            if outcome.get("error"):
                return 0
            partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
            return first_failure(outcome.get("body"), batch) if partial else None

        def give_up(batch: Sequence[Record]) -> None:
            log.warning("%s gave up on %d stream records", mapping["FunctionName"], len(batch))
            condition = "MaxRecordAgeExceeded" if is_too_old(batch[0], mapping) else "RetryAttemptsExhausted"
            self._functions._send_ddb_stream_failure_record(
                mapping, function, list(batch), mapping["EventSourceArn"], outcome, condition
            )

        return deliver(records, policy_of(mapping), invoke, give_up, _pause, lambda record: is_too_old(record, mapping))


def policy_of(mapping: dict[str, Any]) -> Policy:
    """Return what a mapping, made by CloudFormation or by the API, says about failures."""
    retries = mapping.get("MaximumRetryAttempts")
    bisect = str(mapping.get("BisectBatchOnFunctionError", False)).lower() == "true"
    return Policy(FOREVER if retries is None else int(retries), bisect)


def is_too_old(record: Record, mapping: dict[str, Any]) -> bool:
    """Say whether a record is past the age limit of its mapping."""
    limit = int(mapping.get("MaximumRecordAgeInSeconds") or FOREVER)
    return limit > 0 and time.time() - float(record["dynamodb"]["ApproximateCreationDateTime"]) > limit


def _pause(seconds: float) -> bool:
    """Wait, and say whether deliveries may go on."""
    time.sleep(seconds)
    return GATE.is_open
