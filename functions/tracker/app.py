"""Step Functions status changes, and asynchronous invocations that failed for good: outcomes become flow-run states."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.batches import BatchAnswer, each_alone
from whenflow.aws.observe import logger
from whenflow.aws.records import message_of


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> BatchAnswer | None:
    """Move the flow runs that this tells of."""
    tracker = wiring.tracker()
    if "Records" in event:
        records = event["Records"]
        return each_alone(records, lambda one: _track(tracker.invocation_failed(message_of(one))), _message_id)
    _track(tracker.execution_changed(event))
    return None


def _track(outcome: object) -> None:
    logger.debug("tracked", extra={"outcome": type(outcome).__name__})


def _message_id(record: Any) -> str:
    return str(record["messageId"])
