"""`ANY /api/{proxy+}`: the REST API."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.observe import logger


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request."""
    return wiring.api()(event, context)
