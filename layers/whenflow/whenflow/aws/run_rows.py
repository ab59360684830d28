"""Flow runs and slots as items of the runs table (docs/data-model.md: `runs`)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from whenflow.aws.dynamo import MAX_ITEM_BYTES, body, document, number, text
from whenflow.documents import pack, unpack
from whenflow.runs.model import FlowRun
from whenflow.runs.slots import LONGEST_QUEUE, SlotChange

RUN = "run"
PARTS = "parts"
PARAMETERS = "parameters#"
NO_PARAMETERS: Mapping[str, Any] = {"body": {"B": pack({"parameters": {}})}}
SLOTS = "slots"
APART_FROM_CHARS = 8_000
"""Parameters longer than this stand in rows of their own: no change of state writes them again."""


def run_key(run_id: str, sort: str) -> dict[str, Any]:
    """Return the key of a row of a run."""
    return {"pk": text(run_id), "sk": text(sort)}


def slots_key(owner: str) -> dict[str, Any]:
    """Return the key of the slots of a deployment or work pool."""
    return run_key(f"{SLOTS}#{owner}", SLOTS)


def slots_owner(key: Mapping[str, Any]) -> str:
    """Return whose slots a key is of."""
    return str(key["pk"]["S"]).removeprefix(f"{SLOTS}#")


def run_row(run: FlowRun) -> dict[str, Any]:
    """Return the row of a run, in its next version, without what places it in indexes."""
    stored, chunks = run.as_stored(), _chunks(run)
    if chunks:
        del stored["parameters"]
    return run_key(run.id, RUN) | {
        "body": body(stored),
        "version": number(run.version + 1),
        **({PARTS: number(len(chunks))} if chunks else {}),
    }


def parameter_rows(run: FlowRun, expires: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of a run's parameters, where they stand apart."""
    return [
        run_key(run.id, f"{PARAMETERS}{place}") | {"body": {"B": chunk}, "expires": expires}
        for place, chunk in enumerate(_chunks(run))
    ]


def read_run(item: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> FlowRun:
    """Return the run of a row and the rows of its parameters."""
    stored = document(item)
    if rows:
        stored |= unpack(b"".join(row["body"]["B"] for row in rows))
    return FlowRun.from_stored(stored, int(item["version"]["N"]))


def slot_parts(table: str, run_id: str, slots: Sequence[SlotChange]) -> list[dict[str, Any]]:
    """Return the parts of a transaction that change slots, on condition that there is one, or room in the queue."""
    return [{"Update": _slot_update(table, run_id, slot)} for slot in slots]


def _slot_update(table: str, run_id: str, slot: SlotChange) -> dict[str, Any]:
    add, delete = ["queue :queued"] if slot.waits else [], [] if slot.waits else ["queue :queued"]
    (add if slot.take is not None else delete).append("taken :run")
    changes = (f"ADD {', '.join(add)} " if add else "") + (f"DELETE {', '.join(delete)}" if delete else "")
    values: dict[str, Any] = {":queued": {"SS": [slot.run]}, ":run": {"SS": [run_id]}}
    update: dict[str, Any] = {
        "TableName": table,
        "Key": slots_key(slot.owner),
        "UpdateExpression": changes.strip(),
        "ExpressionAttributeValues": values,
    }
    if slot.take is not None:
        update["ConditionExpression"] = "attribute_not_exists(taken) OR size(taken) < :slots"
        values[":slots"] = number(slot.take)
    elif slot.waits:
        update["ConditionExpression"] = "attribute_not_exists(queue) OR size(queue) < :room"
        values[":room"] = number(LONGEST_QUEUE)
    return update


def _chunks(run: FlowRun) -> list[bytes]:
    if len(json.dumps(run.parameters)) <= APART_FROM_CHARS:
        return []
    packed = pack({"parameters": run.parameters})
    return [packed[start : start + MAX_ITEM_BYTES] for start in range(0, len(packed), MAX_ITEM_BYTES)]
