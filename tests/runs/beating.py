"""Processes of runs that show that they live."""

from datetime import datetime, timedelta

from tests.runs.looking import minutes_pass
from tests.world import World

from whenflow.events import RESOURCE_ID, Event
from whenflow.runs import FlowRun
from whenflow.runs.heartbeats import HEARTBEAT, pulse_of

EVERY = 30.0


def beat(world: World, run: FlowRun, number: int) -> None:
    """Let a heartbeat of the present start of a run arrive now."""
    pulse = pulse_of(world.ledger.get(run.id))
    assert pulse is not None
    stored(world, run, pulse.id_of(number), pulse.at(number))


def stored(world: World, run: FlowRun, id_: str, at: datetime) -> None:
    resource = {RESOURCE_ID: run.resource_id}
    world.events.put(Event(id=id_, occurred=at, event=HEARTBEAT, resource=resource, received=world.clock.now()))


def live(world: World, run: FlowRun, minutes: int, every: float = EVERY) -> None:
    """Let minutes pass in which the process of a run shows that it lives."""
    for _ in range(minutes):
        pulse = pulse_of(world.ledger.get(run.id))
        assert pulse is not None
        minutes_pass(world, 1)
        first = pulse.number_at(world.clock.now() - timedelta(minutes=1)) + 1
        for number in range(first, pulse.number_at(world.clock.now()) + 1):
            beat(world, run, number)


def message_of(world: World, run: FlowRun) -> str:
    return world.ledger.get(run.id).state.message or ""
