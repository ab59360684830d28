"""`ANY /hooks/{slug}`: a request becomes an event."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.http import request_of, response_of, slug_of
from whenflow.aws.observe import logger


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Store the event of a request, or answer why there is none."""
    request = request_of(event)
    try:
        answer = wiring.webhook_receiver().receive(slug_of(event), request)
    except Exception:  # the process edge: the caller learns that it may try again, and no more
        logger.exception("webhook failed")
        return {"statusCode": 503, "headers": {"retry-after": "1"}, "body": '{"detail": "Try again."}'}
    return response_of(answer)
