"""Which hours, or days, hold something: a list then asks only those, not every one there ever was.

Kept in the state table (docs/data-model.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import condition_failed, number, text, translated
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOTED_FOR = timedelta(hours=1)
PERIODS_PER_PAGE = 50
NO_BEGINNING = "0"
NO_END = "~"


class Calendar:
    """The hours or days of one kind of thing, each with the number of partitions it is spread over."""

    def __init__(self, client: "DynamoDBClient", table: str, name: str, kept: timedelta, clock: Clock) -> None:
        """Work on this table, under this name, for things that are kept this long."""
        self._client = client
        self._table = table
        self._name = name
        self._kept = kept
        self._clock = clock
        self._noted: dict[str, datetime] = {}

    def note(self, period: str, shards: int) -> None:
        """Remember that a period holds something. Told often, it is written once an hour."""
        now = self._clock.now()
        if period in self._noted and now - self._noted[period] < NOTED_FOR:
            return
        if not self._write(period, now, shards):
            self._write(period, now, None)  # the period was spread wider before, and stays so
        self._noted[period] = now

    def _write(self, period: str, now: datetime, shards: int | None) -> bool:
        """Write that a period was noted now; False where it is spread over more partitions than these."""
        expires = now + self._kept + 2 * NOTED_FOR
        values = {
            ":one": number(1),
            ":now": number(int(now.timestamp())),
            ":expires": number(int(expires.timestamp())),
        }
        update: dict[str, Any] = {"UpdateExpression": "SET expires = :expires, noted = :now ADD version :one"}
        if shards is not None:
            values[":shards"] = number(shards)
            update["UpdateExpression"] = "SET expires = :expires, noted = :now, shards = :shards ADD version :one"
            update["ConditionExpression"] = "attribute_not_exists(shards) OR shards <= :shards"
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key={"pk": text(self._name), "sk": text(period)},
                    ExpressionAttributeValues=values,
                    **update,
                )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def close(self, period: "Period", **facts: int) -> bool:
        """Note that a period, as it was read, is closed, and facts about it; False where it was noted again since.

        Whoever reads the facts knows them to be true as long as the period is not noted again: see `Period.facts`.
        """
        values = {f":{name}": number(value) for name, value in facts.items()} | {":version": number(period.version)}
        changes = ", ".join(["closed = :version", *(f"{name} = :{name}" for name in facts)])
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key={"pk": text(self._name), "sk": text(period.name)},
                    UpdateExpression=f"SET {changes}",
                    ConditionExpression="version = :version",
                    ExpressionAttributeValues=values,
                )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def periods(self, last: str = NO_END) -> Iterator[tuple[str, int]]:
        """Yield the periods that hold something and their partitions, newest first, beginning with `last`."""
        return ((period.name, period.shards) for period in self.read(NO_BEGINNING, last))

    def read(
        self,
        first: str,
        last: str,
        *,
        newest_first: bool = True,
        at_once: int = PERIODS_PER_PAGE,
        consistent: bool = False,
    ) -> Iterator["Period"]:
        """Yield the periods from `first` to `last` that hold something.

        Args:
            first: The earliest.
            last: The latest.
            newest_first: In which order.
            at_once: How many are asked for at a time.
            consistent: Whether what was noted just now must be among them.
        """
        start: Mapping[str, Any] = {}
        while True:
            with translated():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :name AND sk BETWEEN :first AND :last",
                    ExpressionAttributeValues={":name": text(self._name), ":first": text(first), ":last": text(last)},
                    ScanIndexForward=not newest_first,
                    Limit=at_once,
                    ConsistentRead=consistent,
                    **start,
                )
            for item in answer["Items"]:
                yield _period(item)
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


@dataclass(frozen=True, slots=True)
class Period:
    """An hour or a day that holds something.

    Attributes:
        name: Such as `2026-11-20T21`.
        shards: The partitions it is spread over.
        noted: When it was last noted.
        version: How often it was noted.
        facts: What was found out when it was closed; None where it is not closed, or was noted again since.
        was_closed: Whether it ever was.
    """

    name: str
    shards: int
    noted: datetime
    version: int
    facts: Mapping[str, int] | None
    was_closed: bool


def _period(item: Mapping[str, Any]) -> Period:
    numbers = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    version, closed = numbers.get("version", 0), numbers.get("closed")
    return Period(
        item["sk"]["S"],
        numbers.get("shards", 1),
        datetime.fromtimestamp(numbers.get("noted", 0), UTC),
        version,
        numbers if closed is not None and closed == version else None,
        closed is not None,
    )
