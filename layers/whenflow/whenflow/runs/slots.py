"""How many runs of a deployment, and of a work pool, may work at once (SPEC 6.2, rule 8).

A slot is taken in the very transaction that makes a run Pending, and given back in the one that ends its work: none is
ever taken by two, or kept by a run that is over. So slots need no lease that somebody renews. A run whose deployment
and whose pool have a limit takes both slots in that transaction, or none. It waits in the queues of those that have
none left, and holds up nobody who waits for the others. Only a run whose code does not begin may keep others waiting:
where the deployment has a grace period, it gives its slots back after that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from whenflow.events.times import iso
from whenflow.runs.bookkeeping import moved
from whenflow.runs.model import FlowRun
from whenflow.runs.states import AWAITING_SLOT, State, StateDetails, StateType
from whenflow.runs.targets import pool_id_of

ASK_AGAIN = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=5)
LONGEST_QUEUE = 50
"""Whoever comes when so many wait stands in no queue: nobody rings for him, he asks again. A queue is one row of the
store, and each who joins it writes it anew; after a flood it would have no room."""
NOWHERE = ("",)
DEPLOYMENT, WORK_POOL = "deployment", "work pool"
NONE_AT_ALL = "The deployment's concurrency limit is 0: none of its runs may start."


class Collision(StrEnum):
    """What becomes of a run that finds no slot."""

    ENQUEUE = "ENQUEUE"
    CANCEL_NEW = "CANCEL_NEW"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many runs of a deployment or work pool may work at once, and what becomes of one too many.

    Attributes:
        owner: The id of the deployment, or of the work pool.
        what: Which of the two it is.
        grace: How long a run may be Pending before it gives its slots back; None for as long as it is.
    """

    owner: str
    slots: int
    collision: Collision = Collision.ENQUEUE
    what: str = DEPLOYMENT
    grace: timedelta | None = None

    @property
    def refuses(self) -> str | None:
        """Why a run that finds no slot is cancelled; None where it waits. A work pool without slots is like a pause."""
        if self.what == DEPLOYMENT and self.slots <= 0:
            return NONE_AT_ALL
        return self.none_left if self.collision == Collision.CANCEL_NEW else None

    @property
    def none_left(self) -> str:
        """What is told of a run that waits."""
        return f"All of the {self.what}'s concurrency slots are taken."


@dataclass(frozen=True, slots=True)
class SlotChange:
    """What a change of a run does to the slots of its deployment, or of its work pool.

    Attributes:
        owner: Whose slots: the id of the deployment or work pool.
        run: The run, as it waits in the queue: by when it was made.
        take: Take a slot, if fewer than this many are taken; None to give the run's slot back.
        waits: Whether the run is in the queue afterwards; it joins only where fewer than `LONGEST_QUEUE` wait.
    """

    owner: str
    run: str
    take: int | None = None
    waits: bool = False


def slot_changes(before: FlowRun, after: FlowRun, limits: Sequence[Limit] = ()) -> tuple[SlotChange, ...]:
    """Return what a change of a run does to slots, for each that has some; mostly nothing."""
    slots = {limit.owner: limit.slots for limit in limits}
    waited, waits = queues_of(before), queues_of(after)
    return tuple(
        SlotChange(owner, queued_as(after), slots.get(owner) if has and not had else None, owner in waits)
        for owner, had, has in _slots_of(before, after)
        if had != has or (owner in waited) != (owner in waits)
    )


def given_back(before: FlowRun, after: FlowRun) -> Iterator[str]:
    """Yield whose slots may be taken by the next in their queues: the run gave one back, or did not take its turn."""
    left = set(queues_of(before)) - set(queues_of(after))
    for owner, had, has in _slots_of(before, after):
        if not has and (had or owner in left):
            yield owner


def with_slots(run: FlowRun, limits: Sequence[Limit]) -> FlowRun:
    """Return a run that has a slot of each that has a limit."""
    kinds = {limit.what for limit in limits}
    return replace(run, has_slot=run.has_slot or DEPLOYMENT in kinds, pool_slot=run.pool_slot or WORK_POOL in kinds)


def queued_as(run: FlowRun) -> str:
    """Return how a run stands in the queue: in the order in which they were made."""
    return f"{iso(run.created)}#{run.id}"


def queues_of(run: FlowRun) -> tuple[str, ...]:
    """Return in whose queues a run stands; one that waits and does not say where, in its deployment's."""
    if not _waits(run):
        return ()
    return run.queued or ((run.deployment_id,) if run.deployment_id else ())


def out_of_queues(run: FlowRun, full: Sequence[str]) -> FlowRun:
    """Return a run that waits, and stands in none of the queues that have no room."""
    return replace(run, queued=tuple(owner for owner in queues_of(run) if owner not in full) or NOWHERE)


def without_slot(run: FlowRun, state: State, full: Sequence[Limit]) -> FlowRun:
    """Return a run that found no slot: it waits, is cancelled, or, where it waits already, goes on waiting.

    Args:
        run: As it was before.
        state: The one that it was to be in.
        full: Those that have no slot left, one at least.
    """
    if reason := next((limit.refuses for limit in full if limit.refuses), None):
        put = replace(state, type=StateType.CANCELLED, name="Cancelled", message=reason, details=StateDetails())
        return moved(run, put)
    queued = tuple(limit.owner for limit in full)
    if _waits(run):
        waited = state.timestamp - run.state.timestamp
        return _put_off(run, state.timestamp + min(LONGEST_WAIT, ASK_AGAIN + waited / 4), queued)
    details = StateDetails(scheduled_time=state.timestamp + ASK_AGAIN)
    put = replace(
        state, type=StateType.SCHEDULED, name=AWAITING_SLOT, message=full[0].none_left, details=details, data=None
    )
    return replace(moved(run, put), queued=queued)


def _put_off(run: FlowRun, until: datetime, queued: tuple[str, ...]) -> FlowRun:
    state = replace(run.state, details=replace(run.state.details, scheduled_time=until))
    return replace(run, states=(*run.states[:-1], state), watch=until, queued=queued)


def _waits(run: FlowRun) -> bool:
    return run.state.type == StateType.SCHEDULED and run.state.name == AWAITING_SLOT


def _slots_of(before: FlowRun, after: FlowRun) -> Iterator[tuple[str, bool, bool]]:
    """Yield who may have slots for a run, and whether it had and has one."""
    if before.deployment_id:
        yield before.deployment_id, before.has_slot, after.has_slot
    if before.work_pool_name and (before.pool_slot or after.pool_slot or before.queued or after.queued):
        yield pool_id_of(before.work_pool_name), before.pool_slot, after.pool_slot
