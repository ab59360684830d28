"""EventBridge's events, and the event that each becomes where no source says otherwise."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from whenflow.documents import MAX_NESTING, is_deeper
from whenflow.errors import Fault, Rejected
from whenflow.events import RESOURCE_ID, RESOURCE_ROLE, Labels, named_id
from whenflow.sources import kafka, s3
from whenflow.sources.notice import Notice

REQUIRED = ("source", "detail-type", "detail")
# Of ASCII, letters, digits and dots; of the rest of Unicode everything but blanks: a name says what its sender said.
SEPARATORS = re.compile(r"[\x00-\x2d/:-@\[-`{-\x7f\s]+")


def notice_of(notification: Mapping[str, Any]) -> Notice:
    """Return the notice of an EventBridge event.

    Raises:
        Rejected: It lacks what every EventBridge event has.
    """
    missing = [name for name in REQUIRED if name not in notification]
    if missing:
        faults = [Fault((name,), "Every EventBridge event has this field", "missing") for name in missing]
        raise Rejected(f"This is not an EventBridge event: {', '.join(missing)} missing.", faults)
    if is_deeper(notification, MAX_NESTING):
        return Notice(
            _id(notification), notification, f"It has over {MAX_NESTING} objects and lists inside each other."
        )
    if notification["source"] != s3.S3:
        return Notice(_id(notification), notification)
    return Notice(s3.object_id(notification) or _id(notification), notification, s3.fault_of(notification["detail"]))


def default_document(notice: Notice) -> dict[str, Any]:
    """Return the event of a notice as a document, without id and time.

    One of S3 stands on the object (`s3://bucket/key`), one of Kafka on the partition (`kafka://topic/0`), any other on
    its first resource, or else its source.
    """
    given = notice.notification
    if given["source"] == s3.S3 and "object" in notice.detail:
        document = s3.document_of_object(notice.detail)
    elif given["source"] == kafka.KAFKA and "topic" in notice.detail:
        document = kafka.document_of_record(given)
    else:
        document = _of_anything(given)
    words = (_prefix(str(given["source"])), _kebab(str(given["detail-type"])))
    return {
        **document,
        "event": ".".join(word for word in words if word),
        "related": [*document["related"], *_account(given)],
    }


def _of_anything(notification: Mapping[str, Any]) -> dict[str, Any]:
    resources = [str(arn) for arn in notification.get("resources") or []]
    detail = notification["detail"]
    first, others = (resources[0], resources[1:]) if resources else (str(notification["source"]), [])
    return {
        "resource": {RESOURCE_ID: first},
        "related": [{RESOURCE_ID: arn, RESOURCE_ROLE: "resource"} for arn in others],
        "payload": detail if isinstance(detail, Mapping) else {"detail": detail},
    }


def _account(notification: Mapping[str, Any]) -> list[Labels]:
    account = notification.get("account")
    if not account:
        return []
    labels = {RESOURCE_ID: f"aws.account.{account}", RESOURCE_ROLE: "account"}
    region = notification.get("region")
    return [labels | {"aws.region": str(region)}] if region else [labels]


def _id(notification: Mapping[str, Any]) -> str:
    given = str(notification.get("id") or "")
    try:
        return str(uuid.UUID(given))
    except ValueError:
        return named_id("eventbridge", json.dumps(notification, sort_keys=True, default=str))


def _prefix(source: str) -> str:
    return source.strip().lower().replace(" ", "-")


def _kebab(detail_type: str) -> str:
    return SEPARATORS.sub("-", detail_type.lower()).strip("-")
