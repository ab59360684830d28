"""What the user set up, in DynamoDB (docs/data-model.md: `config`). Each change raises the version of its kind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.errors import Conflict, NotFound
from whenflow.ports import Reference

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

VERSION = "version"
ABSENT = "attribute_not_exists(kind)"
PRESENT = "attribute_exists(kind)"


class DynamoConfigStore:
    """The config store."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        """Work on this table."""
        self._client = client
        self._table = table

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(kind, id_), ConsistentRead=True)
        return document(answer["Item"]) if "Item" in answer else None

    def all(self, kind: str) -> Sequence[dict[str, Any]]:
        """Return every document of a kind, ordered by id."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": text(kind)},
            ConsistentRead=True,
        )
        with translated():
            return [document(item) for page in pages for item in page["Items"]]

    def create(self, kind: str, id_: str, document: Mapping[str, Any], also: Iterable[Reference] = ()) -> None:
        """Store a new document and references to it, all or none.

        Raises:
            Conflict: The document or one of the references exists.
        """
        puts = [self._put(kind, id_, document, ABSENT)]
        puts += [self._put(reference.kind, reference.id, {"id": id_}, ABSENT) for reference in also]
        if not self._commit([*puts, self._raise_version(kind)]):
            raise Conflict(f"There is such a {kind} already.")

    def replace(self, kind: str, id_: str, document: Mapping[str, Any]) -> None:
        """Store a document over the one that is there.

        Raises:
            NotFound: There is none.
        """
        if not self._commit([self._put(kind, id_, document, PRESENT), self._raise_version(kind)]):
            raise NotFound(f"There is no {kind} {id_}.")

    def delete(self, kind: str, id_: str, also: Iterable[Reference] = ()) -> bool:
        """Remove a document and references to it; False where it is not there."""
        removals = [self._delete(kind, id_, PRESENT), *(self._delete(ref.kind, ref.id, "") for ref in also)]
        return self._commit([*removals, self._raise_version(kind)])

    def version(self, kind: str) -> int:
        """Return a number that rises with each change of a document of this kind."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(VERSION, kind), ConsistentRead=True)
        return int(answer["Item"]["n"]["N"]) if "Item" in answer else 0

    def _put(self, kind: str, id_: str, values: Mapping[str, Any], condition: str) -> dict[str, Any]:
        item = _key(kind, id_) | {"body": body(values)}
        return {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": condition}}

    def _delete(self, kind: str, id_: str, condition: str) -> dict[str, Any]:
        delete: dict[str, Any] = {"TableName": self._table, "Key": _key(kind, id_)}
        if condition:
            delete["ConditionExpression"] = condition
        return {"Delete": delete}

    def _raise_version(self, kind: str) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(VERSION, kind),
                "UpdateExpression": "ADD n :one",
                "ExpressionAttributeValues": {":one": number(1)},
            }
        }

    def _commit(self, parts: Sequence[dict[str, Any]]) -> bool:
        try:
            with translated():
                self._client.transact_write_items(TransactItems=parts)  # type: ignore[arg-type]
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True


def _key(kind: str, id_: str) -> dict[str, Any]:
    return {"kind": text(kind), "id": text(id_)}
