"""EventBridge rules: what AWS tells becomes an event."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.observe import logger


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Store the event of a notification; what fails is delivered again, and in the end to the dead letters."""
    stored = wiring.notification_receiver().receive(event)
    return {"event_id": stored.id}
