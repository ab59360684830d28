"""Stream and queue records, in the domain's words."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from whenflow.automations.firing import Firing
from whenflow.automations.settle import Record
from whenflow.aws.event_items import MOVED, OVERFLOW, whole_document
from whenflow.aws.observe import logger
from whenflow.documents import unpack
from whenflow.events import Event
from whenflow.events.codec import from_stored


def stream_document(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document in the new image of a DynamoDB stream record, wherever it was put aside."""
    image = record["dynamodb"]["NewImage"]
    if OVERFLOW in image:
        from whenflow.aws import wiring

        return whole_document(image, wiring.overflow("events"))
    return unpack(base64.b64decode(image["body"]["B"]))


def tells_of_event(record: Mapping[str, Any]) -> bool:
    """Tell whether a record of the events table's stream tells of an event, and not of a claim."""
    return MOVED not in record["dynamodb"].get("NewImage", {})


def event_of(record: Mapping[str, Any]) -> Event:
    """Return the event that a record of the events table's stream tells of."""
    return from_stored(stream_document(record))


def firing_of(record: Mapping[str, Any]) -> Firing:
    """Return the firing that a record of the firings table's stream tells of."""
    return Firing.from_stored(stream_document(record))


def record_of(record: Mapping[str, Any]) -> Record:
    """Return a record of the events table's stream as the matcher takes it."""
    change = record["dynamodb"]
    return Record(event_of(record), change["Keys"]["bucket"]["S"], int(change["SequenceNumber"]))


def readable_records(given: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Return the records of the events table's stream up to the first that cannot be read."""
    records = []
    for one in given:
        try:
            records.append(record_of(one))
        except Exception:  # the edge of one record: it is delivered again, and in the end to the dead letters
            logger.exception("record failed", extra={"record": sequence_number(one)})
            break
    return records


def sequence_number(record: Mapping[str, Any]) -> str:
    """Return the number by which a stream record is reported as failed."""
    return str(record["dynamodb"]["SequenceNumber"])


def message_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON object in a queue record."""
    message: dict[str, Any] = json.loads(record["body"])
    return message


def receive_count(record: Mapping[str, Any]) -> int:
    """Return how often a queue record was handed out, this time included."""
    return int(record["attributes"]["ApproximateReceiveCount"])
