"""The stream of the events table: events become firings."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.batches import BatchAnswer, in_order
from whenflow.aws.observe import logger
from whenflow.aws.records import event_of, sequence_number


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> BatchAnswer:
    """Store the firings of a batch of events."""
    matcher = wiring.matcher()
    return in_order(event["Records"], lambda record: matcher.match(event_of(record)), sequence_number)
