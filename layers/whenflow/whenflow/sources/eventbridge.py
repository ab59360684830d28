"""EventBridge's events. Their id becomes the event's id, so that a notification delivered twice is one event."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from whenflow.errors import Fault, Rejected
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, Event, Labels, event_from_document, named_id

S3 = "aws.s3"
REQUIRED = ("source", "detail-type", "detail")


def event_from_eventbridge(notification: Mapping[str, Any], received: datetime) -> Event:
    """Make the event of an EventBridge notification.

    An S3 notification stands on the object (`s3://bucket/key`); any other on its first resource, or its source.

    Raises:
        Rejected: It lacks what every EventBridge event has, or breaks a limit.
    """
    missing = [name for name in REQUIRED if name not in notification]
    if missing:
        faults = [Fault((name,), "Field required", "missing") for name in missing]
        raise Rejected(f"This is not an EventBridge event: {', '.join(missing)} missing.", faults)
    detail = notification["detail"]
    is_object = notification["source"] == S3 and isinstance(detail, dict) and "object" in detail and "bucket" in detail
    document = _of_object(detail) if is_object else _of_anything(notification)
    return event_from_document(
        {
            "id": _id(notification),
            "occurred": notification.get("time") or received.isoformat(),
            "event": f"{_prefix(notification['source'])}.{_kebab(notification['detail-type'])}",
            **document,
            "related": [*document["related"], *_account(notification)],
        },
        received,
    )


def _of_object(detail: Mapping[str, Any]) -> dict[str, Any]:
    bucket, stored = detail["bucket"]["name"], detail["object"]
    uri = f"s3://{bucket}"
    return {
        "resource": {RESOURCE_ID: f"{uri}/{stored['key']}", RESOURCE_NAME: stored["key"]},
        "related": [{RESOURCE_ID: uri, RESOURCE_ROLE: "bucket", RESOURCE_NAME: bucket}],
        "payload": {
            "bucket": bucket,
            "key": stored["key"],
            "size": stored.get("size"),
            "etag": stored.get("etag"),
            "version_id": stored.get("version-id"),
            "sequencer": stored.get("sequencer"),
            "reason": detail.get("reason"),
            "requester": detail.get("requester"),
        },
    }


def _of_anything(notification: Mapping[str, Any]) -> dict[str, Any]:
    resources = [str(arn) for arn in notification.get("resources") or []]
    detail = notification["detail"]
    first, others = (resources[0], resources[1:]) if resources else (str(notification["source"]), [])
    return {
        "resource": {RESOURCE_ID: first},
        "related": [{RESOURCE_ID: arn, RESOURCE_ROLE: "resource"} for arn in others],
        "payload": detail if isinstance(detail, dict) else {"detail": detail},
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
        return named_id("eventbridge", repr(sorted(notification.items(), key=str)))


def _prefix(source: str) -> str:
    return source.strip().lower().replace(" ", "-")


def _kebab(detail_type: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", detail_type.strip().lower()).strip("-")
