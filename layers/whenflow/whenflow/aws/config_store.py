"""What the user set up, in DynamoDB (docs/data-model.md: `config`).

Each change raises the version of its kind, and is noted beside it: whoever knew the version before reads no more than
what has changed. The item stays within one write unit: when the list of changes is full, it begins anew.

Each document has a revision, drawn anew with each change, so that whoever read it can store over that alone. What was
stored before there were any has none, which is a revision as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import body, condition_failed, document, number, reasons, text, translated
from whenflow.errors import Conflict, NotFound, Stale, TooLarge
from whenflow.ports import Changes, Reference, Stored
from whenflow.upgrades import upgraded

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from whenflow.aws.event_store import DynamoEventStore
    from whenflow.events import Event

VERSION = "version"
ABSENT = "attribute_not_exists(kind)"
PRESENT = "attribute_exists(kind)"
REVISION = "revision"
FIRST = ""
"""The revision of what was stored before there were any."""
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
        found = self.read(kind, id_)
        return found.document if found else None

    def read(self, kind: str, id_: str) -> Stored | None:
        """Return one document with its revision."""
        if not id_ or _is_too_long(id_):
            return None
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(kind, id_), ConsistentRead=True)
        if "Item" not in answer:
            return None
        item = answer["Item"]
        return Stored(upgraded(kind, id_, document(item)), item.get(REVISION, text(FIRST))["S"])

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
        refused = self._commit(puts + self._telling(told), kind, id_)
        if refused == {len(puts)}:
            raise Stale("The change is told of already.")
        if refused:
            raise Conflict(f"There is such a {kind} already.")

    def replace(
        self, kind: str, id_: str, document: Mapping[str, Any], told: "Event | None" = None, *, over: str | None = None
    ) -> None:
        """Store a document over the one that is there, with the event that tells of it.

        Raises:
            NotFound: There is none.
            Stale: It is no longer of the revision `over`, or the event is stored already.
        """
        parts = [self._put(kind, id_, document, PRESENT, over), *self._telling(told)]
        if not self._stored_over(parts, kind, id_):
            raise NotFound(f"There is no {kind} {id_}.")

    def move(
        self,
        kind: str,
        id_: str,
        new_id: str,
        document: Mapping[str, Any],
        also: Iterable[Reference] = (),
        told: "Event | None" = None,
        *,
        over: str | None = None,
    ) -> None:
        """Store a document under another id in place of the one that is there, and have references lead to it.

        Raises:
            NotFound: There is none.
            Conflict: There is one of the new id.
            Stale: It is no longer of the revision `over`, or the event is stored already.
            TooLarge: The new id is longer than a key can be.
        """
        _check_lengths(new_id)
        parts = [self._delete(kind, id_, PRESENT, over), self._put(kind, new_id, document, ABSENT)]
        parts += [self._put(reference.kind, reference.id, {"id": new_id}, PRESENT) for reference in also]
        refused = self._commit(parts + self._telling(told), kind, id_, new_id)
        if 1 in refused:
            raise Conflict(f"There is a {kind} {new_id} already.")
        if refused and self.get(kind, id_) is None:
            raise NotFound(f"There is no {kind} {id_}.")
        if refused:
            raise Stale(f"The {kind} {id_} has changed.")

    def delete(
        self,
        kind: str,
        id_: str,
        also: Iterable[Reference] = (),
        told: "Event | None" = None,
        *,
        over: str | None = None,
    ) -> bool:
        """Remove a document and references to it, and store the event that tells of it; False where it is not there.

        Raises:
            Stale: It is no longer of the revision `over`, or the event is stored already.
        """
        removals = [self._delete(kind, id_, PRESENT, over), *(self._delete(ref.kind, ref.id, "") for ref in also)]
        return self._stored_over(removals + self._telling(told), kind, id_)

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

    def _put(
        self, kind: str, id_: str, values: Mapping[str, Any], condition: str, over: str | None = None
    ) -> dict[str, Any]:
        item = _key(kind, id_) | {"body": body(values), REVISION: text(token_hex(8))}
        return {"Put": {"TableName": self._table, "Item": item} | _conditioned(condition, over)}

    def _delete(self, kind: str, id_: str, condition: str, over: str | None = None) -> dict[str, Any]:
        return {"Delete": {"TableName": self._table, "Key": _key(kind, id_)} | _conditioned(condition, over)}

    def _stored_over(self, parts: Sequence[dict[str, Any]], kind: str, id_: str) -> bool:
        """Store what works on a document that is there, as the first part says; False where there is none."""
        refused = self._commit(parts, kind, id_)
        if refused and (0 not in refused or self.get(kind, id_) is not None):
            raise Stale(f"The {kind} {id_} has changed.")
        return not refused

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

    def _commit(self, parts: Sequence[dict[str, Any]], kind: str, *ids: str, anew: bool = False) -> set[int]:
        """Store all parts, or none; return those whose conditions did not hold."""
        raised = self._raise_version(kind, ids, anew=anew)
        try:
            with translated():
                self._client.transact_write_items(TransactItems=[*parts, raised])  # type: ignore[list-item]
        except ClientError as error:
            if not condition_failed(error):
                raise
            *of_parts, _ = reasons(error)
            refused = {place for place, why in enumerate(of_parts) if why == "ConditionalCheckFailed"}
            return refused or self._commit(parts, kind, *ids, anew=True)
        return set()


def _check_lengths(*ids: str) -> None:
    if long := next((one for one in ids if _is_too_long(one)), None):
        raise TooLarge(f"The name {long[:50]}… has more than {MAX_ID_BYTES:,} bytes, the names before it included.")


def _is_too_long(id_: str) -> bool:
    """Tell whether an id is longer than DynamoDB lets a key be: nothing can be there."""
    return len(id_.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES


def _key(kind: str, id_: str) -> dict[str, Any]:
    return {"kind": text(kind), "id": text(id_)}


def _conditioned(condition: str, over: str | None) -> dict[str, Any]:
    """Return the condition of a part of a transaction, and that the document is of a revision."""
    if over is None:
        return {"ConditionExpression": condition} if condition else {}
    if over == FIRST:
        return {"ConditionExpression": f"{condition} AND attribute_not_exists({REVISION})"}
    same = {"ConditionExpression": f"{condition} AND {REVISION} = :over"}
    return same | {"ExpressionAttributeValues": {":over": text(over)}}
