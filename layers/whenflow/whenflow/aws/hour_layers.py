"""What hours hold that are still open, in layers by when their events came in (docs/decisions/0016).

A layer counts and indexes the events of an hour that were received within some time, as a digest does for a closed one.
Layers follow each other without a gap; small ones are put together. What came in since the last of them is read as it
is. An event that is stored long after it was received would be in no layer: whoever stores one makes the layers of its
hour void, and they are built anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from whenflow.aws.arrivals import EARLY, LATE, ArrivalNotes
from whenflow.aws.dynamo import body, condition_failed, document, number, text, translated
from whenflow.aws.event_items import Place, hour_of, start_of
from whenflow.aws.hour_digests import Content, HourDigests, names_key, names_of, part_key
from whenflow.events import Event, iso, parse_iso
from whenflow.events.reading import NameTally, added
from whenflow.ports import Clock

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEY = "layers"
REACH = timedelta(hours=3)
"""How far back hours get layers."""
STALE = timedelta(minutes=90)
"""Layers that end longer ago are not used: what came in late since then is noted for two hours only."""
KEPT = timedelta(hours=12)
VOIDED_FOR = timedelta(seconds=20)
AT_ONCE = 8
STAMP_BYTES = 4


class Layer(NamedTuple):
    """The events that were received within some time.

    Attributes:
        stamp: Under which they are kept.
        parts: In how many parts.
        events: How many there are.
        first: When the first of them occurred.
        last: When the last of them did.
        is_named: Whether their names are kept.
        tier: How often it was put together.
    """

    stamp: str
    parts: int
    events: int
    first: datetime
    last: datetime
    is_named: bool
    tier: int


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of an hour.

    Attributes:
        hour: Its name.
        until: What was received before is in a layer; None where there is none.
        layers: One after the other.
        revision: Rises with each change.
        voids: How often they were made void.
        voided: When that was last.
    """

    hour: str
    until: datetime | None = None
    layers: Sequence[Layer] = ()
    revision: int = 0
    voids: int = 0
    voided: datetime | None = None


class HourLayers:
    """Writes and reads layers, in the state table."""

    def __init__(
        self, client: "DynamoDBClient", table: str, digests: HourDigests, notes: ArrivalNotes, clock: Clock
    ) -> None:
        """Work on this table; what layers hold is kept with the digests, what is odd is noted there."""
        self._client = client
        self._table = table
        self._digests = digests
        self._notes = notes
        self._clock = clock
        self._made_void: dict[str, datetime] = {}

    def note_late(self, events: Sequence[Event]) -> None:
        """Make layers void that may have passed over some events, which are about to be stored."""
        now = self._clock.now()
        for hour in {hour_of(event.occurred) for event in events if now - event.received > LATE}:
            recently = self._made_void.get(hour)
            if start_of(hour) < now - REACH - STALE or (recently and now - recently < VOIDED_FOR):
                continue
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(hour),
                    UpdateExpression="SET voided = :now, expires = :expires ADD voids :one",
                    ExpressionAttributeValues={
                        ":now": number(int(now.timestamp())),
                        ":one": number(1),
                        ":expires": self._expires(),
                    },
                )
            self._made_void[hour] = now

    def usable(self, hour: str) -> Layers | None:
        """Return the layers of an hour, if there are such that can be read."""
        now = self._clock.now()
        if start_of(hour) < now - REACH - STALE:
            return None
        found = self.read(hour)
        return found if found.until and found.until > now - STALE else None

    def odd_since(self, layers: Layers) -> Mapping[Place, frozenset[datetime]]:
        """Return what was noted as odd in this hour since its layers end, each with when it was received."""
        noted = self._notes.received_in(layers.until, self._clock.now() + EARLY) if layers.until else {}
        return {place: received for place, received in noted.items() if place.hour == layers.hour}

    def read(self, hour: str) -> Layers:
        """Return the layers of an hour; without any where they were made void."""
        with translated():
            item = self._client.get_item(TableName=self._table, Key=_key(hour), ConsistentRead=True).get("Item", {})
        numbers = {name: int(value["N"]) for name, value in item.items() if "N" in value}
        revision, voids = numbers.get("revision", 0), numbers.get("voids", 0)
        voided = datetime.fromtimestamp(numbers["voided"], UTC) if "voided" in numbers else None
        if "body" not in item or numbers.get("made_at", 0) != voids:
            return Layers(hour, None, (), revision, voids, voided)
        content = document(item)
        layers = [
            Layer(stamp, parts, count, parse_iso(first), parse_iso(last), named, tier)
            for stamp, parts, count, first, last, named, tier in content["layers"]
        ]
        return Layers(hour, parse_iso(content["until"]), layers, revision, voids, voided)

    def add(self, before: Layers, content: Content, until: datetime) -> bool:
        """Add a layer for what was received before `until`; False where the layers were changed or made void since.

        Args:
            before: The layers as they were read.
            content: What was received since they end; at least one event.
            until: Where they end now.
        """
        layers = [*before.layers, self._keep(before.hour, content, until, 0)]
        while len(layers) >= AT_ONCE and len({layer.tier for layer in layers[-AT_ONCE:]}) == 1:
            together = layers[-AT_ONCE:]
            layers[-AT_ONCE:] = [
                self._keep(before.hour, self._whole(before.hour, together), until, layers[-1].tier + 1)
            ]
        return self._write(replace(before, until=until, layers=layers))

    def places(self, layers: Layers, resource_ids: Sequence[str]) -> list[Place]:
        """Return where the events stand that are in some layer and involve one of some resources."""
        return self._digests.places_in(
            [(layers.hour, layer.stamp, layer.parts) for layer in layers.layers], resource_ids
        )

    def names(self, layers: Layers) -> Mapping[str, NameTally] | None:
        """Return how many events of each name are in layers; None where that is not known."""
        if not all(layer.is_named for layer in layers.layers):
            return None
        names: dict[str, NameTally] = {}
        for _, content in self._digests.read([(layers.hour, names_key(layer.stamp)) for layer in layers.layers]):
            for name, tally in names_of(content).items():
                names[name] = added(names.get(name), tally)
        return names

    def _keep(self, hour: str, content: Content, until: datetime, tier: int) -> Layer:
        stamp = f"{iso(until)}-{token_hex(STAMP_BYTES)}"  # another process may be at the same, and lose
        parts, is_named = self._digests.keep(hour, stamp, content)
        return Layer(stamp, parts, content.count, content.first, content.last, is_named, tier)

    def _whole(self, hour: str, layers: Sequence[Layer]) -> Content:
        """Return what some layers hold together."""
        whole = Content(is_named=all(layer.is_named for layer in layers))
        for layer in layers:
            part = Content(layer.events, first=layer.first, last=layer.last)
            for _, places in self._digests.read([(hour, part_key(layer.stamp, one)) for one in range(layer.parts)]):
                part.places.update(places)
            if whole.is_named:
                for _, names in self._digests.read([(hour, names_key(layer.stamp))]):
                    part.names.update(names_of(names))
            whole.add_all(part)
        return whole

    def _write(self, layers: Layers) -> bool:
        rows = [[*layer[:3], iso(layer.first), iso(layer.last), *layer[5:]] for layer in layers.layers]
        content = {"until": iso(layers.until or self._clock.now()), "layers": rows}
        values: dict[str, Any] = {
            ":body": body(content),
            ":next": number(layers.revision + 1),
            ":voids": number(layers.voids),
            ":expires": self._expires(),
        }
        conditions = ["voids = :voids" if layers.voids else "attribute_not_exists(voids)"]
        if layers.revision:
            conditions.append("revision = :revision")
            values[":revision"] = number(layers.revision)
        else:
            conditions.append("attribute_not_exists(revision)")
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(layers.hour),
                    UpdateExpression="SET body = :body, revision = :next, made_at = :voids, expires = :expires",
                    ConditionExpression=" AND ".join(conditions),
                    ExpressionAttributeValues=values,
                )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True

    def _expires(self) -> dict[str, str]:
        return number(int((self._clock.now() + KEPT).timestamp()))


def _key(hour: str) -> dict[str, Any]:
    return {"pk": text(f"digest#{hour}"), "sk": text(KEY)}
