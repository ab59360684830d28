"""What S3 tells: through EventBridge, or by itself as `Records`, which are put into EventBridge's form."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, named_id

S3 = "aws.s3"
CREATED = "Object Created"
DELETED = "Object Deleted"
DETAIL_TYPES = {
    "ObjectCreated": CREATED,
    "ObjectRemoved": DELETED,
    "LifecycleExpiration": DELETED,
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectAcl": "Object ACL Updated",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Delete": "Object Restore Expired",
    "LifecycleTransition": "Object Storage Class Changed",
    "IntelligentTiering": "Object Access Tier Changed",
}
REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
    "LifecycleExpiration:Delete": "Lifecycle Expiration",
    "LifecycleExpiration:DeleteMarkerCreated": "Lifecycle Expiration",
}
DELETIONS = {"Delete": "Permanently Deleted", "DeleteMarkerCreated": "Delete Marker Created"}
FIELDS = {"size": "size", "eTag": "etag", "versionId": "version-id", "sequencer": "sequencer"}


def is_record(record: object) -> bool:
    """Tell whether this is one of the `Records` that S3 sends by itself."""
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:s3"


def notification_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Put a record of S3's own into EventBridge's form. Its key is form-encoded; EventBridge's is as it is.

    Raises:
        KeyError, TypeError, AttributeError: It lacks what every record has.
    """
    told, bucket, stored = str(record["eventName"]).removeprefix("s3:"), record["s3"]["bucket"], record["s3"]["object"]
    detail = {
        "version": "0",
        "bucket": {"name": bucket["name"]},
        "object": {
            "key": unquote_plus(stored["key"]),
            **{
                new: stored[old]
                for old, new in (
                    ("size", "size"),
                    ("eTag", "etag"),
                    ("versionId", "version-id"),
                    ("sequencer", "sequencer"),
                )
                if stored.get(old) is not None
            },
        },
        "requester": (record.get("userIdentity") or {}).get("principalId"),
        "source-ip-address": (record.get("requestParameters") or {}).get("sourceIPAddress"),
        "reason": REASONS.get(told, told.partition(":")[2]),
    }
    if (deletion := DELETIONS.get(told.partition(":")[2])) and _detail_type(told) == DELETED:
        detail["deletion-type"] = deletion
    return {
        "version": "0",
        "source": S3,
        "detail-type": _detail_type(told),
        "time": record.get("eventTime"),
        "region": record.get("awsRegion"),
        "resources": [bucket.get("arn") or f"arn:aws:s3:::{bucket['name']}"],
        "detail": detail,
    }


def _detail_type(told: str) -> str:
    known = DETAIL_TYPES.get(told) or DETAIL_TYPES.get(told.partition(":")[0])
    return known or told.replace(":", " ")


def object_id(notification: Mapping[str, Any]) -> str | None:
    """Return the id that what happened to an object has on whichever way it comes; None where S3 does not number it.

    S3 numbers what happens to a key: the `sequencer`.
    """
    try:
        detail = notification["detail"]
        stored, bucket = detail["object"], detail["bucket"]["name"]
        sequencer, key = stored.get("sequencer"), stored["key"]
    except (KeyError, TypeError, AttributeError):
        return None
    if not isinstance(sequencer, str) or not sequencer.strip("0"):
        return None
    kind = str(notification.get("detail-type"))
    return named_id("s3", kind, str(bucket), str(key), str(stored.get("version-id") or ""), sequencer)


def fault_of(detail: object) -> str:
    """Return what an S3 notification about an object lacks; empty where it is whole, or about no object."""
    if not isinstance(detail, Mapping) or "object" not in detail:
        return ""
    bucket, stored = detail.get("bucket"), detail["object"]
    if not isinstance(bucket, Mapping) or not _is_text(bucket.get("name")):
        return "An S3 notification about an object names no bucket: detail.bucket.name is missing."
    if not isinstance(stored, Mapping) or not _is_text(stored.get("key")):
        return "An S3 notification about an object names no key: detail.object.key is missing."
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def document_of_object(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return resource, related resources and payload of an event about an object."""
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
