"""How many runs of a deployment may work at once (SPEC 6.2, rule 8).

A slot is taken in the very transaction that makes a run Pending, and given back in the one that ends its work: none is
ever taken by two, or kept by a run that is over. So slots need no lease that somebody renews. Only a run whose code
does not begin may keep others waiting: where the deployment has a grace period, it gives its slot back after that.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from whenflow.events.times import iso
from whenflow.runs.bookkeeping import moved
from whenflow.runs.model import FlowRun
from whenflow.runs.states import AWAITING_SLOT, State, StateDetails, StateType

ASK_AGAIN = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=5)
NO_SLOT = "All of the deployment's concurrency slots are taken."
NONE_AT_ALL = "The deployment's concurrency limit is 0: none of its runs may start."


class Collision(StrEnum):
    """What becomes of a run that finds no slot."""

    ENQUEUE = "ENQUEUE"
    CANCEL_NEW = "CANCEL_NEW"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many runs of a deployment may work at once, and what becomes of one too many.

    Attributes:
        grace: How long a run may be Pending before it gives its slot back; None for as long as it is.
    """

    slots: int
    collision: Collision = Collision.ENQUEUE
    grace: timedelta | None = None


@dataclass(frozen=True, slots=True)
class SlotChange:
    """What a change of a run does to the slots of its deployment.

    Attributes:
        deployment_id: Whose slots.
        run: The run, as it waits in the queue: by when it was made.
        take: Take a slot, if fewer than this many are taken; None to give the run's slot back.
        waits: Whether the run is in the queue afterwards.
    """

    deployment_id: str
    run: str
    take: int | None = None
    waits: bool = False


def slot_change(before: FlowRun, after: FlowRun, limit: Limit | None) -> SlotChange | None:
    """Return what a change of a run does to slots; None where it does nothing."""
    waited, waits = _waits(before), _waits(after)
    if before.deployment_id is None or (before.has_slot == after.has_slot and waited == waits):
        return None
    takes = limit.slots if after.has_slot and not before.has_slot and limit else None
    return SlotChange(before.deployment_id, queued_as(after), takes, waits)


def queued_as(run: FlowRun) -> str:
    """Return how a run stands in the queue: in the order in which they were made."""
    return f"{iso(run.created)}#{run.id}"


def without_slot(run: FlowRun, state: State, limit: Limit) -> FlowRun:
    """Return a run that found no slot: it waits, is cancelled, or, where it waits already, goes on waiting."""
    if limit.slots <= 0 or limit.collision == Collision.CANCEL_NEW:
        reason = NONE_AT_ALL if limit.slots <= 0 else NO_SLOT
        return moved(
            run,
            replace(state, type=StateType.CANCELLED, name="Cancelled", message=reason, details=StateDetails()),
        )
    if _waits(run):
        waited = state.timestamp - run.state.timestamp
        return _put_off(run, state.timestamp + min(LONGEST_WAIT, ASK_AGAIN + waited / 4))
    details = StateDetails(scheduled_time=state.timestamp + ASK_AGAIN)
    return moved(
        run, replace(state, type=StateType.SCHEDULED, name=AWAITING_SLOT, message=NO_SLOT, details=details, data=None)
    )


def _put_off(run: FlowRun, until: datetime) -> FlowRun:
    state = replace(run.state, details=replace(run.state.details, scheduled_time=until))
    return replace(run, states=(*run.states[:-1], state), watch=until)


def _waits(run: FlowRun) -> bool:
    return run.state.type == StateType.SCHEDULED and run.state.name == AWAITING_SLOT
