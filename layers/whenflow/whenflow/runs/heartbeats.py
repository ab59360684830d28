"""Heartbeats: how the process of a run shows that it lives, and from when on its silence means that it is gone.

A process of the SDK says in the Running state that it claims how often it will show that it lives. The id of each of
its heartbeats follows from that state and the heartbeat's number, and says where the event stands. So nobody notes
heartbeats: whether there is one of a given time is one read. What comes late or twice has its own number and no other;
that of an earlier start of the run belongs to another state, and says nothing of this one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from whenflow.events.ids import address_of, addressed_id, entropy_of
from whenflow.ports import EventStore
from whenflow.runs.model import FlowRun
from whenflow.runs.states import LEAST_HEARTBEAT_SECONDS, State, StateType

HEARTBEAT = "prefect.flow-run.heartbeat"
DEFAULT_SECONDS = 180.0
MISSED = 3
"""How many heartbeats in a row have to be missing."""
STARTED_AGAIN = timedelta(minutes=3)
"""Lambda starts what died once more a minute later, then two minutes later: until then the silence is no end."""
WITHIN_A_START = frozenset({StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING})


@dataclass(frozen=True, slots=True)
class Pulse:
    """The heartbeats of one start of a run; they are numbered from 1.

    Attributes:
        state: The Running state that the process claimed.
        every: How often it shows that it lives.
    """

    state: State
    every: timedelta

    @property
    def silence(self) -> timedelta:
        """How long it has to be silent to count as gone."""
        return self.every * MISSED + STARTED_AGAIN

    def number_at(self, now: datetime) -> int:
        """Return the number of the latest heartbeat that is due by then; 0 where none is."""
        return max(0, (now - self.state.timestamp) // self.every)

    def at(self, number: int) -> datetime:
        """Return when a heartbeat is due."""
        return self.state.timestamp + self.every * number

    def id_of(self, number: int) -> str:
        """Return the id of a heartbeat; its shard is that of the state, which is an event of the same resource."""
        address = address_of(self.state.id)
        return addressed_id(self.at(number), address.shard if address else 0, entropy_of(self.state.id, str(number)))


FIRST_LOOK = timedelta(seconds=DEFAULT_SECONDS) * MISSED + STARTED_AGAIN
"""When a run that was launched at once is looked at first: when silence may mean something, if nothing else is said."""


def pulse_of(run: FlowRun) -> Pulse | None:
    """Return what heartbeats the present start of a run promised last; None where it promised none."""
    return next(pulses_of(run), None)


def pulses_of(run: FlowRun) -> Iterator[Pulse]:
    """Yield what the processes of the present start of a run promised, latest first.

    There is more than one where AWS delivered the launch again: since the first had died, or for no reason at all.
    """
    for state in reversed(run.states):
        if state.type not in WITHIN_A_START:
            return
        if state.type == StateType.RUNNING and (seconds := state.details.heartbeat_seconds):
            yield Pulse(state, timedelta(seconds=max(LEAST_HEARTBEAT_SECONDS, seconds)))


class Heartbeats:
    """Knows when a run was last heard of."""

    def __init__(self, events: EventStore) -> None:
        """Read them here: one small read for each, one or two while the process lives, sixteen at most."""
        self._events = events

    def last(self, run: FlowRun, now: datetime) -> datetime | None:
        """Return when the latest heartbeat of the present start of a run was; None where none was found.

        Where none is within the time that counts, the one that a look before this would have found stands for those
        before it, or one of the first: what matters then is only that there were any.
        """
        return max((at for pulse in pulses_of(run) if (at := self._last(pulse, now))), default=None)

    def _last(self, pulse: Pulse, now: datetime) -> datetime | None:
        newest = pulse.number_at(now)
        oldest = max(1, pulse.number_at(now - pulse.silence))
        before = range(oldest - 1, max(0, oldest - 1 - MISSED), -1)
        for number in dict.fromkeys((*range(newest, oldest - 1, -1), *before, *range(min(MISSED, newest), 0, -1))):
            if self._events.get(pulse.id_of(number)):
                return pulse.at(number)
        return None
