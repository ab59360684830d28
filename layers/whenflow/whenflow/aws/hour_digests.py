"""What closed hours hold: counts by name, and where each resource's events stand (docs/decisions/0012).

An hour is closed when no event was stored in it for a while. Whoever stores an event notes the hour first, at the most
an hour before; so once the last note is old enough, every later event notes the hour anew, and that makes the digest
void until the hour is closed again. A digest is written under the version of the note it was made for: what one reader
reads never changes under it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from whenflow.aws.calendar import NO_BEGINNING, NO_END, NOTED_FOR, Calendar, Period
from whenflow.aws.dynamo import number, text, translated
from whenflow.aws.event_items import HOUR_CHARS, Place, hour_of, start_of
from whenflow.documents import pack, unpack
from whenflow.errors import Transient
from whenflow.events import RESOURCE_ID, Event, iso, parse_iso
from whenflow.events.reading import NameTally, Tally, added
from whenflow.events.times import FIRST, LAST
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


@dataclass(slots=True)
class Content:
    """What some events of an hour hold.

    Attributes:
        count: How many there are.
        places: Where those of each resource stand, primary and related alike, by marks of their ids.
        names: How many there are of each name.
        is_named: Whether the names are known, and few enough to be kept.
        first: When the first of them occurred.
        last: When the last of them did.
    """

    count: int = 0
    places: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, NameTally] = field(default_factory=dict)
    is_named: bool = True
    first: datetime = LAST
    last: datetime = FIRST

    @classmethod
    def of(cls, held: Iterable[tuple[Place, Event]]) -> "Content":
        """Return what these events hold."""
        content = cls()
        for place, event in held:
            content.add(place, event)
        return content

    def add(self, place: Place, event: Event) -> None:
        """Add one event."""
        self.count += 1
        self.first, self.last = min(self.first, event.occurred), max(self.last, event.occurred)
        short = _short(place)
        for id_ in _involved(event):
            self.places.setdefault(_mark(id_), []).append(short)
        self._add_name(event.event, NameTally(1, event.occurred, event.occurred))

    def add_all(self, other: "Content") -> None:
        """Add what other events hold."""
        self.count += other.count
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        for mark, shorts in other.places.items():
            self.places.setdefault(mark, []).extend(shorts)
        self.is_named = self.is_named and other.is_named
        for name, tally in other.names.items():
            self._add_name(name, tally)

    def in_parts(self) -> list[dict[str, list[str]]]:
        """Return the places in as many parts as they take, each resource in one of them."""
        total = sum(map(len, self.places.values()))
        parts = min(MAX_PARTS, max(1, -(-total // PLACES_PER_PART)))
        contents: list[dict[str, list[str]]] = [{} for _ in range(parts)]
        for mark, shorts in self.places.items():
            contents[_part(mark, parts)][mark] = shorts
        return contents

    def _add_name(self, name: str, tally: NameTally) -> None:
        self.names[name] = added(self.names.get(name), tally)
        self.is_named = self.is_named and len(self.names) <= MAX_NAMES


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
        content = Content.of(held)
        parts, is_named = self.keep(period.name, str(period.version), content)
        return self._hours.close(
            period, events=content.count, parts=parts, whole_until=whole_until, named=int(is_named)
        )

    def keep(self, hour: str, stamp: str, content: "Content") -> tuple[int, bool]:
        """Write what some events of an hour hold; return in how many parts, and whether with their names."""
        contents = content.in_parts()
        for part, one in enumerate(contents):
            self._write(hour, part_key(stamp, part), one)
        if is_named := content.is_named:
            shown = {name: [one.count, iso(one.first), iso(one.last)] for name, one in content.names.items()}
            self._write(hour, names_key(stamp), shown)
        return len(contents), is_named

    def places(self, periods: Sequence[Period], resource_ids: Sequence[str]) -> list[Place]:
        """Return where the events of closed hours stand that involve one of some resources."""
        return self.places_in(
            [(period.name, str(period.version), facts["parts"]) for period in periods if (facts := period.facts)],
            resource_ids,
        )

    def places_in(self, stamped: Sequence[tuple[str, str, int]], resource_ids: Sequence[str]) -> list[Place]:
        """Return the same of what was kept of some hours, each given with its stamp and the number of its parts."""
        marks = [_mark(id_) for id_ in resource_ids]
        wanted = {(hour, part_key(stamp, _part(mark, parts))) for hour, stamp, parts in stamped for mark in marks}
        found: dict[Place, None] = {}
        for hour, content in self.read(sorted(wanted)):
            for mark in marks:
                found.update(dict.fromkeys(_long(hour, short) for short in content.get(mark, ())))
        return list(found)

    def tallies(
        self, since: datetime, until: datetime, open_hour: Callable[[Period], Tally | None], *, names: bool = False
    ) -> Mapping[datetime, Tally | None]:
        """Return the hours of a time that hold events, oldest first; `open_hour` says it of one that is not closed."""
        periods = list(self._hours.read(hour_of(since), hour_of(until), newest_first=False, at_once=1_000))
        closed = {period.name: facts for period in periods if (facts := self._whole(period))}
        named: dict[str, Mapping[str, NameTally]] = {}
        if names:
            keys = [(one.name, names_key(str(one.version))) for one in periods if closed.get(one.name, {}).get("named")]
            for hour, content in self.read(keys):
                named[hour] = names_of(content)
        return {
            start_of(one.name): Tally(facts["events"], named.get(one.name))
            if (facts := closed.get(one.name))
            else open_hour(one)
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

    def read(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what was kept under some keys, each an hour and what stands in it, with its hour.

        What was written just now may not be there for the first, cheaper read.

        Raises:
            Transient: Some of it was not read.
        """
        for start in range(0, len(keys), AT_ONCE):
            left: dict[tuple[str, str], Any] = {}
            for hour, key in keys[start : start + AT_ONCE]:
                place = _key(hour, key)
                left[place["pk"]["S"], place["sk"]["S"]] = place
            for attempt in range(TRIES):
                asked: Any = {self._table: {"Keys": list(left.values()), "ConsistentRead": attempt > 0}}
                with translated():
                    answer = self._client.batch_get_item(RequestItems=asked)
                for item in answer["Responses"].get(self._table, []):
                    pk, sk = item["pk"]["S"], item["sk"]["S"]
                    del left[pk, sk]
                    yield pk.partition("#")[2], unpack(item["body"]["B"])
                if not left:
                    break
            else:  # a list without them would be a lie
                raise Transient(f"DynamoDB: {len(left)} items of a digest were not read")


def _involved(event: Event) -> Iterable[str]:
    return dict.fromkeys(labels[RESOURCE_ID] for labels in event.involved())


def _mark(resource_id: str) -> str:
    return sha256(resource_id.encode("utf-8", "surrogatepass")).hexdigest()[:MARK_CHARS]


def _part(mark: str, parts: int) -> int:
    return int(mark, 16) % parts


def part_key(stamp: str, part: int) -> str:
    """Return the key of a part of what was kept under a stamp."""
    return f"{stamp}#resources#{part}"


def names_key(stamp: str) -> str:
    """Return the key of the names of what was kept under a stamp."""
    return f"{stamp}#names"


def names_of(content: Mapping[str, Any]) -> dict[str, NameTally]:
    """Return the tallies of what stands under a key of names."""
    return {name: NameTally(count, parse_iso(first), parse_iso(last)) for name, (count, first, last) in content.items()}


def _key(hour: str, key: str) -> dict[str, Any]:
    return {"pk": text(f"digest#{hour}"), "sk": text(key)}


def _short(place: Place) -> str:
    return f"{place.shard}#{place.sort[HOUR_CHARS:]}"


def _long(hour: str, short: str) -> Place:
    shard, _, rest = short.partition("#")
    moment, _, id_ = rest.partition("#")
    return Place(parse_iso(hour + moment), int(shard), id_)
