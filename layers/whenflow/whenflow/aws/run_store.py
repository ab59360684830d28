"""Flow runs in DynamoDB (docs/data-model.md: `runs`). A run and its event are written in one transaction."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.aws.event_store import DynamoEventStore
from whenflow.errors import Conflict
from whenflow.events import Event, iso, parse_iso
from whenflow.ports import Clock, DueRun, LogLine
from whenflow.runs.model import FlowRun

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

RUN = "run"
DAY_CHARS = len("2026-11-20")
LOG = "log#"
DAYS = "runs"
LISTING_SHARDS = 4
KEPT = timedelta(days=100)
LINES_PER_ITEM = 500
BYTES_PER_ITEM = 250_000
NEWEST = "newest"
DUE = "due"
DUE_SHARDS = 4


class DynamoRunStore:
    """The run store."""

    def __init__(self, client: "DynamoDBClient", table: str, events: DynamoEventStore, clock: Clock) -> None:
        """Work on this table, and on the events that tell of its changes."""
        self._client = client
        self._table = table
        self._events = events
        self._clock = clock
        self._days = events.calendar(DAYS, KEPT)

    def create(self, run: FlowRun, event: Event) -> bool:
        """Store a new run with its first event; False where a run of that id exists."""
        self._days.note(_day(run.created), LISTING_SHARDS)
        return self._write(run, event, "attribute_not_exists(pk)", {})

    def save(self, run: FlowRun, event: Event) -> None:
        """Store a changed run over the version it carries, with the event that tells of it.

        Raises:
            Conflict: Somebody else changed the run meanwhile.
        """
        if not self._write(run, event, "version = :read", {":read": number(run.version)}):
            raise Conflict(f"Flow run {run.id} is no longer in version {run.version}.")

    def get(self, run_id: str) -> FlowRun | None:
        """Return the run of this id."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_key(run_id, RUN), ConsistentRead=True)
        return _run(answer["Item"]) if "Item" in answer else None

    def newest(self, limit: int) -> Sequence[FlowRun]:
        """Return runs, newest `created` first."""
        found: list[str] = []
        for day, shards in self._days.periods():
            found.extend(self._created_on(day, shards, limit - len(found)))
            if len(found) >= limit:
                break
        runs = (self.get(run_id) for run_id in found)
        return [run for run in runs if run]

    def due(self, until: datetime) -> Iterator[DueRun]:
        """Yield the runs that are scheduled for a time before `until`, however long ago; they may have moved on."""
        for shard in range(DUE_SHARDS):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=DUE,
                KeyConditionExpression="due_shard = :shard AND due < :until",
                ExpressionAttributeValues={":shard": text(str(shard)), ":until": text(iso(until))},
            )
            with translated():
                for page in pages:
                    yield from (DueRun(item["pk"]["S"], parse_iso(item["due"]["S"])) for item in page["Items"])

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        written, numbers = iso(self._clock.now()), count()
        for some in _parts(lines):
            packed = [[iso(line.timestamp), line.level, line.name, line.message] for line in some]
            content = {"body": body({"lines": packed}), "expires": self._expires()}
            while not self._put_new(_key(run_id, f"{LOG}{written}#{next(numbers):06d}") | content):
                pass  # the lines of another task of this run, added in the same microsecond

    def logs(self, run_id: str) -> Sequence[LogLine]:
        """Return the log lines of a run, oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :run AND begins_with(sk, :log)",
            ExpressionAttributeValues={":run": text(run_id), ":log": text(LOG)},
        )
        with translated():
            items = [item for page in pages for item in page["Items"]]
        lines = [line for item in items for line in document(item)["lines"]]
        return [LogLine(parse_iso(moment), level, name, message) for moment, level, name, message in lines]

    def _write(self, run: FlowRun, event: Event, condition: str, values: dict[str, Any]) -> bool:
        put: dict[str, Any] = {"TableName": self._table, "Item": self._item(run), "ConditionExpression": condition}
        if values:
            put["ExpressionAttributeValues"] = values
        parts = [{"Put": put}, self._events.put_in_transaction(event)]
        try:
            with translated():
                self._client.transact_write_items(TransactItems=parts)  # type: ignore[arg-type]
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def _put_new(self, item: dict[str, Any]) -> bool:
        try:
            with translated():
                self._client.put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def _item(self, run: FlowRun) -> dict[str, Any]:
        created = iso(run.created)
        return _key(run.id, RUN) | {
            "body": body(run.as_stored()),
            "version": number(run.version + 1),
            "listing": text(f"{_day(run.created)}#{_shard(run.id, LISTING_SHARDS)}"),
            "created": text(f"{created}#{run.id}"),
            "expires": self._expires(run.due),
            **(_due(run.id, run.due) if run.due else {}),
        }

    def _expires(self, due: datetime | None = None) -> dict[str, str]:
        now = self._clock.now()
        return number(int(max(now, due or now).timestamp() + KEPT.total_seconds()))

    def _created_on(self, day: str, shards: int, limit: int) -> Sequence[str]:
        found: list[tuple[str, str]] = []
        for shard in range(shards):
            found.extend(islice(self._listed(f"{day}#{shard}", limit), limit))
        return [run_id for _, run_id in sorted(found, reverse=True)[:limit]]

    def _listed(self, listing: str, limit: int) -> Iterator[tuple[str, str]]:
        with translated():
            answer = self._client.query(
                TableName=self._table,
                IndexName=NEWEST,
                KeyConditionExpression="listing = :listing",
                ExpressionAttributeValues={":listing": text(listing)},
                ScanIndexForward=False,
                Limit=limit,
            )
        yield from ((item["created"]["S"], item["pk"]["S"]) for item in answer["Items"])


def _parts(lines: Sequence[LogLine]) -> Iterator[Sequence[LogLine]]:
    """Cut lines into parts that fit an item each, even where nothing can be compressed."""
    part: list[LogLine] = []
    size = 0
    for line in lines:
        length = len(line.message.encode("utf-8", "surrogatepass"))
        if part and (len(part) == LINES_PER_ITEM or size + length > BYTES_PER_ITEM):
            yield part
            part, size = [], 0
        part.append(line)
        size += length
    if part:
        yield part


def _day(created: datetime) -> str:
    return iso(created)[:DAY_CHARS]


def _key(run_id: str, sort: str) -> dict[str, Any]:
    return {"pk": text(run_id), "sk": text(sort)}


def _run(item: dict[str, Any]) -> FlowRun:
    return FlowRun.from_stored(document(item), int(item["version"]["N"]))


def _due(run_id: str, due: datetime) -> dict[str, Any]:
    """Return what puts a run into the index of those that wait for their time."""
    return {"due_shard": text(str(_shard(run_id, DUE_SHARDS))), "due": text(iso(due))}


def _shard(run_id: str, shards: int) -> int:
    return sha256(run_id.encode()).digest()[0] % shards
