"""The stream of the firings table, and the queue of actions to try again: firings become actions."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.batches import BatchAnswer, Record, at_once
from whenflow.aws.observe import logger
from whenflow.aws.records import firing_of, message_of, receive_count, sequence_number


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], context: Any) -> BatchAnswer:
    """Perform the actions of a batch of firings, or of a batch of actions that are to be tried again."""
    records = event["Records"]
    dispatcher, retries = wiring.action_dispatcher(), wiring.retry_queue()

    def seconds_left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    def try_again(record: Record) -> None:
        message = message_of(record)
        if "action_index" not in message:
            dispatcher.dispatch_again(message["firing_id"], seconds_left)
            return
        try:
            dispatcher.retry(message["firing_id"], message["action_index"], receive_count(record))
        except Exception as error:
            retries.postpone(str(record["receiptHandle"]), receive_count(record), error)
            raise

    if records and records[0].get("eventSource") == "aws:sqs":
        return at_once(records, try_again, lambda record: str(record["messageId"]), ordered=False)
    return at_once(records, lambda record: dispatcher.dispatch(firing_of(record), seconds_left), sequence_number)
