"""`GET /`, `ANY /ui`, `ANY /ui/{proxy+}`: the pages."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.observe import logger


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a browser."""
    return wiring.ui()(event, context)
