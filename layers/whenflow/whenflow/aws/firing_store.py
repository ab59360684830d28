"""Firings in DynamoDB (docs/data-model.md: `firings`)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.automations.firing import Firing
from whenflow.aws.dynamo import MAX_ITEM_BYTES, condition_failed, number, text, translated
from whenflow.aws.event_items import bodies, whole_document
from whenflow.aws.overflow import Overflow
from whenflow.errors import Transient
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CAUSED = "caused"
AT_ONCE = 10  # as many connections as a client keeps open
MAX_TROUBLES = 10
KEPT = timedelta(days=100)  # longer than Step Functions remembers execution names (90 days)


class DynamoFiringStore:
    """The firing store."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock, overflow: Overflow | None = None) -> None:
        """Work on this table; a firing with a large event goes to `overflow`."""
        self._client = client
        self._table = table
        self._clock = clock
        self._overflow = overflow

    def put(self, firing: Firing) -> bool:
        """Store a firing; False where its id is stored already."""
        try:
            with translated():
                self._client.put_item(**self.item_put(firing), ConditionExpression="attribute_not_exists(id)")
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def put_all(self, firings: Sequence[Firing]) -> Sequence[bool | Exception]:
        """Store firings, each on its own and ten at a time; when ten have met a passing trouble, the rest must wait."""
        troubles: list[Transient] = []

        def tried(firing: Firing) -> bool | Exception:
            if len(troubles) >= MAX_TROUBLES:
                return troubles[0]
            try:
                return self.put(firing)
            except Transient as error:
                troubles.append(error)
                return error
            except Exception as error:  # of this one alone, and the caller's to look at
                return error

        if len(firings) < 2:  # noqa: PLR2004 - no need of threads
            return [tried(firing) for firing in firings]
        with ThreadPoolExecutor(min(AT_ONCE, len(firings))) as pool:
            return list(pool.map(tried, firings))

    def item_put(self, firing: Firing) -> dict[str, Any]:
        """Return the part of a transaction that stores a firing; stored again, it is the same."""
        expires = int((self._clock.now() + KEPT).timestamp())
        content = bodies(firing.as_stored(), self._overflow, firing.id, MAX_ITEM_BYTES)
        item: dict[str, Any] = {"id": text(firing.id), **content, "expires": number(expires)}
        if firing.event:
            item["event_id"] = text(firing.event.id)
        return {"TableName": self._table, "Item": item}

    def get(self, firing_id: str) -> Firing | None:
        """Return the firing of this id; one whose time is over is gone, though the table may still hold it."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key={"id": text(firing_id)}, ConsistentRead=True)
        item = answer.get("Item")
        if item is None or int(item["expires"]["N"]) <= self._clock.now().timestamp():
            return None
        return Firing.from_stored(whole_document(item, self._overflow))

    def caused_by(self, event_id: str, limit: int) -> Sequence[str]:
        """Return the ids of up to `limit` firings that an event closed, in order.

        A firing is found a moment after it was stored.
        """
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=CAUSED,
                KeyConditionExpression="event_id = :event",
                ExpressionAttributeValues={":event": text(event_id)},
                Limit=limit,
            )
        return [item["id"]["S"] for item in answer["Items"]]
