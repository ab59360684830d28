"""Gives layers to hours that are still open, once a minute, where many events come in (docs/decisions/0016).

Each event is looked at once. What has been looked at and is in no layer yet is remembered by this process only: another
one begins where the last layer ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from whenflow.aws.arrivals import Arrivals
from whenflow.aws.calendar import Calendar, Period
from whenflow.aws.event_items import Place, hour_of
from whenflow.aws.hour_digests import Content
from whenflow.aws.hour_layers import REACH, HourLayers, Layers
from whenflow.ports import Clock

if TYPE_CHECKING:
    from whenflow.aws.event_reader import EventReader
    from whenflow.events import Event

SETTLED = timedelta(seconds=90)
"""How long an event has been in before it may be in a layer."""
ENOUGH = 1_000
"""Events that are worth a layer."""
FURTHEST = timedelta(minutes=60)


@dataclass(slots=True)
class _Seen:
    """What was looked at of an hour.

    Attributes:
        layers: Its layers, as they were read or written.
        until: What was received before was looked at.
        content: What of it is in no layer.
    """

    layers: Layers
    until: datetime
    content: Content


class LayerKeeper:
    """Makes layers."""

    def __init__(
        self, reader: "EventReader", hours: Calendar, arrivals: Arrivals, layers: HourLayers, clock: Clock
    ) -> None:
        """Work on these."""
        self._reader = reader
        self._hours = hours
        self._arrivals = arrivals
        self._layers = layers
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def look(self) -> int:
        """Look at what came in since the last look; return how many layers were made of it."""
        until, made = self._clock.now() - SETTLED, 0
        open_hours = [one for one in self._hours.read(hour_of(until - REACH), hour_of(until)) if one.facts is None]
        self._seen = {name: seen for name, seen in self._seen.items() if name in {one.name for one in open_hours}}
        for period in open_hours:
            made += self._look_at(period, until)
        return made

    def _look_at(self, period: Period, until: datetime) -> bool:
        seen = self._seen.get(period.name) or self._begun(period, until)
        if seen is None:
            return False
        if seen.until < until - FURTHEST:
            seen = self._from_the_beginning(period, seen.layers, until)
        if seen.until < until:
            lately = Content.of(self._arrivals.of_hour(period.name, seen.until, until))  # all of it, or none
            seen.content.add_all(lately)
            seen.until = until
        self._seen[period.name] = seen
        if seen.content.count < ENOUGH:
            return False
        del self._seen[period.name]  # what was written is read again, and so is what was made void meanwhile
        return self._layers.add(seen.layers, seen.content, until)

    def _begun(self, period: Period, until: datetime) -> _Seen | None:
        """Return what is in layers already; where nothing is, look at the whole hour."""
        layers = self._layers.read(period.name)
        if layers.until:
            return _Seen(layers, layers.until, Content())
        if layers.voided and layers.voided > until:
            return None  # what made them void may not be stored yet
        return self._from_the_beginning(period, layers, until)

    def _from_the_beginning(self, period: Period, layers: Layers, until: datetime) -> _Seen:
        anew = Layers(layers.hour, None, (), layers.revision, layers.voids, layers.voided)
        return _Seen(anew, until, Content.of(self._received_before(period, until)))

    def _received_before(self, period: Period, until: datetime) -> Iterator[tuple[Place, "Event"]]:
        for shard in range(period.shards):
            for place, event, _ in self._reader.held_in(period.name, shard):
                if event.received < until:
                    yield place, event
