"""The stream of the firings table, and the queue of actions to try again: firings become actions."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.batches import BatchAnswer, Record, each_alone, in_order
from whenflow.aws.observe import logger
from whenflow.aws.records import firing_of, message_of, receive_count, sequence_number


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> BatchAnswer:
    """Perform the actions of a batch of firings, or of a batch of actions that are to be tried again."""
    records = event["Records"]
    if records and records[0].get("eventSource") == "aws:sqs":
        return each_alone(records, _retry, lambda record: str(record["messageId"]))
    dispatcher = wiring.action_dispatcher()
    return in_order(records, lambda record: dispatcher.dispatch(firing_of(record)), sequence_number)


def _retry(record: Record) -> None:
    message = message_of(record)
    wiring.action_dispatcher().retry(message["firing_id"], message["action_index"], receive_count(record))
