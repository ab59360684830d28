"""What every run store does with the slots of a deployment's concurrency limit."""

from dataclasses import replace

import pytest
from tests.contract.runs import stored
from tests.stories import NOBODY

from whenflow.errors import Conflict, NoSlot
from whenflow.runs import FlowRun, StateType
from whenflow.runs.events import state_event
from whenflow.runs.slots import SlotChange, queued_as


def taking(run: FlowRun, slots: int) -> SlotChange:
    return SlotChange(NOBODY, queued_as(run), take=slots)


def test_a_slot_is_taken_with_the_change_and_given_back_with_another(stores, make):
    run = make.next(stored(stores.runs, make.new()), StateType.PENDING)

    stores.runs.save(run, state_event(run), taking(run, 1))
    assert stores.runs.slots_taken(NOBODY) == 1

    done = make.next(replace(run, version=2), StateType.COMPLETED)
    stores.runs.save(done, state_event(done), SlotChange(NOBODY, queued_as(done)))
    assert stores.runs.slots_taken(NOBODY) == 0


def test_where_all_slots_are_taken_nothing_is_stored(stores, make):
    first, second = (make.next(stored(stores.runs, make.new()), StateType.PENDING) for _ in range(2))
    stores.runs.save(first, state_event(first), taking(first, 1))

    with pytest.raises(NoSlot):
        stores.runs.save(second, state_event(second), taking(second, 1))

    assert stores.runs.get(second.id).state.type == StateType.SCHEDULED
    assert stores.events.get(second.state.id) is None
    assert stores.runs.slots_taken(NOBODY) == 1


def test_a_change_that_is_refused_takes_no_slot(stores, make):
    run = stored(stores.runs, make.new())
    first, second = make.next(run, StateType.PENDING), make.next(run, StateType.PENDING)
    stores.runs.save(first, state_event(first))

    with pytest.raises(Conflict):
        stores.runs.save(second, state_event(second), taking(second, 1))

    assert stores.runs.slots_taken(NOBODY) == 0


def test_who_waits_for_a_slot_stands_in_the_queue_in_the_order_in_which_they_were_made(stores, make, clock):
    waiting_for_it = []
    for _ in range(3):
        run = make.scheduled(stored(stores.runs, make.new()), 30, "AwaitingConcurrencySlot")
        stores.runs.save(run, state_event(run), SlotChange(NOBODY, queued_as(run), waits=True))
        waiting_for_it.append(replace(run, version=2))
        clock.advance(1)

    assert stores.runs.waiting(NOBODY, 2) == [run.id for run in waiting_for_it[:2]]

    first = make.next(waiting_for_it[0], StateType.PENDING)
    stores.runs.save(first, state_event(first), taking(first, 1))
    assert stores.runs.waiting(NOBODY, 9) == [run.id for run in waiting_for_it[1:]]


def test_nobody_waits_for_a_slot_of_a_deployment_without_runs(runs):
    assert (list(runs.waiting(NOBODY, 5)), runs.slots_taken(NOBODY)) == ([], 0)


def test_a_run_that_is_removed_gives_its_slot_back(stores, make):
    run = make.next(stored(stores.runs, make.new()), StateType.PENDING)
    stores.runs.save(run, state_event(run), taking(run, 1))

    stores.runs.delete(replace(run, version=2), SlotChange(NOBODY, queued_as(run)))

    assert stores.runs.slots_taken(NOBODY) == 0
