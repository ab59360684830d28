"""What a source is asked about: one notification, whatever way it came."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification, in the form that EventBridge gives to all of them.

    Attributes:
        id: UUID; the same for each delivery of the same notification.
        notification: `source`, `detail-type`, `detail`; as far as known `id`, `time`, `account`, `region`, `resources`.
        fault: Why it cannot be an event, where its form already says so; then `notification` is what came.
    """

    id: str
    notification: Mapping[str, Any]
    fault: str = ""

    @property
    def detail(self) -> Mapping[str, Any]:
        """The detail, empty where it is no object."""
        detail = self.notification.get("detail")
        return detail if isinstance(detail, Mapping) else {}


def template_context(notice: Notice) -> dict[str, Any]:
    """Return the names that a source's template may use."""
    given = notice.notification
    context = {
        "notification": given,
        "body": given,
        "detail": given.get("detail"),
        "source": given.get("source"),
        "detail_type": given.get("detail-type"),
        "account": given.get("account"),
        "region": given.get("region"),
        "time": given.get("time"),
        "resources": given.get("resources") or [],
    }
    return context | _of_object(notice) | _of_record(notice)


def _of_object(notice: Notice) -> dict[str, Any]:
    bucket, stored = notice.detail.get("bucket"), notice.detail.get("object")
    if not isinstance(bucket, Mapping) or not isinstance(stored, Mapping):
        return {}
    return {
        "bucket": bucket.get("name"),
        "key": stored.get("key"),
        "size": stored.get("size"),
        "etag": stored.get("etag"),
        "version_id": stored.get("version-id"),
    }


def _of_record(notice: Notice) -> dict[str, Any]:
    if notice.notification.get("source") != "kafka":
        return {}
    names = ("topic", "partition", "offset", "key", "value", "headers", "timestamp")
    return {name: notice.detail.get(name) for name in names}
