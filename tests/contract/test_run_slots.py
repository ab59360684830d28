"""What every run store does with the slots of a concurrency limit, and with who removed a run."""

from dataclasses import replace

import pytest
from tests.contract.runs import a_line, stored
from tests.stories import NOBODY

from whenflow.errors import Conflict, NoSlot
from whenflow.runs import FlowRun, StateType
from whenflow.runs.events import state_event
from whenflow.runs.slots import LONGEST_QUEUE, SlotChange, queued_as


def taking(run: FlowRun, slots: int, *owners: str) -> list[SlotChange]:
    return [SlotChange(owner, queued_as(run), take=slots) for owner in owners or (NOBODY,)]


def test_a_slot_is_taken_with_the_change_and_given_back_with_another(stores, make):
    run = make.next(stored(stores.runs, make.new()), StateType.PENDING)

    stores.runs.save(run, state_event(run), taking(run, 1))
    assert stores.runs.slots_taken(NOBODY) == 1

    done = make.next(replace(run, version=2), StateType.COMPLETED)
    stores.runs.save(done, state_event(done), [SlotChange(NOBODY, queued_as(done))])
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
        stores.runs.save(run, state_event(run), [SlotChange(NOBODY, queued_as(run), waits=True)])
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

    stores.runs.delete(replace(run, version=2), [SlotChange(NOBODY, queued_as(run))])

    assert stores.runs.slots_taken(NOBODY) == 0


def test_who_removed_a_run_is_known_afterwards_and_nobody_else_is(stores, make):
    first, second = (stored(stores.runs, make.new()) for _ in range(2))
    for run in (first, second):
        stores.runs.add_logs(run.id, [a_line("working")])

    stores.runs.delete(first, by="the action")
    stores.runs.delete(second)

    assert stores.runs.get(first.id) is None
    assert list(stores.runs.logs(first.id)) == []
    assert stores.runs.deleted_by(first.id, "the action") == first.name
    assert stores.runs.deleted_by(first.id, "another") is None
    assert stores.runs.deleted_by(second.id, "the action") is None


def test_a_run_that_could_not_be_removed_was_removed_by_nobody(stores, make):
    run = stored(stores.runs, make.new())

    with pytest.raises(Conflict):
        stores.runs.delete(replace(run, version=7), by="the action")

    assert stores.runs.deleted_by(run.id, "the action") is None


OTHER = "00000000-0000-0000-0000-00000000000f"


def test_slots_of_two_are_taken_together_or_not_at_all(stores, make):
    first, second = (make.next(stored(stores.runs, make.new()), StateType.PENDING) for _ in range(2))
    stores.runs.save(first, state_event(first), taking(first, 1, OTHER))

    with pytest.raises(NoSlot) as refused:
        stores.runs.save(second, state_event(second), taking(second, 1, NOBODY, OTHER))

    assert refused.value.owners == (OTHER,)
    assert (stores.runs.slots_taken(NOBODY), stores.runs.slots_taken(OTHER)) == (0, 1)


def test_all_who_have_no_slot_left_are_named(stores, make):
    first, second = (make.next(stored(stores.runs, make.new()), StateType.PENDING) for _ in range(2))
    stores.runs.save(first, state_event(first), taking(first, 1, NOBODY, OTHER))

    with pytest.raises(NoSlot) as refused:
        stores.runs.save(second, state_event(second), taking(second, 1, NOBODY, OTHER))

    assert refused.value.owners == (NOBODY, OTHER)
    done = make.next(replace(first, version=2), StateType.COMPLETED)
    stores.runs.save(done, state_event(done), [SlotChange(owner, queued_as(done)) for owner in (NOBODY, OTHER)])
    assert (stores.runs.slots_taken(NOBODY), stores.runs.slots_taken(OTHER)) == (0, 0)


def test_a_queue_takes_no_more_than_it_has_room_for(stores, make):
    runs = [make.next(stored(stores.runs, make.new()), StateType.SCHEDULED) for _ in range(LONGEST_QUEUE + 1)]
    for run in runs[:-1]:
        stores.runs.save(run, state_event(run), [SlotChange(OTHER, queued_as(run), waits=True)])
    last = runs[-1]

    with pytest.raises(NoSlot) as refused:
        stores.runs.save(last, state_event(last), [SlotChange(OTHER, queued_as(last), waits=True)])

    assert refused.value.owners == (OTHER,)
    assert len(stores.runs.waiting(OTHER, 99)) == LONGEST_QUEUE
    stores.runs.save(last, state_event(last))
