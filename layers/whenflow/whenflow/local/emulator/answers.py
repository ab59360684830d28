"""Functions answer as on AWS: an exception keeps its class, the process lives on, and log lines need no waiting.

ministack reports every exception as `Runtime.HandlerError`, ends the process, and waits 50 ms after each call in case a
log line is still on its way. Here the process describes the exception itself and marks the end of its log. Where a
process dies while it starts, ministack ends all others of that function; here they live on.
"""

import inspect
import queue
import time
from typing import Any

from whenflow.local.emulator import bootstrap
from whenflow.local.emulator.engine import engine

LOG_WAIT_SECONDS = 0.25  # only ever waited in full when a process died before it marked the end
DIED = ("Worker process died", "Worker returned no response", "Worker process exited immediately", "[Errno 32]")

# The lines of ministack's worker script that call the handler (MIT License, Copyright (c) 2026 MiniStack Contributors),
# and what is to stand there instead.
_CALL = """        try:
            result = handler_fn(event, context)
            _real_stdout.write(json.dumps({"status": "ok", "result": result}) + "\\n")
        except Exception as e:
            _real_stdout.write(json.dumps({"status": "error", "error": str(e), "trace": \
traceback.format_exc()}) + "\\n")
        _real_stdout.flush()
"""
_ANSWER = """        _real_stdout.write(answer(handler_fn, event, context, sys.__stderr__) + "\\n")
        _real_stdout.flush()
"""


def apply() -> None:
    """Adapt the worker script, the reading of its log, and the translation of its answer."""
    runtime, functions = engine("core.lambda_runtime"), engine("services.lambda_svc")
    runtime._PYTHON_WORKER_SCRIPT = adapted_script(runtime._PYTHON_WORKER_SCRIPT)
    runtime.Worker._drain_stderr_bounded = read_log
    _let_processes_die_alone(runtime)
    execute = functions._execute_function_warm

    def execute_and_translate(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        return translated(execute(func, event, request_id), request_id)

    functions._execute_function_warm = execute_and_translate


def _let_processes_die_alone(runtime: Any) -> None:
    """Answer where a process cannot start; ministack takes the exception as a reason to end all of the function's."""
    invoke = runtime.Worker.invoke

    def invoke_and_answer(self: Any, *given: Any, **named: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = invoke(self, *given, **named)
        except (OSError, RuntimeError) as error:
            process, self._proc = self._proc, None
            runtime._signal(process)
            runtime._collect(process, time.monotonic() + runtime._REAP_GRACE)
            return {"status": "error", "error": str(error), "cold_start": True, "log": ""}
        return answer

    runtime.Worker.invoke = invoke_and_answer


def adapted_script(script: str) -> str:
    """Return the worker script with our way to call the handler."""
    if script.count(_CALL) != 1:
        raise RuntimeError("ministack's Python worker script does not hold the lines that are to be replaced")
    header = "from typing import IO, Any\nfrom collections.abc import Callable\n"
    ours = inspect.getsource(bootstrap.prepare) + inspect.getsource(bootstrap.answer) + "prepare()\n"
    return header + ours + script.replace(_CALL, _ANSWER)


def read_log(worker: Any) -> str:
    """Return the log lines of the call that just ended, up to the mark the process sets behind them."""
    lines: list[str] = []
    deadline = time.monotonic() + LOG_WAIT_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        try:
            line: str = worker._stderr_queue.get(timeout=left)
        except queue.Empty:
            break
        text = line.removesuffix(bootstrap.END_OF_LOG)
        if text or text == line:
            lines.append(text)
        if text != line:
            break
    return "\n".join(lines)


def translated(result: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Return ministack's result of a call with errors described as AWS describes them."""
    body = result.get("body")
    if isinstance(body, dict) and isinstance(raised := body.get(bootstrap.RAISED), dict):
        return {"body": raised, "error": True, "function_error": "Unhandled", "log": result.get("log", "")}
    if result.get("error") and isinstance(body, dict) and str(body.get("errorMessage")).startswith(DIED):
        message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
        return {**result, "body": {"errorMessage": message, "errorType": "Runtime.ExitError"}}
    return result
