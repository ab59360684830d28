"""Task runs in DynamoDB (docs/data-model.md: `runs`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.errors import Conflict
from whenflow.ports import Claim, Clock
from whenflow.runs.task_runs import TaskRun, merged

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PACK = "tasks#"
POINTER = "task#"
BOTH = "task"
OWN = "task-run#"
KEPT = timedelta(days=100)


class DynamoTaskRunStore:
    """The task-run store, in the table of runs."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Work on this table."""
        self._client = client
        self._table = table
        self._clock = clock

    def keep(self, group: str, pack: str, rows: Sequence[TaskRun]) -> None:
        """Store a pack over the one of that name."""
        content = {"body": body({"task_runs": [row.as_stored() for row in rows]}), "expires": self._expires()}
        with translated():
            self._client.put_item(TableName=self._table, Item=_key(group, PACK + pack) | content)

    def of_group(self, group: str) -> Sequence[TaskRun]:
        """Return the task runs of a flow run, or those of a day that are alone."""
        packed, ids = [], []
        for item in self._query(group):
            if item["sk"]["S"].startswith(PACK):
                packed += document(item)["task_runs"]
            else:
                ids.append(item["sk"]["S"].removeprefix(POINTER))
        singles = [row for id_ in ids if (row := self.single(id_)[0])]
        return merged([*map(TaskRun.from_stored, packed), *singles])

    def single(self, id_: str) -> tuple[TaskRun | None, int]:
        """Return the task run that has a row of its own, and the version of that row."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(OWN + id_, "row"), ConsistentRead=True)
        if "Item" not in answer:
            return None, 0
        return TaskRun.from_stored(document(answer["Item"])), int(answer["Item"]["version"]["N"])

    def put_single(self, row: TaskRun, version: int) -> None:
        """Store a task run in a row of its own, over the version that was read."""
        item = _key(OWN + row.id, "row") | {
            "body": body(row.as_stored()),
            "version": number(version + 1),
            "expires": self._expires(),
        }
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if version:
            condition = {
                "ConditionExpression": "version = :read",
                "ExpressionAttributeValues": {":read": number(version)},
            }
        pointer = _key(row.group, POINTER + row.id) | {"expires": self._expires()}
        try:
            with translated():
                if not version:  # first, so that a row that is stored is always listed
                    self._client.put_item(TableName=self._table, Item=pointer)
                self._client.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if condition_failed(error):
                raise Conflict(f"Task run {row.id} is no longer in version {version}.") from error
            raise

    def claim(self, id_: str, until: datetime, now: datetime) -> Claim:
        """Claim a deferred task run, unless another has it or it is done."""
        claim = {"until": number(_micros(until)), "expires": self._expires()}
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_key(OWN + id_, "claim") | claim,
                    ConditionExpression="attribute_not_exists(pk) OR #until <= :now",
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues={":now": number(_micros(now))},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ClientError as error:
            if not condition_failed(error):
                raise
            held: Any = error.response.get("Item", {})
            return Claim.BUSY if "until" in held else Claim.DONE
        return Claim.MINE

    def done(self, id_: str) -> None:
        """Note that a deferred task run is done: its claim has no end any more."""
        with translated():
            self._client.put_item(TableName=self._table, Item=_key(OWN + id_, "claim") | {"expires": self._expires()})

    def _query(self, group: str) -> list[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :group AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":group": text(group), ":prefix": text(BOTH)},
            ConsistentRead=True,
        )
        with translated():
            return [item for page in pages for item in page["Items"]]

    def _expires(self) -> dict[str, str]:
        return number(int((self._clock.now() + KEPT).timestamp()))


def _key(hash_: str, sort: str) -> dict[str, Any]:
    return {"pk": text(hash_), "sk": text(sort)}


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
