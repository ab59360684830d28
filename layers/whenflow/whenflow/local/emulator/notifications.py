"""What EventBridge sends to a function is an asynchronous invocation, with its retries and its failure destination.

ministack calls the function once and forgets it: a process that dies at that moment takes the notification with it.
"""

import json
import logging
from typing import Any

from whenflow.local.emulator.engine import engine

log = logging.getLogger("whenflow.notifications")


def apply() -> None:
    """Make rules invoke functions asynchronously."""
    functions = engine("services.lambda_svc")

    def invoke(arn: str, payload: Any) -> None:
        function, config, name = functions._get_func_record_for_ref(arn)
        if not function or not config:
            log.warning("a rule names the function %s, which does not exist", name)
            return
        functions.invoke_async_with_retry(functions._execution_record_for_config(function, config), json.loads(payload))

    engine("services.eventbridge")._dispatch_to_lambda = invoke
