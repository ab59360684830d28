"""The stream of the events table: events become firings."""

from typing import Any

from whenflow.aws import wiring
from whenflow.aws.batches import BatchAnswer
from whenflow.aws.observe import logger
from whenflow.aws.records import readable_records, sequence_number, tells_of_event, undone


@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: Any) -> BatchAnswer:
    """Apply a batch of events to the automations; from what could not be read or applied on, it is delivered again."""
    told = [record for record in event["Records"] if tells_of_event(record)]
    records = readable_records(told)
    report = wiring.matcher().match(records)
    if report.firings or report.failed:
        logger.info("matched", extra={"events": len(records), "firings": report.firings, "failed": len(report.failed)})
    again = undone(told, records, report.failed)[:1]
    return {"batchItemFailures": [{"itemIdentifier": sequence_number(one)} for one in again]}
