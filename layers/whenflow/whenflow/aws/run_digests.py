"""What is kept of whole hours of flow runs: overviews, and summaries of those that have ended (docs/decisions/0016).

A run is made once, and after it has ended it seldom changes; so an hour is closed when it is over, by a function that
looks now and then, and no write is added to the way of a run. Runs that had not ended are only named: they are read as
they are. Whoever changes a run that had ended notes its hour first, which makes the digest void until the hour is
closed again; the protocol is that of `HourDigests`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from whenflow.aws.calendar import NOTED_FOR, Calendar
from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.aws.event_items import hour_of, start_of
from whenflow.documents import unpack
from whenflow.errors import Transient
from whenflow.events import iso
from whenflow.ports import Clock
from whenflow.runs.model import FlowRun
from whenflow.runs.summaries import Overview, Summary, by_kind, overview_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

HOURS = "run-hours"
MARK = {"pk": text("run-hours-closed"), "sk": text("until")}
HOUR = timedelta(hours=1)
KEPT = timedelta(days=100)
SETTLED = timedelta(minutes=10)
"""How long an hour has been over before it is closed."""
LATE = timedelta(minutes=5)
"""A run that is stored this long after the hour in which it was made notes that."""
QUIET = NOTED_FOR + timedelta(minutes=5)
ROWS_PER_PART = 200
OPEN_PER_PART = 5_000
HOURS_PER_PAGE = 50
AT_ONCE = 100
STAMP_BYTES = 4
TRIES = 5


@dataclass(frozen=True, slots=True)
class Group:
    """The ended runs of one kind that were made in an hour, and the items that hold their summaries, newest first."""

    overview: Overview
    parts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RunHour:
    """An hour in which runs were made.

    Attributes:
        name: Such as `2026-11-20T21`.
        version: How often a change of an ended run was noted.
        noted: When that was last.
        is_closed: Whether what follows is true.
        groups: The runs that had ended when it was closed.
        open_parts: The items that name the runs that had not.
        open_runs: How many of those there were.
        looked: When it was closed, or last found to be as it was.
    """

    name: str
    version: int
    noted: datetime | None
    is_closed: bool
    groups: Sequence[Group] = ()
    open_parts: Sequence[tuple[str, str]] = field(default=())
    open_runs: int = 0
    looked: datetime | None = None

    @property
    def start(self) -> datetime:
        """Its beginning."""
        return start_of(self.name)


class RunDigests:
    """Writes and reads them, in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        """Work on this table."""
        self._client = client
        self._table = table
        self._clock = clock
        self._notes = Calendar(client, table, HOURS, KEPT, clock)

    def note_new(self, run: FlowRun) -> None:
        """Note the hour of a run that is about to be stored, if that comes late: it may be closed already."""
        if self._clock.now() >= _end_of(run.created) + LATE:
            self.note(hour_of(run.created))

    def note_change(self, run: FlowRun, *, has_new_state: bool) -> None:
        """Note the hour of a run that is about to be changed, if a digest may say how it ended."""
        earlier = run.states[:-1] if has_new_state else run.states
        if any(state.type.is_final for state in earlier) and self._clock.now() >= _end_of(run.created):
            self.note(hour_of(run.created))

    def note(self, hour: str) -> None:
        """Note an hour: its runs are read as they are until it is closed again."""
        self._notes.note(hour, 1)

    def looked_at(self, hour: RunHour) -> None:
        """Note that the digest of an hour was found to be as good as it can be."""
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key={"pk": text(HOURS), "sk": text(hour.name)},
                UpdateExpression="SET looked = :now",
                ExpressionAttributeValues={":now": number(int(self._clock.now().timestamp()))},
            )

    def closed_until(self) -> str | None:
        """Return the hour before which every hour that held a run was closed once; None before the first closing."""
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=MARK, ConsistentRead=True)
        return answer["Item"]["hour"]["S"] if "Item" in answer else None

    def move_mark(self, hour: str) -> None:
        """Note that every hour before this one was closed once."""
        with translated():
            self._client.put_item(TableName=self._table, Item={**MARK, "hour": text(hour)})

    def last_to_close(self) -> str:
        """Return the first hour that is not over for long enough to be closed."""
        return hour_of(self._clock.now() - SETTLED)

    def hours(self, first: str, last: str, *, newest_first: bool = True, consistent: bool = False) -> Iterator[RunHour]:
        """Yield the hours from `first` to `last` that were closed or noted."""
        start: Mapping[str, Any] = {}
        while True:
            with translated():
                answer = self._client.query(
                    TableName=self._table,
                    KeyConditionExpression="pk = :hours AND sk BETWEEN :first AND :last",
                    ExpressionAttributeValues={":hours": text(HOURS), ":first": text(first), ":last": text(last)},
                    ScanIndexForward=not newest_first,
                    Limit=HOURS_PER_PAGE,
                    ConsistentRead=consistent,
                    **start,
                )
            yield from map(self._hour, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def hour(self, name: str) -> RunHour:
        """Return one hour; one that was neither closed nor noted is open in version 0."""
        return next(self.hours(name, name, consistent=True), RunHour(name, 0, None, False))

    def can_be_closed(self, hour: RunHour) -> bool:
        """Tell whether every change of a run of this hour that is not in its version would note it anew."""
        return hour.noted is None or hour.noted <= self._clock.now() - QUIET

    def close(self, hour: RunHour, runs: Sequence[tuple[FlowRun, Summary]], whole_until: int, kept_until: int) -> bool:
        """Write the digest of an hour; False where an ended run was changed meanwhile, so that it stays open.

        Args:
            hour: The hour, as it was read before its runs were.
            runs: All its runs, newest first.
            whole_until: When the first of them expires, in seconds since 1970.
            kept_until: When the last of them does.
        """
        now = self._clock.now()
        stamp = f"{iso(now)}-{token_hex(STAMP_BYTES)}"  # another process may close it too, and have read it later
        expires = kept_until + 2 * int(NOTED_FOR.total_seconds())
        ended = by_kind(summary for run, summary in runs if run.state.type.is_final)
        groups = []
        for place, mine in enumerate(ended.values()):
            parts = range(0, len(mine), ROWS_PER_PART)
            for part, start in enumerate(parts):
                rows = [one.as_stored() for one in mine[start : start + ROWS_PER_PART]]
                self._write(hour.name, f"{stamp}#{place}#{part}", {"rows": rows}, expires)
            groups.append([overview_of(mine).as_stored(), len(parts)])
        waiting = [run.id for run, _ in runs if not run.state.type.is_final]
        open_parts = range(0, len(waiting), OPEN_PER_PART)
        for part, start in enumerate(open_parts):
            self._write(hour.name, f"{stamp}#open#{part}", {"ids": waiting[start : start + OPEN_PER_PART]}, expires)
        content = {"stamp": stamp, "groups": groups, "open": [len(open_parts), len(waiting)]}
        return self._close(hour, content, whole_until, expires)

    def summaries(self, groups: Sequence[Group]) -> Iterator[tuple[Group, list[Summary]]]:
        """Yield the newest summaries of each of some groups, those of its first part."""
        first = {group.parts[0]: group for group in groups}
        for key, content in self._read(list(first)):
            group = first[key]
            yield group, [Summary.from_stored(row, group.overview.kind) for row in content["rows"]]

    def more_summaries(self, group: Group) -> Iterator[Summary]:
        """Yield the summaries of a group that stand in its further parts, newest first."""
        for key in group.parts[1:]:
            for _, content in self._read([key]):
                yield from (Summary.from_stored(row, group.overview.kind) for row in content["rows"])

    def open_runs(self, hours: Sequence[RunHour]) -> Mapping[str, list[str]]:
        """Return the ids of the runs that had not ended when their hours were closed, by hour."""
        found: dict[str, list[str]] = {}
        for (pk, _), content in self._read([key for hour in hours for key in hour.open_parts]):
            found.setdefault(pk.partition("#")[2], []).extend(content["ids"])
        return found

    def _hour(self, item: Mapping[str, Any]) -> RunHour:
        name = item["sk"]["S"]
        version, noted = int(item.get("version", {"N": "0"})["N"]), item.get("noted")
        found = RunHour(name, version, _moment(int(noted["N"])) if noted else None, False)
        if "closed" not in item or int(item["closed"]["N"]) != version:
            return found
        if int(item["whole_until"]["N"]) <= self._clock.now().timestamp():
            return found
        content, pk = document(item), _digest(name)
        stamp, (open_parts, open_runs) = content["stamp"], content["open"]
        groups = [
            Group(Overview.from_stored(stored), [(pk, f"{stamp}#{place}#{part}") for part in range(parts)])
            for place, (stored, parts) in enumerate(content["groups"])
        ]
        return RunHour(
            name,
            version,
            found.noted,
            True,
            groups,
            [(pk, f"{stamp}#open#{part}") for part in range(open_parts)],
            open_runs,
            _moment(int(item["looked"]["N"])),
        )

    def _close(self, hour: RunHour, content: Mapping[str, Any], whole_until: int, expires: int) -> bool:
        values: dict[str, Any] = {
            ":body": body(content),
            ":version": number(hour.version),
            ":whole_until": number(whole_until),
            ":expires": number(expires),
            ":now": number(int(self._clock.now().timestamp())),
        }
        changes = "closed = :version, body = :body, whole_until = :whole_until, expires = :expires, looked = :now"
        as_read = "version = :version" if hour.version else "attribute_not_exists(version)"
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key={"pk": text(HOURS), "sk": text(hour.name)},
                    UpdateExpression=f"SET {changes}",
                    ConditionExpression=as_read,
                    ExpressionAttributeValues=values,
                )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def _write(self, hour: str, key: str, content: Mapping[str, Any], expires: int) -> None:
        item: dict[str, Any] = {"pk": text(_digest(hour)), "sk": text(key)}
        item |= {"body": body(content), "expires": number(expires)}
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def _read(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
        for start in range(0, len(keys), AT_ONCE):
            wanted = [{"pk": text(pk), "sk": text(sk)} for pk, sk in keys[start : start + AT_ONCE]]
            asked: Any = {self._table: {"Keys": wanted}}
            missing = len(wanted)
            for _ in range(TRIES):
                with translated():
                    answer = self._client.batch_get_item(RequestItems=asked)
                for item in answer["Responses"].get(self._table, []):
                    missing -= 1
                    yield (item["pk"]["S"], item["sk"]["S"]), unpack(item["body"]["B"])
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
            else:
                raise Transient("DynamoDB: a batch was not answered to its end")
            if missing:  # a list without them would be a lie
                raise Transient(f"DynamoDB: {missing} items of a digest are not there yet")


def _digest(hour: str) -> str:
    return f"run-digest#{hour}"


def _end_of(created: datetime) -> datetime:
    return start_of(hour_of(created)) + HOUR


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
