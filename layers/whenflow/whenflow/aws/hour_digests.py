"""What closed hours hold: counts by name, and where each resource's events stand (docs/decisions/0012).

An hour is closed when no event was stored in it for a while. Whoever stores an event notes the hour first, at the most
an hour before; so once the last note is old enough, every later event notes the hour anew, and that makes the digest
void until the hour is closed again. A digest is written under the version of the note it was made for: what one reader
reads never changes under it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from whenflow.aws.calendar import NO_BEGINNING, NO_END, NOTED_FOR, Calendar, Period
from whenflow.aws.dynamo import number, text, translated
from whenflow.aws.event_items import HOUR_CHARS, Place, hour_of, start_of
from whenflow.documents import pack, unpack
from whenflow.errors import Transient
from whenflow.events import RESOURCE_ID, Event, iso, parse_iso
from whenflow.events.reading import NameTally, Tally, tally_of
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

QUIET = NOTED_FOR + timedelta(minutes=5)
PLACES_PER_PART = 150
MAX_PARTS = 4_096
MAX_NAMES = 500
MARK_CHARS = 12
AT_ONCE = 100
TRIES = 5


class HourDigests:
    """Writes and reads digests."""

    def __init__(self, client: "DynamoDBClient", table: str, hours: Calendar, kept: timedelta, clock: Clock) -> None:
        """Keep them in this table, for hours whose events are kept this long."""
        self._client = client
        self._table = table
        self._hours = hours
        self._kept = kept
        self._clock = clock

    def open_hours(self) -> Iterator[Period]:
        """Yield the hours that can be closed now, oldest first."""
        quiet_since = self._clock.now() - QUIET
        for period in self._hours.read(NO_BEGINNING, NO_END, newest_first=False, at_once=1_000):
            if period.facts is None and period.noted <= quiet_since:
                yield period

    def close(self, period: Period, held: Sequence[tuple[Place, Event]], whole_until: int) -> bool:
        """Write the digest of an hour; False where an event was stored in it meanwhile, so that it stays open.

        Args:
            period: The hour, as it was read before its events were.
            held: All its events.
            whole_until: When the first of them expires, in seconds since 1970.
        """
        tally = tally_of(event for _, event in held)
        marked = [(_mark(id_), place) for place, event in held for id_ in _involved(event)]
        parts = min(MAX_PARTS, max(1, -(-len(marked) // PLACES_PER_PART)))
        contents: list[dict[str, list[str]]] = [{} for _ in range(parts)]
        for mark, place in marked:
            contents[_part(mark, parts)].setdefault(mark, []).append(_short(place))
        for part, content in enumerate(contents):
            self._write(period.name, _part_key(period, part), content)
        names = tally.names or {}
        if len(names) <= MAX_NAMES:
            shown = {name: [one.count, iso(one.first), iso(one.last)] for name, one in names.items()}
            self._write(period.name, _names_key(period), shown)
        return self._hours.close(
            period, events=tally.count, parts=parts, whole_until=whole_until, named=int(len(names) <= MAX_NAMES)
        )

    def places(self, periods: Sequence[Period], resource_ids: Sequence[str]) -> list[Place]:
        """Return where the events of closed hours stand that involve one of some resources."""
        marks = [_mark(id_) for id_ in resource_ids]
        wanted = {
            (period.name, _part_key(period, _part(mark, facts["parts"])))
            for period in periods
            if (facts := period.facts)
            for mark in marks
        }
        found: dict[Place, None] = {}
        for hour, content in self._read(sorted(wanted)):
            for mark in marks:
                found.update(dict.fromkeys(_long(hour, short) for short in content.get(mark, ())))
        return list(found)

    def tallies(self, since: datetime, until: datetime, *, names: bool = False) -> Mapping[datetime, Tally | None]:
        """Return the hours of a time that hold events, oldest first; None for one that is not closed."""
        periods = list(self._hours.read(hour_of(since), hour_of(until), newest_first=False, at_once=1_000))
        closed = {period.name: facts for period in periods if (facts := self._whole(period))}
        named: dict[str, Mapping[str, NameTally]] = {}
        if names:
            keys = [(one.name, _names_key(one)) for one in periods if closed.get(one.name, {}).get("named")]
            for hour, content in self._read(keys):
                named[hour] = {
                    name: NameTally(count, parse_iso(first), parse_iso(last))
                    for name, (count, first, last) in content.items()
                }
        return {
            start_of(one.name): Tally(facts["events"], named.get(one.name)) if (facts := closed.get(one.name)) else None
            for one in periods
        }

    def _whole(self, period: Period) -> Mapping[str, int] | None:
        """Return the facts of an hour, if it is closed and none of its events has expired."""
        facts = period.facts
        return facts if facts and facts["whole_until"] > self._clock.now().timestamp() else None

    def _write(self, hour: str, key: str, content: Mapping[str, Any]) -> None:
        expires = int((self._clock.now() + self._kept + 2 * NOTED_FOR).timestamp())
        item: dict[str, Any] = _key(hour, key) | {"body": {"B": pack(content)}, "expires": number(expires)}
        with translated():
            self._client.put_item(TableName=self._table, Item=item)

    def _read(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
        for start in range(0, len(keys), AT_ONCE):
            asked: Any = {self._table: {"Keys": [_key(*one) for one in keys[start : start + AT_ONCE]]}}
            for _ in range(TRIES):
                with translated():
                    answer = self._client.batch_get_item(RequestItems=asked)
                for item in answer["Responses"].get(self._table, []):
                    yield item["pk"]["S"].partition("#")[2], unpack(item["body"]["B"])
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
            else:
                raise Transient("DynamoDB: a batch was not answered to its end")


def _involved(event: Event) -> Iterable[str]:
    return dict.fromkeys(labels[RESOURCE_ID] for labels in event.involved())


def _mark(resource_id: str) -> str:
    return sha256(resource_id.encode("utf-8", "surrogatepass")).hexdigest()[:MARK_CHARS]


def _part(mark: str, parts: int) -> int:
    return int(mark, 16) % parts


def _part_key(period: Period, part: int) -> str:
    return f"{period.version}#resources#{part}"


def _names_key(period: Period) -> str:
    return f"{period.version}#names"


def _key(hour: str, key: str) -> dict[str, Any]:
    return {"pk": text(f"digest#{hour}"), "sk": text(key)}


def _short(place: Place) -> str:
    return f"{place.shard}#{place.sort[HOUR_CHARS:]}"


def _long(hour: str, short: str) -> Place:
    shard, _, rest = short.partition("#")
    moment, _, id_ = rest.partition("#")
    return Place(parse_iso(hour + moment), int(shard), id_)
