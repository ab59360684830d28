"""EventBridge rules, S3's own notifications, queues of them, Kafka: what AWS tells becomes events."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.batches import BatchAnswer, Record, each_alone
from whenflow.aws.observe import logger


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> BatchAnswer | dict[str, list[str]]:
    """Store the events of an invocation; what fails is delivered again, and in the end to the dead letters."""
    receiver = wiring.notification_receiver()

    def receive(message: Record) -> None:
        receiver.receive_message(message["body"], message["messageId"])

    records = event.get("Records") or [{}]
    if records[0].get("eventSource") == "aws:sqs":
        return each_alone(records, receive, _message_id)
    # A batch of Kafka's fails whole: unless it is provisioned, its mapping knows no parts. What is stored stays once.
    return {"event_ids": receiver.receive(event)}


def _message_id(record: Record) -> str:
    return str(record["messageId"])
