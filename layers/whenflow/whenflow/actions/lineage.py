"""What caused what: event → firing → flow run → event, over several hops, in both directions.

Every step is a look-up by a key: firings know the event that closed them and have an index by it; runs and the events
about a firing have ids that follow from it; a run's states are events. Only events that a flow emitted are searched,
around the time of the run.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

from whenflow.actions.lifecycle import action_triggered, automation_triggered, ends_of, firing_behind
from whenflow.automations.firing import Firing
from whenflow.automations.model import RESOURCE_PREFIX as AUTOMATION
from whenflow.events import RESOURCE_ID, RESOURCE_ROLE, Event, iso, named_id
from whenflow.events.reading import Fetch, Span
from whenflow.ports import EventStore, FiringStore, Ids, RunStore
from whenflow.runs import FlowRun
from whenflow.runs.model import FLOW_RUN

Kind: TypeAlias = Literal["event", "firing", "flow-run"]
Direction: TypeAlias = Literal["causes", "effects"]
Thing: TypeAlias = Event | Firing | FlowRun
EVENT: Final = "event"
FIRING: Final = "firing"
RUN: Final = "flow-run"
WIDTH = 50
LOOKS = 3
MAX_ASKS = 8
AROUND = timedelta(minutes=1)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """An event, a firing or a flow run, by its id."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        """Return it as one word."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Step:
    """A place from which to go on.

    Attributes:
        depth: How many hops to go from there.
    """

    place: Place
    direction: Direction
    depth: int


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing caused another.

    Attributes:
        how: `closed` and `counted` (event → firing), `started` (firing → run), `told` (→ event that tells of it),
            `emitted` (run → event that its code sent), `followed` (event → event).
    """

    cause: Place
    effect: Place
    how: str

    def as_document(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"cause": str(self.cause), "effect": str(self.effect), "how": self.how}


@dataclass(slots=True)
class Graph:
    """What was found.

    Attributes:
        nodes: What each place holds.
        cut: The places of which not all effects are shown.
        looks: How many times a store was asked for one of them.
        rest: Where to go on, if there was more than was asked for.
    """

    nodes: dict[Place, Thing] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    cut: set[Place] = field(default_factory=set)
    looks: int = 0
    rest: list[Step] = field(default_factory=list)

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON."""
        nodes = [_shown(place, thing) | {"more": place in self.cut} for place, thing in self.nodes.items()]
        return {"nodes": nodes, "edges": [edge.as_document() for edge in self.edges]}


@dataclass(frozen=True, slots=True)
class Lineage:
    """Finds causes and effects in the stores."""

    events: EventStore
    firings: FiringStore
    runs: RunStore
    ids: Ids

    def trace(self, steps: Iterable[Step], limit: int) -> Graph:
        """Go from some places as far as they say, nearest first.

        Args:
            steps: Where to begin; what is not there is left out.
            limit: How many places to return; three times as many are looked for at most. More than `WIDTH`, so that
                each call comes further.
        """
        graph, seen, waiting = Graph(), set[tuple[Place, Direction]](), deque(steps)
        while waiting:
            step = waiting.popleft()
            if (step.place, step.direction) in seen:
                continue
            seen.add((step.place, step.direction))
            thing = self._look(graph, step.place)
            if thing is None or step.depth == 0:
                continue
            for edge in self._edges(graph, step, thing):
                if len(graph.nodes) >= limit or graph.looks >= LOOKS * limit:
                    graph.rest = _unfinished(step, waiting)
                    return graph
                end = edge.effect if step.direction == "effects" else edge.cause
                if self._look(graph, end) is not None:
                    graph.edges[edge] = None
                    waiting.append(Step(end, step.direction, step.depth - 1))
        return graph

    def _look(self, graph: Graph, place: Place) -> Thing | None:
        known = graph.nodes.get(place)
        if known is not None:
            return known
        graph.looks += 1
        found = self._found(place)
        if found is not None:
            graph.nodes[place] = found
        return found

    def _found(self, place: Place) -> Thing | None:
        if place.kind == EVENT:
            return self.events.get(place.id)
        return self.firings.get(place.id) if place.kind == FIRING else self.runs.get(place.id)

    def _edges(self, graph: Graph, step: Step, thing: Thing) -> Iterator[Edge]:
        if step.direction == "causes":
            yield from (Edge(cause, step.place, how) for how, cause in self._causes(thing))
            return
        for number, (how, effect) in enumerate(self._effects(thing)):
            if number == WIDTH:
                graph.cut.add(step.place)
                return
            yield Edge(step.place, effect, how)

    def _effects(self, thing: Thing) -> Iterator[tuple[str, Place]]:
        if isinstance(thing, Event):
            yield from (("closed", Place(FIRING, id_)) for id_ in self.firings.caused_by(thing.id, WIDTH + 1))
        elif isinstance(thing, Firing):
            yield from self._effects_of_firing(thing)
        else:
            yield from (("told", Place(EVENT, state.id)) for state in thing.states)
            yield from (("emitted", Place(EVENT, event.id)) for event in self._emitted_in(thing))

    def _effects_of_firing(self, firing: Firing) -> Iterator[tuple[str, Place]]:
        yield "told", Place(EVENT, automation_triggered(firing, self.ids).id)
        for index, action in enumerate(firing.actions):
            yield "told", Place(EVENT, action_triggered(firing, index, self.ids).id)
            if action["type"] == "run-deployment":
                yield "started", Place(RUN, named_id("flow-run", firing.id, str(index)))
            for ended in ends_of(firing, index, self.events, self.ids).values():
                yield "told", Place(EVENT, ended)

    def _emitted_in(self, run: FlowRun) -> Iterator[Event]:
        """Yield the events that the run's code emitted, as far as a few requests find them."""
        if run.start_time is None:
            return
        until = (run.end_time or run.state.timestamp) + AROUND
        asks = 0
        for found in self.events.scan(
            Span(run.start_time, until, newest_first=False, resources=[run.resource_id], as_primary=False)
        ):
            if isinstance(found, Fetch):
                asks += 1
                if asks > MAX_ASKS:
                    return
            elif run_around(found) == run.id:
                yield found

    def _causes(self, thing: Thing) -> Iterator[tuple[str, Place]]:
        if isinstance(thing, Firing):
            if thing.event:
                yield "closed", Place(EVENT, thing.event.id)
            yield from (("counted", Place(EVENT, id_)) for id_ in _events_of_children(thing))
        elif isinstance(thing, FlowRun):
            if thing.firing_id:
                yield "started", Place(FIRING, thing.firing_id)
        else:
            yield from self._causes_of_event(thing)

    def _causes_of_event(self, event: Event) -> Iterator[tuple[str, Place]]:
        if event.resource_id.startswith(FLOW_RUN):
            yield "told", Place(RUN, event.resource_id.removeprefix(FLOW_RUN))
        elif firing_id := self._firing_behind(event):
            yield "told", Place(FIRING, firing_id)
        elif run_id := run_around(event):
            yield "emitted", Place(RUN, run_id)
        if event.follows:
            yield "followed", Place(EVENT, event.follows)

    def _firing_behind(self, event: Event) -> str | None:
        """Return the firing that an event of an automation tells of."""
        given = firing_behind(event)
        return given if given and _ID.match(given) else None


def run_around(event: Event) -> str | None:
    """Return the id of the run whose code emitted an event; None where none did."""
    if event.resource_id.startswith((FLOW_RUN, AUTOMATION)):
        return None
    for labels in event.related:
        if labels[RESOURCE_ID].startswith(FLOW_RUN) and labels.get(RESOURCE_ROLE) == "flow-run":
            return labels[RESOURCE_ID].removeprefix(FLOW_RUN)
    return None


def _events_of_children(firing: Firing) -> Iterator[str]:
    """Yield the events that closed the parts of a composite, but for the one that closed it all."""
    waiting = list(firing.children)
    while waiting:
        child = waiting.pop(0)
        waiting += child["children"]
        if child["event"] and (firing.event is None or child["event"] != firing.event.id):
            yield child["event"]


def _unfinished(step: Step, waiting: Iterable[Step]) -> list[Step]:
    """Return where to go on: nothing is lost where places are looked at a second time."""
    return list(dict.fromkeys([step, *(one for one in waiting if one.depth)]))


def _shown(place: Place, thing: Thing) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": str(place), "kind": place.kind, "id": place.id}
    if isinstance(thing, Event):
        return shown | {"name": thing.event, "at": iso(thing.occurred), "resource": thing.resource_id}
    if isinstance(thing, Firing):
        name = {"name": thing.automation_name, "automation_id": thing.automation_id}
        return shown | name | {"at": iso(thing.triggered), "is_resolved": thing.is_resolved}
    of = {"flow_name": thing.flow_name, "state_type": str(thing.state.type), "state_name": thing.state.name}
    return shown | {"name": thing.name, "at": iso(thing.created)} | of


def steps_from(place: Place, directions: Sequence[Direction], depth: int) -> list[Step]:
    """Return the steps that a question for the lineage of a place begins with."""
    return [Step(place, direction, depth) for direction in directions]
