"""The engine's rows in DynamoDB (docs/data-model.md: `state`)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.automations.firing import Firing
from whenflow.automations.rows import Mark, Row, RowKey, row_key_from
from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.aws.firing_store import DynamoFiringStore
from whenflow.errors import Conflict, Transient
from whenflow.events import iso, parse_iso
from whenflow.events.times import later
from whenflow.ports import Due

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PREFIX = "trigger#"
ABANDONED = "abandoned"
DUE_INDEX = "due"
DUE_SHARDS = 4
MINUTE_CHARS = len("2026-11-20T21:09")
MINUTE = ":00.000000Z"
BATCH_GET = 100
REREADS = 5
OUTLIVES = timedelta(days=2)


class DynamoWindowStore:
    """The window store."""

    def __init__(self, client: "DynamoDBClient", table: str, firings: DynamoFiringStore) -> None:
        """Work on this table, and on the firings that come of its changes."""
        self._client = client
        self._table = table
        self._firings = firings

    def load(self, keys: Iterable[RowKey]) -> Mapping[RowKey, Row]:
        """Return the rows of these keys that are stored, strongly consistent."""
        wanted = [_key(key) for key in dict.fromkeys(keys)]
        rows: dict[RowKey, Row] = {}
        for start in range(0, len(wanted), BATCH_GET):
            for item in self._batch(wanted[start : start + BATCH_GET]):
                row = _row(item)
                rows[row.key] = row
        return rows

    def commit(self, rows: Sequence[Row], firings: Sequence[Firing]) -> None:
        """Store rows over the versions they carry, and the firings that came of it, all or none.

        Raises:
            Conflict: One of the rows was changed by somebody else; nothing is stored.
            Transient: Try again.
        """
        puts = [self._put(row) for row in rows]
        try:
            with translated():
                if len(puts) == 1 and not firings:
                    self._client.put_item(**puts[0])
                else:
                    parts = [{"Put": put} for put in puts] + [{"Put": self._firings.item_put(one)} for one in firings]
                    self._client.transact_write_items(TransactItems=parts)  # type: ignore[arg-type]
        except ClientError as error:
            if condition_failed(error):
                raise Conflict("A window was changed by somebody else.") from None
            raise
        except Transient as error:
            if "TransactionConflict" in str(error) or "TransactionCanceled" in str(error):
                raise Conflict("A window is being changed by somebody else.") from None
            raise
        for row in rows:
            row.version += 1

    def due(self, since: datetime, until: datetime) -> Iterator[Due]:
        """Yield the rows that are due in [since, until); they may have changed meanwhile."""
        minute = since.replace(second=0, microsecond=0)
        while minute < until:
            for shard in range(DUE_SHARDS):
                yield from self._due_in(f"{iso(minute)[:MINUTE_CHARS]}#{shard}", since, until)
            minute += timedelta(minutes=1)

    def abandon(self, trigger_ids: Iterable[str], now: datetime) -> None:
        """Note that the rows of these triggers are of no use any more, or are about to be."""
        for trigger_id in trigger_ids:
            with translated():
                self._client.put_item(TableName=self._table, Item=_note_key(trigger_id) | {"at": text(iso(now))})

    def abandoned(self) -> Iterator[tuple[str, datetime]]:
        """Yield the triggers that were noted, and when they were last."""
        for item in self._query(ABANDONED):
            yield item["sk"]["S"], parse_iso(item["at"]["S"])

    def rows_of(self, trigger_id: str) -> Iterator[Row]:
        """Yield all rows of a trigger, strongly consistent."""
        for item in self._query(PREFIX + trigger_id):
            yield _row(item)

    def remove(self, row: Row) -> bool:
        """Remove a row as it was read; False where somebody has changed or removed it meanwhile."""
        return self._delete(_key(row.key), "version = :read", number(row.version))

    def cleared(self, trigger_id: str, noted: datetime) -> None:
        """Forget that a trigger was noted then; one that was noted again since stays."""
        self._delete(_note_key(trigger_id), "#at = :read", text(iso(noted)), {"#at": "at"})

    def _query(self, partition: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": text(partition)},
            ConsistentRead=True,
        )
        with translated():
            for page in pages:
                yield from page["Items"]

    def _delete(
        self, key: dict[str, Any], condition: str, read: dict[str, str], names: dict[str, str] | None = None
    ) -> bool:
        more: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        try:
            with translated():
                self._client.delete_item(
                    TableName=self._table,
                    Key=key,
                    ConditionExpression=condition,
                    ExpressionAttributeValues={":read": read},
                    **more,
                )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def _due_in(self, bucket: str, since: datetime, until: datetime) -> Iterator[Due]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=DUE_INDEX,
            KeyConditionExpression="due_minute = :minute",
            ExpressionAttributeValues={":minute": text(bucket)},
        )
        with translated():
            for page in pages:
                for item in page["Items"]:
                    moment, automation_id = item["due"]["S"].split("#", 1)
                    at = parse_iso(moment)
                    if since <= at < until:
                        key = row_key_from(item["pk"]["S"].removeprefix(PREFIX), item["sk"]["S"])
                        yield Due(key, automation_id, at)

    def _batch(self, keys: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for _ in range(REREADS):
            with translated():
                answer = self._client.batch_get_item(RequestItems=request)
            yield from answer["Responses"].get(self._table, [])
            request = answer.get("UnprocessedKeys")
            if not request:
                return
        raise Transient("DynamoDB left keys of a batch unread.")

    def _put(self, row: Row) -> dict[str, Any]:
        item = _key(row.key) | {"body": body(_document(row)), "version": number(row.version + 1)}
        if row.due:
            shard = sha256(f"{row.key}".encode()).digest()[0] % DUE_SHARDS
            item["due_minute"] = text(f"{iso(row.due)[:MINUTE_CHARS]}#{shard}")
            item["due"] = text(f"{iso(row.due)}#{row.automation_id}")
        elif expires := _expires(row):
            item["expires"] = number(int(expires.timestamp()))
        put: dict[str, Any] = {"TableName": self._table, "Item": item}
        if row.version:
            put |= {
                "ConditionExpression": "version = :read",
                "ExpressionAttributeValues": {":read": number(row.version)},
            }
        else:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        return put


def _note_key(trigger_id: str) -> dict[str, Any]:
    return {"pk": text(ABANDONED), "sk": text(trigger_id)}


def _key(key: RowKey) -> dict[str, Any]:
    return {"pk": text(PREFIX + key.trigger_id), "sk": text(key.sort)}


def _document(row: Row) -> dict[str, Any]:
    written = {} if row.key.is_written_out else {"key": row.key.key}
    return written | {
        "automation_id": row.automation_id,
        "since": iso(row.since),
        "content": row.content,
        "marks": {lane: [str(mark.sequence), iso(mark.applied)[:MINUTE_CHARS]] for lane, mark in row.marks.items()},
        "put_aside": iso(row.put_aside) if row.put_aside else None,
        "due": iso(row.due) if row.due else None,
        "behind_since": iso(row.behind_since) if row.behind_since else None,
    }


def _row(item: Mapping[str, Any]) -> Row:
    stored = document(item)
    key = row_key_from(item["pk"]["S"].removeprefix(PREFIX), item["sk"]["S"])
    return Row(
        key=replace(key, key=tuple(stored["key"]), digest="") if key.digest else key,
        automation_id=stored["automation_id"],
        since=parse_iso(stored["since"]),
        content=stored["content"],
        marks={lane: Mark(int(sequence), parse_iso(at + MINUTE)) for lane, (sequence, at) in stored["marks"].items()},
        due=parse_iso(stored["due"]) if stored["due"] else None,
        put_aside=parse_iso(stored["put_aside"]) if stored["put_aside"] else None,
        behind_since=parse_iso(stored["behind_since"]) if stored["behind_since"] else None,
        version=int(item["version"]["N"]),
    )


def _expires(row: Row) -> datetime | None:
    """Return when a row can no longer matter, neither its content nor its marks; None where it may matter for ever."""
    if row.matters_until is None:
        return None
    return later(max([row.matters_until, *(mark.applied for mark in row.marks.values())]), OUTLIVES)
