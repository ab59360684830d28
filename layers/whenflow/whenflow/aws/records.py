"""Stream and queue records, in the domain's words."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from whenflow.automations.firing import Firing
from whenflow.automations.settle import Record
from whenflow.aws.event_items import EARLIER, MOVED, OVERFLOW, TOLD, whole_document
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
    """Tell whether a record of the events table's stream is to be matched.

    Claims are not, nor is an event that the record of another one tells of, of the same transaction.
    """
    return not {MOVED, TOLD} & record["dynamodb"].get("NewImage", {}).keys()


def event_of(record: Mapping[str, Any]) -> Event:
    """Return the event that a record of the events table's stream tells of."""
    return from_stored(stream_document(record))


def firing_of(record: Mapping[str, Any]) -> Firing:
    """Return the firing that a record of the firings table's stream tells of."""
    return Firing.from_stored(stream_document(record))


def records_of(record: Mapping[str, Any]) -> list[Record]:
    """Return a record of the events table's stream as the matcher takes it: for each event that it tells of, one."""
    change, document = record["dynamodb"], stream_document(record)
    lane, sequence = change["Keys"]["bucket"]["S"], int(change["SequenceNumber"])
    return [Record(from_stored(one), lane, sequence) for one in (*document.get(EARLIER, ()), document)]


def readable_records(given: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Return the records of the events table's stream up to the first that cannot be read."""
    records: list[Record] = []
    for one in given:
        try:
            records += records_of(one)
        except Exception:  # the edge of one record: it is delivered again, and in the end to the dead letters
            logger.exception("record failed", extra={"record": sequence_number(one)})
            break
    return records


def undone(
    given: Sequence[Mapping[str, Any]], readable: Sequence[Record], failed: Sequence[Record]
) -> Sequence[Mapping[str, Any]]:
    """Return the records of the stream from the first on that was not applied.

    Args:
        given: All of the batch.
        readable: Those that could be read, as the matcher took them.
        failed: Those of them, from the first on, that could not be applied.
    """
    done = {one.sequence for one in readable} - {one.sequence for one in failed}
    return [one for one in given if int(sequence_number(one)) not in done]


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
