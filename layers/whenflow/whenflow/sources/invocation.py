"""All forms in which AWS hands notifications over, read into notices."""

import json
from collections.abc import Mapping
from typing import Any

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.events import named_id
from whenflow.sources import kafka, s3
from whenflow.sources.eventbridge import notice_of
from whenflow.sources.notice import Notice

TEST_EVENT = "s3:TestEvent"
MAX_WRAPPINGS = 2


def notices_of(invocation: Mapping[str, Any]) -> list[Notice]:
    """Return what an invocation tells: an EventBridge event, S3's own records, or a batch of Kafka's.

    The message that S3 sends to try a new destination tells nothing.

    Raises:
        Rejected: It is none of these.
    """
    if kafka.is_batch(invocation):
        return list(kafka.notices_of(invocation))
    records = invocation.get("Records")
    if isinstance(records, list) and records and all(map(s3.is_record, records)):
        return [_of_s3(record) for record in records]
    if invocation.get("Event") == TEST_EVENT:
        return []
    return [notice_of(invocation)]


def notices_of_message(body: str, message_id: str) -> list[Notice]:
    """Return what a message of a queue tells, or a notice of why it tells nothing.

    Args:
        body: An invocation as JSON, perhaps as SNS wraps it.
        message_id: The queue's own id of the message.
    """
    try:
        return notices_of(_unwrapped(body))
    except Rejected as error:
        return [Notice(named_id("message", message_id), {"message": body}, error.reason)]


def _unwrapped(body: str) -> Mapping[str, Any]:
    document: Any = parse_json(body, "The message")
    for _ in range(MAX_WRAPPINGS):
        if isinstance(document, dict) and document.get("Type") == "Notification" and "Message" in document:
            document = parse_json(str(document["Message"]), "The message")
    if not isinstance(document, dict):
        raise Rejected("The message is not a JSON object.")
    return document


def _of_s3(record: Mapping[str, Any]) -> Notice:
    own = named_id("s3-record", json.dumps(record, sort_keys=True, default=str))
    try:
        notification = s3.notification_of(record)
    except (KeyError, TypeError, AttributeError) as error:
        return Notice(own, {"record": record}, f"This is no record of S3: {type(error).__name__}: {error}.")
    fault = s3.fault_of(notification["detail"])
    return Notice(s3.object_id(notification) or own, notification, fault)
