"""Each minute, and at the second when a window may be over or a run may start: time passes."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.batches import BatchAnswer, each_alone
from whenflow.aws.observe import logger
from whenflow.aws.records import message_of


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> BatchAnswer | dict[str, int]:
    """Sweep, or answer a batch of rings."""
    timer = wiring.timer()
    if "Records" in event:
        return each_alone(event["Records"], lambda record: timer.ring(message_of(record)), _message_id)
    return {"asked": timer.sweep()}


def _message_id(record: Any) -> str:
    return str(record["messageId"])
