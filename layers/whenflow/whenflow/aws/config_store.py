"""What the user set up, in DynamoDB (docs/data-model.md: `config`).

Each change raises the version of its kind, and is noted beside it: whoever knew the version before reads no more than
what has changed. The item stays within one write unit: when the list of changes is full, it begins anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import body, condition_failed, document, number, reasons, text, translated
from whenflow.errors import Conflict, NotFound, TooLarge
from whenflow.ports import Changes, Reference
from whenflow.upgrades import upgraded

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.aws.event_store import DynamoEventStore
    from whenflow.events import Event

VERSION = "version"
ABSENT = "attribute_not_exists(kind)"
PRESENT = "attribute_exists(kind)"
HAS_ROOM = "attribute_not_exists(#ids) OR size(#ids) < :full"
CHANGES_KEPT = 20
MAX_ID_BYTES = 1_024


class DynamoConfigStore:
    """The config store."""

    def __init__(self, client: "DynamoDBClient", table: str, events: "DynamoEventStore | None" = None) -> None:
        """Work on this table, and on the events that tell of its changes."""
        self._client = client
        self._table = table
        self._events = events

    def get(self, kind: str, id_: str) -> dict[str, Any] | None:
        """Return one document."""
        if not id_ or _is_too_long(id_):
            return None
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(kind, id_), ConsistentRead=True)
        return upgraded(kind, id_, document(answer["Item"])) if "Item" in answer else None

    def all(self, kind: str) -> Sequence[dict[str, Any]]:
        """Return every document of a kind, ordered by id."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": text(kind)},
            ConsistentRead=True,
        )
        with translated():
            return [upgraded(kind, item["id"]["S"], document(item)) for page in pages for item in page["Items"]]

    def create(
        self,
        kind: str,
        id_: str,
        document: Mapping[str, Any],
        also: Iterable[Reference] = (),
        told: "Event | None" = None,
    ) -> None:
        """Store a new document, references to it and the event that tells of it, all or none.

        Raises:
            Conflict: The document or one of the references exists.
            TooLarge: One of them has a name that is longer than a key can be.
        """
        also = list(also)
        _check_lengths(id_, *(ref.id for ref in also))
        puts = [self._put(kind, id_, document, ABSENT)]
        puts += [self._put(reference.kind, reference.id, {"id": id_}, ABSENT) for reference in also]
        if not self._commit(puts + self._telling(told), kind, id_):
            raise Conflict(f"There is such a {kind} already.")

    def replace(self, kind: str, id_: str, document: Mapping[str, Any], told: "Event | None" = None) -> None:
        """Store a document over the one that is there, with the event that tells of it.

        Raises:
            NotFound: There is none.
        """
        if not self._commit([self._put(kind, id_, document, PRESENT), *self._telling(told)], kind, id_):
            raise NotFound(f"There is no {kind} {id_}.")

    def move(
        self,
        kind: str,
        id_: str,
        new_id: str,
        document: Mapping[str, Any],
        also: Iterable[Reference] = (),
        told: "Event | None" = None,
    ) -> None:
        """Store a document under another id in place of the one that is there, and have references lead to it.

        Raises:
            NotFound: There is none.
            Conflict: There is one of the new id.
            TooLarge: The new id is longer than a key can be.
        """
        _check_lengths(new_id)
        parts = [self._delete(kind, id_, PRESENT), self._put(kind, new_id, document, ABSENT)]
        parts += [self._put(reference.kind, reference.id, {"id": new_id}, PRESENT) for reference in also]
        if self._commit(parts + self._telling(told), kind, id_, new_id):
            return
        if self.get(kind, new_id) is not None:
            raise Conflict(f"There is a {kind} {new_id} already.")
        raise NotFound(f"There is no {kind} {id_}.")

    def delete(self, kind: str, id_: str, also: Iterable[Reference] = (), told: "Event | None" = None) -> bool:
        """Remove a document and references to it, and store the event that tells of it; False where it is not there."""
        removals = [self._delete(kind, id_, PRESENT), *(self._delete(ref.kind, ref.id, "") for ref in also)]
        return self._commit(removals + self._telling(told), kind, id_)

    def version(self, kind: str) -> int:
        """Return a number that rises by one with each change of a document of this kind."""
        return self._noted(kind)[0]

    def changes(self, kind: str, since: int) -> Changes:
        """Return the present version of a kind, and what has changed since an earlier one, in one cheap read."""
        version, ids = self._noted(kind)
        missed = version - since
        known = 0 <= missed <= len(ids)
        return Changes(version, list(dict.fromkeys(ids[len(ids) - missed :])) if known else None)

    def _noted(self, kind: str) -> tuple[int, list[str]]:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(VERSION, kind), ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return 0, []
        noted = item.get("ids", {"L": []})  # the first release counted only: what changed then is not known
        return int(item["n"]["N"]), [one["S"] for one in noted["L"]]

    def _telling(self, told: "Event | None") -> list[dict[str, Any]]:
        if told is None:
            return []
        if self._events is None:
            raise ValueError("there is no event store to tell of it")
        return [self._events.put_in_transaction(told)]

    def _put(self, kind: str, id_: str, values: Mapping[str, Any], condition: str) -> dict[str, Any]:
        item = _key(kind, id_) | {"body": body(values)}
        return {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": condition}}

    def _delete(self, kind: str, id_: str, condition: str) -> dict[str, Any]:
        delete: dict[str, Any] = {"TableName": self._table, "Key": _key(kind, id_)}
        if condition:
            delete["ConditionExpression"] = condition
        return {"Delete": delete}

    def _raise_version(self, kind: str, ids: Sequence[str], *, anew: bool) -> dict[str, Any]:
        change: dict[str, Any] = {"L": [text(id_) for id_ in ids]}
        update: dict[str, Any] = {"TableName": self._table, "Key": _key(VERSION, kind)}
        update["ExpressionAttributeNames"] = {"#ids": "ids"}
        if anew:
            update["UpdateExpression"] = "SET #ids = :id ADD n :more"
            update["ExpressionAttributeValues"] = {":id": change, ":more": number(len(ids))}
        else:
            update["UpdateExpression"] = "SET #ids = list_append(if_not_exists(#ids, :none), :id) ADD n :more"
            update["ConditionExpression"] = HAS_ROOM
            values = {":id": change, ":none": {"L": []}, ":more": number(len(ids)), ":full": number(CHANGES_KEPT)}
            update["ExpressionAttributeValues"] = values
        return {"Update": update}

    def _commit(self, parts: Sequence[dict[str, Any]], kind: str, *ids: str, anew: bool = False) -> bool:
        raised = self._raise_version(kind, ids, anew=anew)
        try:
            with translated():
                self._client.transact_write_items(TransactItems=[*parts, raised])  # type: ignore[list-item]
        except ClientError as error:
            if not condition_failed(error):
                raise
            *of_parts, _ = reasons(error)
            if "ConditionalCheckFailed" in of_parts:
                return False
            return self._commit(parts, kind, *ids, anew=True)
        return True


def _check_lengths(*ids: str) -> None:
    if long := next((one for one in ids if _is_too_long(one)), None):
        raise TooLarge(f"The name {long[:50]}… has more than {MAX_ID_BYTES:,} bytes, the names before it included.")


def _is_too_long(id_: str) -> bool:
    """Tell whether an id is longer than DynamoDB lets a key be: nothing can be there."""
    return len(id_.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES


def _key(kind: str, id_: str) -> dict[str, Any]:
    return {"kind": text(kind), "id": text(id_)}
