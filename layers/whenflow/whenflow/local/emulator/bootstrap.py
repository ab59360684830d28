"""What runs inside a function's process, beside ministack's script. It is sent as source: each must stand alone."""

from collections.abc import Callable
from typing import IO, Any

RAISED = "__whenflow_raised__"
END_OF_LOG = "\x1ewhenflow: end of invocation"


def prepare() -> None:
    """Do what Lambda's runtime does before it loads a handler: logging as JSON lines. And sign calls with our name."""
    import json
    import logging
    import os
    import sys

    class Lines(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            entry = {"level": record.levelname, "message": record.getMessage(), "logger": record.name}
            if record.exc_info:
                entry["stackTrace"] = self.formatException(record.exc_info)
            return json.dumps(entry)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    os.environ.setdefault("AWS_SDK_UA_APP_ID", os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")[:50])


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
