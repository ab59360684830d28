"""Which hours, or days, hold something: a list then asks only those, not every one there ever was.

Kept in the state table (docs/data-model.md).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import condition_failed, number, text, translated
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOTED_FOR = timedelta(hours=1)
PERIODS_PER_PAGE = 50
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
        expires = now + self._kept + 2 * NOTED_FOR
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key={"pk": text(self._name), "sk": text(period)},
                    UpdateExpression="SET shards = :shards, expires = :expires",
                    ConditionExpression="attribute_not_exists(shards) OR shards <= :shards",
                    ExpressionAttributeValues={
                        ":shards": number(shards),
                        ":expires": number(int(expires.timestamp())),
                    },
                )
        except ClientError as error:
            if not condition_failed(error):  # failed: the period was spread wider before, and stays noted so
                raise
        self._noted[period] = now

    def periods(self, last: str = NO_END) -> Iterator[tuple[str, int]]:
        """Yield the periods that hold something and their partitions, newest first, beginning with `last`."""
        start: Mapping[str, Any] = {}
        while True:
            with translated():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :name AND sk <= :last",
                    ExpressionAttributeValues={":name": text(self._name), ":last": text(last)},
                    ScanIndexForward=False,
                    Limit=PERIODS_PER_PAGE,
                    **start,
                )
            for item in answer["Items"]:
                yield item["sk"]["S"], int(item["shards"]["N"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
