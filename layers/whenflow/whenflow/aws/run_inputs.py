"""What is given to flow runs, in DynamoDB (docs/data-model.md: `runs`, `input#…`)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.errors import Conflict
from whenflow.events import iso, parse_iso
from whenflow.ports import Clock, RunInput

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

INPUT = "input#"
KEPT = timedelta(days=100)


class DynamoRunInputs:
    """Inputs, in rows beside the run."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Work on this table."""
        self._client = client
        self._table = table
        self._clock = clock

    def add(self, run_id: str, given: RunInput) -> None:
        """Keep an input."""
        stored = {"value": given.value, "created": iso(given.created), "sender": given.sender}
        expires = number(int((self._clock.now() + KEPT).timestamp()))
        item = _key(run_id, given.key) | {"body": body(stored), "expires": expires}
        try:
            with translated():
                self._client.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if condition_failed(error):
                raise Conflict(f"The flow run has an input {given.key} already.") from error
            raise

    def get(self, run_id: str, key: str) -> RunInput | None:
        """Return the input of a key."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(run_id, key), ConsistentRead=True)
        return _read(answer["Item"]) if "Item" in answer else None

    def of_run(self, run_id: str, prefix: str) -> Sequence[RunInput]:
        """Return the inputs of a run whose keys begin like this, in the order in which they were given."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :run AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":run": text(run_id), ":prefix": text(INPUT + prefix)},
            ConsistentRead=True,
        )
        with translated():
            found = [_read(item) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda one: (one.created, one.key))

    def remove(self, run_id: str, key: str) -> bool:
        """Remove an input; False where there is none."""
        with translated():
            answer = self._client.delete_item(TableName=self._table, Key=_key(run_id, key), ReturnValues="ALL_OLD")
        return "Attributes" in answer


def _read(item: Mapping[str, Any]) -> RunInput:
    stored = document(item)
    key = item["sk"]["S"].removeprefix(INPUT)
    return RunInput(key, stored["value"], parse_iso(stored["created"]), stored["sender"])


def _key(run_id: str, key: str) -> dict[str, Any]:
    return {"pk": text(run_id), "sk": text(INPUT + key)}
