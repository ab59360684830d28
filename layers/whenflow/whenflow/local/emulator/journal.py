"""What the functions say is in one file as well, each line behind the name of its function."""

import os
import threading
from pathlib import Path
from typing import Any

from whenflow.local.emulator.engine import engine

VARIABLE = "WHENFLOW_LOCAL_FUNCTION_LOG"
_writing = threading.Lock()


def apply() -> None:
    """Write along wherever log lines go to CloudWatch Logs."""
    if not (named := os.environ.pop(VARIABLE, None)):
        return
    functions, path = engine("services.lambda_svc"), Path(named)
    emit = functions._emit_lambda_logs

    def emit_and_write(func: dict[str, Any], request_id: str, log_text: str, *rest: Any, **named: Any) -> None:
        emit(func, request_id, log_text, *rest, **named)
        write(path, str((func.get("config") or func).get("FunctionName", "")), log_text)

    functions._emit_lambda_logs = emit_and_write


def write(path: Path, function: str, text: str) -> None:
    """Append lines under the name of their function."""
    if text:
        with _writing, path.open("a", encoding="utf-8") as journal:
            journal.writelines(f"{function}\t{line}\n" for line in text.splitlines())
