"""Sources in the world of the tests."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from tests.stories import NOON
from tests.world import World

from whenflow.events import Event
from whenflow.sources import (
    NotificationReceiver,
    Source,
    interpret,
    notices_of,
    source_for,
    source_from_document,
)

Receive = Callable[..., list[Event]]


def a_source(**given: Any) -> Source:
    """Return a stored source: the pattern takes whatever comes from the shop, unless another is given."""
    document = {"name": "orders", "pattern": {"source": ["shop"]}, **given}
    return Source(
        **source_from_document(document).model_dump(), id=f"id-of-{document['name']}", created=NOON, updated=NOON
    )


def told(invocation: Mapping[str, Any], *sources: Source) -> Event:
    """Return the one event that an invocation becomes."""
    (notice,) = notices_of(invocation)
    return interpret(notice, source_for(notice, sources), NOON)


class Fixed:
    """A directory of these sources."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sorted(sources, key=lambda source: source.rank)

    def sources(self) -> Sequence[Source]:
        """Return the sources."""
        return self._sources


@pytest.fixture
def receive(world: World) -> Receive:
    """A function that has an invocation received and returns the events that it left in the store."""

    def receive(invocation: Mapping[str, Any], *sources: Source) -> list[Event]:
        receiver = NotificationReceiver(Fixed(sources), world.events, world.clock, world.ids)
        return [world.events.stored[id_] for id_ in receiver.receive(invocation)]

    return receive
