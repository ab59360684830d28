"""What Lambda's event source mapping for Kafka hands over: records by topic and partition, in base 64."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from whenflow.documents import parse_json
from whenflow.errors import Rejected
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE, iso, named_id
from whenflow.events.ids import EPOCH
from whenflow.sources.notice import Notice

KAFKA = "kafka"
RECEIVED = "Record Received"
EVENT_SOURCES = frozenset({"aws:kafka", "SelfManagedKafka"})
ARN_PARTS = 6


def is_batch(invocation: Mapping[str, Any]) -> bool:
    """Tell whether an invocation comes from Kafka."""
    return invocation.get("eventSource") in EVENT_SOURCES and isinstance(invocation.get("records"), Mapping)


def notices_of(batch: Mapping[str, Any]) -> Iterator[Notice]:
    """Yield the records of a batch, each partition's in its order. One that cannot be read is a notice with a fault."""
    cluster = str(batch.get("eventSourceArn") or batch.get("bootstrapServers") or "")
    for records in batch["records"].values():
        for record in records:
            yield _notice(record, cluster)


def _notice(record: Any, cluster: str) -> Notice:
    try:
        notification = _notification(record, cluster)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = f"This is no record of Kafka as Lambda hands it over: {type(error).__name__}: {error}."
        return Notice(named_id(KAFKA, cluster, repr(record)), {"record": record}, reason)
    detail = notification["detail"]
    # With the time, since a topic that is deleted and made anew begins at offset 0 again.
    place = (detail["topic"], detail["partition"], detail["offset"], record.get("timestamp"))
    return Notice(named_id(KAFKA, cluster, *map(str, place)), notification)


def _notification(record: Mapping[str, Any], cluster: str) -> dict[str, Any]:
    arn = cluster.split(":", ARN_PARTS - 1)
    is_arn = len(arn) == ARN_PARTS and arn[0] == "arn"
    moment = _moment(record.get("timestamp"))
    value, encoding = _value(record.get("value"))
    return {
        "source": KAFKA,
        "detail-type": RECEIVED,
        "time": moment,
        "account": arn[4] if is_arn else None,
        "region": arn[3] if is_arn else None,
        "resources": [cluster] if is_arn else [],
        "detail": {
            "topic": str(record["topic"]),
            "partition": int(record["partition"]),
            "offset": int(record["offset"]),
            "timestamp": moment,
            "key": _text(record.get("key")),
            "value": value,
            "encoding": encoding,
            "headers": _headers(record.get("headers") or ()),
        },
    }


def _moment(timestamp: Any) -> str | None:
    if timestamp is None or timestamp < 0:
        return None
    return iso(EPOCH + timedelta(milliseconds=timestamp))


def _value(data: str | None) -> tuple[Any, str | None]:
    """Return a value and what it is: JSON, else text, else bytes that stay in base 64. A tombstone is None."""
    if data is None:
        return None, None
    raw = _decoded(data)
    try:
        return parse_json(raw), "json"
    except Rejected:
        pass
    try:
        return raw.decode(), "text"
    except UnicodeDecodeError:
        return data, "base64"


def _text(data: str | None) -> str | None:
    """Return a key as text, in base 64 where it is none."""
    try:
        return None if data is None else _decoded(data).decode()
    except UnicodeDecodeError:
        return data


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError(f"what it holds is not in base 64 ({error})") from None


def _headers(headers: Any) -> dict[str, str]:
    """Return headers as texts; the last of a name counts, as in Kafka. Lambda gives their bytes as signed numbers."""
    found: dict[str, str] = {}
    for header in headers:
        for name, data in header.items():
            found[str(name)] = bytes(number & 0xFF for number in data or ()).decode("utf-8", "replace")
    return found


def document_of_record(notification: Mapping[str, Any]) -> dict[str, Any]:
    """Return resource, related resources and payload of an event about a record.

    It stands on the partition: events of one resource are worked on in order, and so are the records of a partition.
    """
    detail = notification["detail"]
    topic, cluster = detail["topic"], notification["resources"]
    place = {"kafka.topic": topic, "kafka.partition": str(detail["partition"]), "kafka.offset": str(detail["offset"])}
    if detail["key"] is not None:
        place["kafka.key"] = detail["key"]
    return {
        "resource": {RESOURCE_ID: f"kafka://{topic}/{detail['partition']}", RESOURCE_NAME: topic, **place},
        "related": [
            {RESOURCE_ID: f"kafka://{topic}", RESOURCE_ROLE: "topic", RESOURCE_NAME: topic},
            *({RESOURCE_ID: arn, RESOURCE_ROLE: "cluster"} for arn in cluster),
        ],
        "payload": dict(detail),
    }
