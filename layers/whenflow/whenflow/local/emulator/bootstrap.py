"""What runs inside a function's process around each call. Its source is sent there, so `answer` must stand alone."""

from collections.abc import Callable
from typing import IO, Any

RAISED = "__whenflow_raised__"
END_OF_LOG = "\x1ewhenflow: end of invocation"


def answer(handler: Callable[[Any, Any], Any], event: Any, context: Any, log: IO[str]) -> str:
    """Call a handler and return the line to answer: its result, or what it raised, as AWS describes it."""
    import json
    import traceback

    def raised(error: BaseException, kind: str) -> str:
        trace = traceback.format_tb(error.__traceback__)[1:]
        print(f"[ERROR] {kind}: {error}\nTraceback (most recent call last):\n{''.join(trace)}", file=log)
        described = {
            "errorMessage": str(error),
            "errorType": kind,
            "requestId": context.aws_request_id,
            "stackTrace": trace,
        }
        return json.dumps({"status": "ok", "result": {"__whenflow_raised__": described}})

    try:
        result = handler(event, context)
    except Exception as error:
        line = raised(error, type(error).__name__)
    else:
        try:
            line = json.dumps({"status": "ok", "result": result})
        except (TypeError, ValueError) as error:
            line = raised(error, "Runtime.MarshalError")
    print("\x1ewhenflow: end of invocation", file=log, flush=True)
    return line
