"""What is taken of concurrency limits, in DynamoDB (docs/data-model.md: `runs`, `limit#…` and `lease#…`).

A row for each limit holds all that is taken of it and is written over the version that was read: one of several that
want to change it passes, the others read it anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.errors import Conflict, Transient
from whenflow.limits.occupancy import Occupancy
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LIMIT, LEASE = "limit#", "lease#"
TAKEN, LIMITS = "taken", "limits"
LEASES_KEPT = timedelta(days=100)
SPARE = timedelta(days=1)
BATCH = 100
TRIES = 10


class DynamoOccupancyStore:
    """What is taken, in the table of runs."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Work on this table."""
        self._client = client
        self._table = table
        self._clock = clock

    def get(self, limit_id: str) -> Occupancy:
        """Return what is taken of a limit, strongly consistent."""
        item = self._read(_limit_key(limit_id))
        return _occupancy(item) if item else Occupancy(limit_id)

    def get_all(self, limit_ids: Iterable[str]) -> Mapping[str, Occupancy]:
        """Return what is taken of some limits, by id."""
        wanted = list(dict.fromkeys(limit_ids))
        found = {limit_id: Occupancy(limit_id) for limit_id in wanted}
        for start in range(0, len(wanted), BATCH):
            for item in self._batch(wanted[start : start + BATCH]):
                one = _occupancy(item)
                found[one.limit_id] = one
        return found

    def commit(self, changed: Sequence[tuple[Occupancy, datetime]]) -> None:
        """Store what is taken now over the versions that were read, all or none."""
        puts = [self._put(one, blank_from) for one, blank_from in changed]
        try:
            with translated():
                if len(puts) == 1:
                    self._client.put_item(**puts[0])
                else:
                    self._client.transact_write_items(TransactItems=[{"Put": put} for put in puts])
        except ClientError as error:
            if condition_failed(error):
                raise Conflict("Somebody else changed what is taken.") from error
            raise

    def forget(self, limit_id: str) -> None:
        """Forget what is taken of a limit."""
        with translated():
            self._client.delete_item(TableName=self._table, Key=_limit_key(limit_id))

    def keep_lease(self, lease_id: str, limit_ids: Sequence[str]) -> None:
        """Note which limits a lease is about."""
        expires = number(int((self._clock.now() + LEASES_KEPT).timestamp()))
        about = {LIMITS: text(" ".join(limit_ids)), "expires": expires}
        with translated():
            self._client.put_item(TableName=self._table, Item=_lease_key(lease_id) | about)

    def limits_of(self, lease_id: str) -> Sequence[str] | None:
        """Return the limits that a lease is about, or None where there was no such lease."""
        item = self._read(_lease_key(lease_id))
        return item[LIMITS]["S"].split() if item else None

    def _read(self, key: dict[str, Any]) -> Mapping[str, Any] | None:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _batch(self, limit_ids: Sequence[str]) -> list[Mapping[str, Any]]:
        keys: Any = [_limit_key(limit_id) for limit_id in limit_ids]
        found: list[Mapping[str, Any]] = []
        for _ in range(TRIES):
            if not keys:
                return found
            with translated():
                answer: Any = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
                )
            found += answer["Responses"][self._table]
            keys = answer["UnprocessedKeys"].get(self._table, {}).get("Keys")
        if keys:
            raise Transient(f"DynamoDB did not read {len(keys)} limits.")
        return found

    def _put(self, one: Occupancy, blank_from: datetime) -> Any:
        item = _limit_key(one.limit_id) | {
            "body": body(one.as_stored()),
            "version": number(one.version + 1),
            "expires": number(int((blank_from + SPARE).timestamp())),
        }
        if not one.version:
            return {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "version = :read",
            "ExpressionAttributeValues": {":read": number(one.version)},
        }


def _occupancy(item: Mapping[str, Any]) -> Occupancy:
    limit_id = item["pk"]["S"].removeprefix(LIMIT)
    return Occupancy.from_stored(limit_id, document(item), int(item["version"]["N"]))


def _limit_key(limit_id: str) -> dict[str, Any]:
    return {"pk": text(LIMIT + limit_id), "sk": text(TAKEN)}


def _lease_key(lease_id: str) -> dict[str, Any]:
    return {"pk": text(LEASE + lease_id), "sk": text(LIMITS)}
