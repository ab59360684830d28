"""The events table in memory, for tests with more events than moto can bear: it looks at every item for each query.

Knows the calls of the event reader and no others; counts what they would cost.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import Any

from tests.counting import read_units, size

TABLE = "EventsTable"
MAX_ANSWER_BYTES = 1_000_000


class QuickEvents:
    """A client whose events table is this one, and whose other tables are another client's.

    Attributes:
        read: Read units used on the events table.
        trips: Calls for it.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._keys: dict[str, list[str]] = defaultdict(list)
        self._items: dict[tuple[str, str], Any] = {}
        self.read = 0.0
        self.trips = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def fill(self, items: list[Any]) -> None:
        """Put items in."""
        for item in items:
            bucket, key = item["bucket"]["S"], item["key"]["S"]
            self._keys[bucket].append(key)
            self._items[bucket, key] = item
        for keys in self._keys.values():
            keys.sort()

    def query(self, **call: Any) -> Any:
        """Answer as DynamoDB would: a page of items between two keys."""
        if call["TableName"] != TABLE:
            return self._client.query(**call)
        assert call["KeyConditionExpression"] == "#b = :bucket AND #k BETWEEN :low AND :high"
        values = {name: value["S"] for name, value in call["ExpressionAttributeValues"].items()}
        keys = self._keys.get(values[":bucket"], [])
        keys = keys[bisect_left(keys, values[":low"]) : bisect_right(keys, values[":high"])]
        if not call["ScanIndexForward"]:
            keys = keys[::-1]
        if start := call.get("ExclusiveStartKey"):
            keys = keys[keys.index(start["key"]["S"]) + 1 :]
        found: list[Any] = []
        used = 0
        for key in keys[: call.get("Limit", len(keys))]:
            found.append(self._items[values[":bucket"], key])
            used += size(found[-1])
            if used >= MAX_ANSWER_BYTES:
                break
        self._count(read_units(found), call)
        more = (
            {"LastEvaluatedKey": {name: found[-1][name] for name in ("bucket", "key")}}
            if len(found) < len(keys)
            else {}
        )
        return {"Items": found, **more}

    def batch_get_item(self, **call: Any) -> Any:
        """Answer as DynamoDB would: the items that are there."""
        if TABLE not in call["RequestItems"]:
            return self._client.batch_get_item(**call)
        asked = call["RequestItems"][TABLE]
        found = [self._items.get((key["bucket"]["S"], key["key"]["S"])) for key in asked["Keys"]]
        self._count(sum(read_units([item]) if item else 1 for item in found), asked)
        return {"Responses": {TABLE: [item for item in found if item]}}

    def _count(self, units: float, call: Any) -> None:
        self.read += units * (1 if call.get("ConsistentRead") else 0.5)
        self.trips += 1
