"""Flow runs in DynamoDB (docs/data-model.md: `runs`). A run and its event are written in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import merge
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.calendar import NO_BEGINNING
from whenflow.aws.dynamo import (
    TRANSACTION_CANCELLED,
    body,
    condition_failed,
    document,
    number,
    reasons,
    text,
    translated,
)
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.pauses import JitteredPauses
from whenflow.aws.run_lister import RunLister
from whenflow.aws.run_rows import (
    NO_PARAMETERS,
    PARAMETERS,
    PARTS,
    RUN,
    parameter_rows,
    read_run,
    run_key,
    run_row,
    slot_parts,
    slots_key,
    slots_owner,
)
from whenflow.errors import Conflict, NoSlot, Transient
from whenflow.events import Event, iso, parse_iso
from whenflow.ports import Clock, DueRun, LogLine
from whenflow.runs.model import FlowRun
from whenflow.runs.slots import SlotChange
from whenflow.runs.summaries import Look, Looked

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DAY_CHARS = len("2026-11-20")
LOG = "log#"
GONE = "gone"
DAYS = "runs"
LISTING_SHARDS = 4
KEPT = timedelta(days=100)
LINES_PER_ITEM = 500
BYTES_PER_ITEM = 250_000
NEWEST = "newest"
DUE = "due"
DUE_SHARDS = 4
BATCH = 100
MAX_ID_CHARS = 500  # DynamoDB refuses the whole request for one key that is empty or too long
TRIES = 10
SLOT_TRIES = 5
NEW = "attribute_not_exists(pk)"
AFTER_ALL = "~"


class DynamoRunStore:
    """The run store."""

    def __init__(self, client: "DynamoDBClient", table: str, events: DynamoEventStore, clock: Clock) -> None:
        """Work on this table, and on the events that tell of its changes."""
        self._client = client
        self._table = table
        self._events = events
        self._clock = clock
        self.days = events.calendar(DAYS, KEPT)
        self.digests = events.run_digests()
        self._lister = RunLister(self, self.digests)
        self._pauses = JitteredPauses()

    def create(self, run: FlowRun, *events: Event) -> bool:
        """Store a new run with the events of its states so far, oldest first; False where a run of that id exists."""
        self.days.note(_day(run.created), LISTING_SHARDS)
        self.digests.note_new(run)
        items = [self._item(run), *parameter_rows(run, self._expires(run.due, 2 * KEPT))]
        puts = [{"Put": {"TableName": self._table, "Item": item, "ConditionExpression": NEW}} for item in items]
        return self._commit([*puts, *self._events.put_all_in_transaction(events)])

    def save(self, run: FlowRun, event: Event | None, slots: Sequence[SlotChange] = ()) -> None:
        """Store a changed run over the version it carries, with its event and what that does to slots.

        Raises:
            Conflict: Somebody else changed the run meanwhile.
            NoSlot: A slot is to be taken, and all are, or a queue to be joined, and it is full; it names whose.
        """
        self.digests.note_change(run, has_new_state=event is not None)
        put = {"Put": {"TableName": self._table, "Item": self._item(run)} | _as_read(run)}
        told = [self._events.put_in_transaction(event)] if event else []
        if not self._commit_with_slots([put, *told], slot_parts(self._table, run.id, slots)):
            raise Conflict(f"Flow run {run.id} is no longer in version {run.version}.")

    def delete(self, run: FlowRun, slots: Sequence[SlotChange] = (), by: str | None = None) -> None:
        """Remove a run as it was read, with its log, and with what that does to slots; `by` is told of by `deleted_by`.

        Raises:
            Conflict: Somebody has changed or removed it meanwhile.
        """
        self.digests.note_change(run, has_new_state=False)
        removal = {"Delete": {"TableName": self._table, "Key": run_key(run.id, RUN)} | _as_read(run)}
        gone = {**run_key(run.id, GONE), "body": body({"by": by, "name": run.name}), "expires": self._expires()}
        noted = [{"Put": {"TableName": self._table, "Item": gone}}] if by else []
        if not self._commit_with_slots([removal, *noted], slot_parts(self._table, run.id, slots)):
            raise Conflict(f"Flow run {run.id} is no longer in version {run.version}.")
        with translated():
            for page in self._query(KeyConditionExpression="pk = :run", values={":run": text(run.id)}):
                for item in page["Items"]:
                    if item["sk"]["S"] == GONE:
                        continue
                    self._client.delete_item(TableName=self._table, Key={"pk": item["pk"], "sk": item["sk"]})

    def deleted_by(self, run_id: str, by: str) -> str | None:
        """Return the name of a run that this one removed; None where he did not."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=run_key(run_id, GONE), ConsistentRead=True)
        gone = document(answer["Item"]) if "Item" in answer else {}
        return str(gone["name"]) if gone.get("by") == by else None

    def waiting(self, owner: str, limit: int) -> Sequence[str]:
        """Return runs that wait for a slot of a deployment or work pool, in the order in which they were made."""
        queue = sorted(self._slots(owner).get("queue", {"SS": []})["SS"])
        return [one.rpartition("#")[2] for one in queue[:limit]]

    def slots_taken(self, owner: str) -> int:
        """Return how many slots of a deployment or work pool are taken."""
        return len(self._slots(owner).get("taken", {"SS": []})["SS"])

    def get(self, run_id: str) -> FlowRun | None:
        """Return the run of this id."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=run_key(run_id, RUN), ConsistentRead=True)
        return self._run(answer["Item"]) if "Item" in answer and self._is_kept(answer["Item"]) else None

    def get_all(self, run_ids: Iterable[str]) -> Sequence[FlowRun]:
        """Return the runs of these ids that are there, in that order."""
        wanted = [run_id for run_id in dict.fromkeys(run_ids) if 0 < len(run_id) <= MAX_ID_CHARS]
        found: dict[str, FlowRun] = {}
        for start in range(0, len(wanted), BATCH):
            found |= {run.id: run for run in map(self._run, self._items(wanted[start : start + BATCH]))}
        return [found[run_id] for run_id in wanted if run_id in found]

    def newest(self, limit: int) -> Sequence[FlowRun]:
        """Return runs, newest `created` first."""
        places = islice(self.places(NO_BEGINNING, AFTER_ALL, limit), limit) if limit else ()
        return self.get_all(id_ for _, id_ in places)

    def newest_first(self, before: datetime | None = None) -> Iterator[FlowRun]:
        """Yield runs, newest `created` first, as far as they are asked for; those created before then."""
        ids = (id_ for _, id_ in self.places(NO_BEGINNING, iso(before) if before else AFTER_ALL, BATCH))
        while some := list(islice(ids, BATCH)):
            yield from self.get_all(some)

    def listed(self, look: Look) -> Iterator[Looked]:
        """Go through summaries of runs, newest `created` first; a look that meets its bound says so at the end."""
        return self._lister.listed(look)

    def brief(self, run_ids: Sequence[str]) -> Iterator[tuple[FlowRun, int]]:
        """Yield the runs of these ids that are there, in any order, without parameters; and when each expires."""
        for start in range(0, len(run_ids), BATCH):
            for item in self._items(run_ids[start : start + BATCH]):
                yield read_run(item, [NO_PARAMETERS]), int(item["expires"]["N"])

    def made_between(self, start: datetime, end: datetime) -> list[tuple[FlowRun, int]]:
        """Return the runs that were created in [start, end), as `brief` does."""
        return list(self.brief(list(self.created_between(start, end))))

    def created_between(self, start: datetime, end: datetime) -> Iterator[str]:
        """Yield the ids of the runs that were created in [start, end)."""
        day = start
        while _day(day) <= _day(end):
            for shard in range(LISTING_SHARDS):
                pages = self._query(
                    IndexName=NEWEST,
                    KeyConditionExpression="listing = :listing AND created BETWEEN :start AND :end",
                    values={
                        ":listing": text(f"{_day(day)}#{shard}"),
                        ":start": text(iso(start)),
                        ":end": text(iso(end)),
                    },
                )
                with translated():
                    yield from (item["pk"]["S"] for page in pages for item in page["Items"])
            day += timedelta(days=1)

    def due(self, until: datetime) -> Iterator[DueRun]:
        """Yield the runs that the timer is to look after before `until`, however long ago; they may have moved on."""
        for shard in range(DUE_SHARDS):
            pages = self._query(
                IndexName=DUE,
                KeyConditionExpression="due_shard = :shard AND due < :until",
                values={":shard": text(str(shard)), ":until": text(iso(until))},
            )
            with translated():
                for page in pages:
                    yield from (DueRun(item["pk"]["S"], parse_iso(item["due"]["S"])) for item in page["Items"])

    def add_logs(self, run_id: str, lines: Sequence[LogLine]) -> None:
        """Keep log lines of a run."""
        written, numbers = iso(self._clock.now()), count()
        for some in _parts(lines):
            packed = [_packed(line) for line in some]
            content = {"body": body({"lines": packed}), "expires": self._expires()}
            while not self._put_new(run_key(run_id, f"{LOG}{written}#{next(numbers):06d}") | content):
                pass  # the lines of another task of this run, added in the same microsecond

    def logs(self, run_id: str) -> Sequence[LogLine]:
        """Return the log lines of a run, oldest first."""
        pages = self._query(
            KeyConditionExpression="pk = :run AND begins_with(sk, :log)",
            values={":run": text(run_id), ":log": text(LOG)},
        )
        with translated():
            items = [item for page in pages for item in page["Items"]]
        lines = [line for item in items for line in document(item)["lines"]]
        return [LogLine(parse_iso(moment), *rest) for moment, *rest in lines]

    def _commit_with_slots(self, parts: list[dict[str, Any]], slots: list[dict[str, Any]]) -> bool:
        """Do the same with what that does to slots: many may want those of one deployment at the same moment."""
        for attempt in range(SLOT_TRIES if slots else 0):
            try:
                return self._commit([*parts, *slots])
            except Transient as error:
                if TRANSACTION_CANCELLED not in str(error):
                    raise
                self._pauses.pause(attempt)
        return self._commit([*parts, *slots])

    def _commit(self, parts: list[dict[str, Any]]) -> bool:
        """Store all or none; False where a condition failed."""
        try:
            with translated():
                self._client.transact_write_items(TransactItems=parts)  # type: ignore[arg-type]
        except ClientError as error:
            if not condition_failed(error):
                raise
            failed = [part for part, why in zip(parts, reasons(error), strict=False) if why == "ConditionalCheckFailed"]
            if failed and all("Update" in part for part in failed):
                raise NoSlot([slots_owner(part["Update"]["Key"]) for part in failed]) from error
            return False
        return True

    def _query(self, *, values: dict[str, Any], **more: Any) -> Iterable[Any]:
        return self._client.get_paginator("query").paginate(
            TableName=self._table, ExpressionAttributeValues=values, **more
        )

    def _items(self, run_ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of some runs, as far as they are there and have not expired."""
        keys: Any = [run_key(run_id, RUN) for run_id in run_ids]
        for _ in range(TRIES):
            if not keys:
                return
            with translated():
                answer: Any = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
                )
            yield from filter(self._is_kept, answer["Responses"][self._table])
            keys = answer["UnprocessedKeys"].get(self._table, {}).get("Keys")
        if keys:
            raise Transient(f"DynamoDB did not read {len(keys)} flow runs.")

    def _is_kept(self, item: Mapping[str, Any]) -> bool:
        return int(item["expires"]["N"]) > self._clock.now().timestamp()

    def _slots(self, owner: str) -> Mapping[str, Any]:
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=slots_key(owner), ConsistentRead=True)
        return answer.get("Item", {})

    def _run(self, item: Mapping[str, Any]) -> FlowRun:
        run_id, rows = item["pk"]["S"], []
        for number_ in range(int(item.get(PARTS, {"N": "0"})["N"])):
            with translated():
                key = run_key(run_id, f"{PARAMETERS}{number_}")
                answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
            rows.append(answer["Item"])
        return read_run(item, rows)

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
        return run_row(run) | {
            "listing": text(f"{_day(run.created)}#{_shard(run.id, LISTING_SHARDS)}"),
            "created": text(f"{created}#{run.id}"),
            "expires": self._expires(run.watch),
            **(_due(run.id, run.watch) if run.watch else {}),
        }

    def _expires(self, due: datetime | None = None, kept: timedelta = KEPT) -> dict[str, str]:
        now = self._clock.now()
        return number(int(max(now, due or now).timestamp() + kept.total_seconds()))

    def places(self, low: str, high: str, page: int) -> Iterator[tuple[str, str]]:
        """Yield `<created>#<id>` and id of runs, newest first: from `low` on, to before `high`."""
        for day, shards in self.days.periods(high[:DAY_CHARS]):
            if day < low[:DAY_CHARS]:
                return
            listed = [self._listed(f"{day}#{shard}", low, high, page) for shard in range(shards)]
            yield from merge(*listed, reverse=True)

    def _listed(self, listing: str, low: str, high: str, page: int) -> Iterator[tuple[str, str]]:
        pages = self._query(
            IndexName=NEWEST,
            KeyConditionExpression="listing = :listing AND created BETWEEN :low AND :high",
            values={":listing": text(listing), ":low": text(low), ":high": text(high)},
            ScanIndexForward=False,
            PaginationConfig={"PageSize": max(1, min(page, 1000))},
        )
        with translated():
            for one in pages:
                items = ((item["created"]["S"], item["pk"]["S"]) for item in one["Items"])
                yield from (place for place in items if place[0] != high)


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


def _packed(line: LogLine) -> list[Any]:
    task = [line.task_run_id] if line.task_run_id else []
    return [iso(line.timestamp), line.level, line.name, line.message, *task]


def _day(created: datetime) -> str:
    return iso(created)[:DAY_CHARS]


def _as_read(run: FlowRun) -> dict[str, Any]:
    """Return the condition that a run is still in the version that was read."""
    return {"ConditionExpression": "version = :read", "ExpressionAttributeValues": {":read": number(run.version)}}


def _due(run_id: str, due: datetime) -> dict[str, Any]:
    """Return what puts a run into the index of those that wait for their time."""
    return {"due_shard": text(str(_shard(run_id, DUE_SHARDS))), "due": text(iso(due))}


def _shard(run_id: str, shards: int) -> int:
    return sha256(run_id.encode()).digest()[0] % shards
