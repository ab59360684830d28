"""What a restart keeps: records not yet delivered, invocations not yet done. And executions that a stop cut off say so.

ministack saves how far each stream mapping has read but not the records, so after a restart it waits for positions that
will not come; it forgets asynchronous invocations; and it fails running executions without telling anybody.
"""

import copy
import threading
from collections.abc import Callable
from typing import Any

from whenflow.local.emulator.engine import engine, enter_scope
from whenflow.local.emulator.gate import GATE
from whenflow.local.emulator.invocations import Invocation, Invocations

STREAMS, INVOCATIONS = "whenflow_streams", "whenflow_invocations"
RUNNING = "RUNNING"


def apply(invocations: Invocations) -> None:
    """Extend what three services save and load."""
    _extend(engine("services.dynamodb"), streams_to_save, load_streams)
    _extend(
        engine("services.lambda_svc"),
        lambda: invocations_to_save(invocations),
        lambda data: load_invocations(invocations, data),
    )
    _extend(engine("services.stepfunctions"), dict, report_interrupted)


def _extend(service: Any, more: Callable[[], dict[str, Any]], load_more: Callable[[dict[str, Any]], None]) -> None:
    get_state, load_state = service.get_state, service.load_persisted_state

    def get_extended_state() -> dict[str, Any]:
        return {**more(), **get_state()}

    def load_extended_state(data: dict[str, Any]) -> None:
        running = _copy_of_running(data)
        load_state(data)
        load_more({**data, RUNNING: running})

    service.get_state, service.load_persisted_state = get_extended_state, load_extended_state


def streams_to_save() -> dict[str, Any]:
    """Return the records that some mapping has still to read, with the position of the first."""
    tables, functions = engine("services.dynamodb"), engine("services.lambda_svc")
    saved = []
    for (account, region, table), records in list(tables._stream_records._data.items()):
        trimmed = tables._stream_trimmed.get_scoped(account, region, table, 0)
        positions = [
            functions._dynamodb_stream_positions.get_scoped(account, region, mapping["UUID"], trimmed)
            for mapping_account, mapping_region, mapping in functions._iter_all_esms()
            if (mapping_account, mapping_region) == (account, region)
            and f":table/{table}/" in mapping.get("EventSourceArn", "")
        ]
        first = max(trimmed, min(positions, default=trimmed + len(records)))
        saved.append([account, region, table, first, copy.deepcopy(records[first - trimmed :])])
    return {STREAMS: saved}


def load_streams(data: dict[str, Any]) -> None:
    """Put the records back where the saved positions expect them."""
    tables = engine("services.dynamodb")
    for account, region, table, first, records in data.get(STREAMS, []):
        tables._stream_records.set_scoped(account, region, table, records)
        tables._stream_trimmed.set_scoped(account, region, table, first)


def invocations_to_save(invocations: Invocations) -> dict[str, Any]:
    """Return the asynchronous calls that are not done with."""
    kept = [[one.arn, one.event, one.request_id, one.tries, one.since] for one in invocations.unfinished()]
    return {INVOCATIONS: kept}


def load_invocations(invocations: Invocations, data: dict[str, Any]) -> None:
    """Make those calls again, under their request ids."""
    functions = engine("services.lambda_svc")
    for arn, event, request_id, tries, since in data.get(INVOCATIONS, []):
        account, region = functions._lambda_function_account_region_from_arn(arn)
        enter_scope(account, region)
        function, config, _ = functions._get_func_record_for_ref(arn)
        if function and config:
            record = functions._execution_record_for_config(function, config)
            invocations.submit(Invocation(record, event, request_id, tries, since))


def report_interrupted(data: dict[str, Any]) -> None:
    """Send the status change of each execution that was running when everything stopped."""
    machines = engine("services.stepfunctions")
    interrupted = data[RUNNING]

    def report() -> None:
        while not GATE.wait(1):
            continue
        for account, region, arn in interrupted:
            enter_scope(account, region)
            machines._emit_execution_status_event(machines._executions.get_scoped(account, region, arn))

    if interrupted:
        threading.Thread(target=report, daemon=True).start()


def _copy_of_running(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the keys of the executions that were running, before loading marks them as failed."""
    executions = data.get("executions")
    if executions is None or not hasattr(executions, "_data"):
        return []
    return [key for key, execution in executions._data.items() if execution.get("status") == RUNNING]
