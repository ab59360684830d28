"""Counts what DynamoDB would charge, by its own rules; moto reports one unit for everything.

A write costs a unit for each KiB begun of the larger of the item before and after it; each index whose entry comes,
goes or changes costs its own; a transaction doubles both. A failed condition costs the same. A read costs half a unit
for each 4 KiB begun, a whole one if it is consistent.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.tables import tables

Item = Mapping[str, Any]
WRITE_BYTES = 1024
READ_BYTES = 4096


class Meter:
    """What was used so far.

    Attributes:
        written: Write units.
        read: Read units.
        trips: How often something was read.
        requests: How many there were, of any kind.
    """

    def __init__(self) -> None:
        self.written = 0.0
        self.read = 0.0
        self.trips = 0
        self.requests = 0


@dataclass(frozen=True)
class Write:
    """One item that a call writes."""

    table: str
    key: Item
    item: Item | None


@contextmanager
def metered(client: Any, observer: Any) -> Iterator[Meter]:
    """Count the units that a client uses; `observer` is another client, which looks at the items."""
    meter = Meter()

    def found(write: Write) -> Item | None:
        answer = observer.get_item(TableName=write.table, Key=write.key, ConsistentRead=True)
        return answer.get("Item")  # type: ignore[no-any-return]

    def before(params: Any, model: Any, context: Any, **_: Any) -> None:
        writes = writes_of(model.name, params)
        context["metered"] = (params, [(write, found(write)) for write in writes])

    def after(parsed: Any, model: Any, context: Any, **_: Any) -> None:
        params, writes = context["metered"]
        meter.requests += 1
        factor = 2 if model.name == "TransactWriteItems" else 1
        for write, old in writes:
            new = found(write)
            meter.written += factor * write_units(write.table, old, new, write.item)
        if model.name in ("GetItem", "Query"):
            items = parsed.get("Items") or ([parsed["Item"]] if "Item" in parsed else [])
            meter.read += read_units(items) * (1 if params.get("ConsistentRead") else 0.5)
            meter.trips += 1
        if model.name == "BatchGetItem":
            for table, items in parsed.get("Responses", {}).items():
                part = 1.0 if params["RequestItems"][table].get("ConsistentRead") else 0.5
                asked = len(params["RequestItems"][table]["Keys"])
                found_units = sum(read_units([item]) for item in items)
                meter.read += part * (found_units + asked - len(items))
            meter.trips += 1

    hooks = (("provide-client-params.dynamodb", before), ("after-call.dynamodb", after))
    for name, hook in hooks:
        client.meta.events.register(name, hook)
    try:
        yield meter
    finally:
        for name, hook in hooks:
            client.meta.events.unregister(name, hook)


def writes_of(operation: str, params: Mapping[str, Any]) -> list[Write]:
    """Return the items that a call writes."""
    if operation == "TransactWriteItems":
        parts = [part for one in params["TransactItems"] for part in one.values()]
    elif operation in ("PutItem", "UpdateItem", "DeleteItem"):
        parts = [params]
    else:
        return []
    return [_write(part) for part in parts]


def write_units(table: str, old: Item | None, new: Item | None, attempted: Item | None) -> int:
    """Return what one write costs outside a transaction."""
    largest = max(size(item or {}) for item in (old, new, attempted))
    return max(1, math.ceil(largest / WRITE_BYTES)) + _index_units(table, old, new)


def read_units(items: list[Item]) -> int:
    """Return what a consistent read of these items costs."""
    return max(1, math.ceil(sum(size(item) for item in items) / READ_BYTES))


def size(item: Item) -> int:
    """Return the bytes of an item as DynamoDB counts them."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return len(content.strip("-0.")) // 2 + 2
    raise AssertionError(f"no item holds a {kind}")


def _write(part: Mapping[str, Any]) -> Write:
    item = part.get("Item")
    keys = [key["AttributeName"] for key in tables()[part["TableName"]]["KeySchema"]]
    return Write(part["TableName"], part.get("Key") or {name: item[name] for name in keys if item}, item)


def _index_units(table: str, old: Item | None, new: Item | None) -> int:
    units = 0
    for index in tables()[table].get("GlobalSecondaryIndexes", []):
        entries = [_entry(table, index, item) for item in (old, new)]
        if entries[0] != entries[1]:
            units += sum(math.ceil(size(entry) / WRITE_BYTES) for entry in entries if entry)
    return units


def _entry(table: str, index: Mapping[str, Any], item: Item | None) -> Item | None:
    keys = [key["AttributeName"] for key in index["KeySchema"]]
    if item is None or any(name not in item for name in keys):
        return None
    if index["Projection"]["ProjectionType"] == "ALL":
        return item
    names = {*keys, *(key["AttributeName"] for key in tables()[table]["KeySchema"])}
    names |= set(index["Projection"].get("NonKeyAttributes", []))
    return {name: value for name, value in item.items() if name in names}
