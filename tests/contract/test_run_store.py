"""What every run store does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contract.runs import a_line, stored
from tests.stories import NOBODY, NOON

from whenflow.errors import Conflict
from whenflow.ports import DueRun, RunStore
from whenflow.runs import StateType
from whenflow.runs.events import events_so_far, state_event


def test_a_new_run_is_found_in_version_one_with_all_it_carries(runs, make):
    run = make.new(start_time=NOON, end_time=NOON + timedelta(seconds=1), launch="l-1", run_count=2)

    assert stored(runs, run) == replace(run, version=1)


def test_a_new_run_is_stored_with_its_event(stores, make):
    run = make.new()

    stores.runs.create(run, state_event(run))

    assert stores.events.get(run.state.id) == state_event(run)


def test_a_run_with_two_states_is_stored_with_the_events_of_both(stores, make):
    run = make.next(make.new(), StateType.PENDING)
    told = events_so_far(run)

    assert stores.runs.create(run, *told)

    assert [event.event for event in told] == ["prefect.flow-run.Scheduled", "prefect.flow-run.Pending"]
    assert [stores.events.get(event.id) for event in told] == told
    assert stores.runs.get(run.id) == replace(run, version=1)


def test_of_several_events_of_a_new_run_all_are_stored_or_none(stores, make):
    run = make.next(make.new(), StateType.PENDING)
    first, second = events_so_far(run)
    stores.events.put(second)

    assert stores.runs.create(run, first, second) is False

    assert stores.events.get(first.id) is None


def test_a_run_can_be_created_only_once(stores, make):
    run = make.new()
    stores.runs.create(run, state_event(run))
    rival = make.next(run, StateType.PENDING)

    assert stores.runs.create(rival, state_event(rival)) is False

    assert stores.runs.get(run.id).state.type == StateType.SCHEDULED
    assert stores.events.get(rival.state.id) is None


def test_a_run_that_nobody_created_is_not_found(runs, make):
    stored(runs, make.new())

    assert runs.get(NOBODY) is None


def test_a_changed_run_is_saved_with_its_event_and_a_higher_version(stores, make):
    run = make.next(stored(stores.runs, make.new()), StateType.PENDING)

    stores.runs.save(run, state_event(run))

    assert stores.runs.get(run.id) == replace(run, version=2)
    assert stores.events.get(run.state.id) == state_event(run)


def test_a_run_is_saved_only_over_the_version_it_was_made_from(stores, make):
    run = stored(stores.runs, make.new())
    first, second = make.next(run, StateType.PENDING), make.next(run, StateType.CANCELLED)
    stores.runs.save(first, state_event(first))

    with pytest.raises(Conflict):
        stores.runs.save(second, state_event(second))

    assert stores.runs.get(run.id).state.type == StateType.PENDING


def test_a_change_that_is_refused_leaves_no_event(stores, make):
    run = stored(stores.runs, make.new())
    first, second = make.next(run, StateType.PENDING), make.next(run, StateType.CANCELLED)
    stores.runs.save(first, state_event(first))

    with pytest.raises(Conflict):
        stores.runs.save(second, state_event(second))

    assert stores.events.get(second.state.id) is None


def test_a_run_that_nobody_created_cannot_be_saved(stores, make):
    run = make.new()

    with pytest.raises(Conflict):
        stores.runs.save(run, state_event(run))

    assert stores.runs.get(run.id) is None
    assert stores.events.get(run.state.id) is None


def test_a_run_whose_event_is_told_already_is_not_created(stores, make):
    run = make.new()
    stores.events.put(state_event(run))

    assert stores.runs.create(run, state_event(run)) is False

    assert stores.runs.get(run.id) is None


def test_a_change_whose_event_is_told_already_is_not_saved(stores, make):
    run = make.next(stored(stores.runs, make.new()), StateType.PENDING)
    stores.events.put(state_event(run))

    with pytest.raises(Conflict):
        stores.runs.save(run, state_event(run))

    assert stores.runs.get(run.id).state.type == StateType.SCHEDULED


def test_the_newest_run_comes_first(runs, make, clock):
    told = []
    for _ in range(5):
        told.append(stored(runs, make.new()))
        clock.advance(1)

    assert runs.newest(10) == told[::-1]


def test_no_more_runs_are_listed_than_asked_for(runs, make, clock):
    told = []
    for _ in range(5):
        told.append(stored(runs, make.new()))
        clock.advance(1)

    assert runs.newest(2) == told[:-3:-1]


def test_runs_of_many_days_are_listed(runs, make, clock):
    told = []
    for _ in range(4):
        told.append(stored(runs, make.new()))
        clock.advance(26 * 3600)

    assert runs.newest(10) == told[::-1]


def test_a_run_that_changed_is_listed_once_as_it_is_now(runs, make):
    run = make.next(stored(runs, make.new()), StateType.PENDING)
    runs.save(run, state_event(run))

    assert [found.state.type for found in runs.newest(10)] == [StateType.PENDING]


def test_nothing_is_listed_where_nothing_was_asked_for(runs, make):
    stored(runs, make.new())

    assert runs.newest(0) == []


# ---- runs that wait for their time ----


def waiting(runs: RunStore, seconds: float) -> list[DueRun]:
    """Return the runs that are due before so many seconds after noon, by time."""
    return sorted(runs.due(NOON + timedelta(seconds=seconds)), key=lambda due: due.at)


def test_a_run_that_is_scheduled_is_due_until_it_is_started(runs, make):
    run = stored(runs, make.scheduled(make.new(), 60))

    assert waiting(runs, 61) == [DueRun(run.id, NOON + timedelta(seconds=60))]

    pending = make.next(run, StateType.PENDING)
    runs.save(pending, state_event(pending))
    assert waiting(runs, 61) == []


def test_a_run_that_is_scheduled_is_read_as_it_was_stored(runs, make):
    run = make.scheduled(make.new(), 60)

    assert stored(runs, run) == replace(run, version=1)


def test_a_run_is_due_at_its_time_and_not_before(runs, make):
    stored(runs, make.scheduled(make.new(), 60))

    assert waiting(runs, 60) == []


def test_what_is_overdue_is_due_however_long_ago(runs, make, clock):
    late = [stored(runs, make.scheduled(make.new(), seconds)) for seconds in (0.5, 60, 86_400)]
    clock.advance(40 * 86_400)

    assert [due.run_id for due in waiting(runs, 40 * 86_400)] == [run.id for run in late]


def test_a_run_that_starts_at_once_waits_for_no_time(runs, make):
    stored(runs, make.new())

    assert waiting(runs, 86_400) == []


def test_a_run_that_is_put_off_is_due_then_and_no_more_at_the_time_before(runs, make):
    run = stored(runs, make.scheduled(make.new(), 60))
    put_off = make.scheduled(run, 90, "AwaitingRetry")
    runs.save(put_off, state_event(put_off))

    assert waiting(runs, 3_600) == [DueRun(run.id, NOON + timedelta(seconds=90))]


def test_many_runs_that_are_due_at_one_time_are_all_found(runs, make):
    made = {stored(runs, make.scheduled(make.new(), 60)).id for _ in range(30)}

    assert {due.run_id for due in waiting(runs, 61)} == made


def test_runs_are_found_by_their_ids_in_the_order_that_was_asked_for(runs, make):
    made = [stored(runs, make.new()) for _ in range(3)]

    assert runs.get_all([made[2].id, NOBODY, made[0].id]) == [made[2], made[0]]
    assert runs.get_all([]) == []


@pytest.mark.parametrize("odd", ["", "x" * 3_000, "☃", "\x00"])
def test_an_id_that_no_run_can_have_hides_no_other(runs, make, odd):
    run = stored(runs, make.new())

    assert runs.get_all([odd, run.id]) == [run]


def test_more_runs_than_fit_one_request_are_all_found(runs, make):
    made = [stored(runs, make.new()) for _ in range(120)]

    assert runs.get_all([run.id for run in made]) == made


def test_runs_are_gone_through_newest_first_and_from_a_moment_back(runs, make, clock):
    told = []
    for _ in range(5):
        told.append(stored(runs, make.new()))
        clock.advance(10 * 3600)

    assert list(runs.newest_first()) == told[::-1]
    assert list(runs.newest_first(told[3].created)) == told[2::-1]


def test_runs_are_found_by_when_they_were_made(runs, make, clock):
    told = []
    for _ in range(4):
        told.append(stored(runs, make.new()))
        clock.advance(10 * 3600)

    found = set(runs.created_between(told[1].created, told[3].created))

    assert found == {told[1].id, told[2].id}


def test_a_change_of_no_state_is_saved_without_an_event(stores, make):
    run = replace(stored(stores.runs, make.new()), name="renamed")
    before = len(stores.events.newest(50).events)

    stores.runs.save(run, None)

    assert stores.runs.get(run.id) == replace(run, version=2)
    assert len(stores.events.newest(50).events) == before


def test_large_parameters_are_found_whatever_changes_later(stores, make):
    import random

    noise = random.Random(7).randbytes(250_000).hex()
    run = make.next(stored(stores.runs, make.new(parameters={"noise": noise})), StateType.PENDING)

    stores.runs.save(run, state_event(run))

    assert stores.runs.get(run.id) == replace(run, version=2)
    assert list(stores.runs.newest_first()) == [replace(run, version=2)]


def test_a_run_that_was_removed_is_gone_with_its_log(runs, make):
    run = stored(runs, make.new(parameters={"text": "x" * 20_000}))
    runs.add_logs(run.id, [a_line("hello")])

    runs.delete(run)

    assert (runs.get(run.id), list(runs.logs(run.id)), runs.newest(5)) == (None, [], [])


def test_only_the_version_that_was_read_is_removed(stores, make):
    run = stored(stores.runs, make.new())
    changed = make.next(run, StateType.PENDING)
    stores.runs.save(changed, state_event(changed))

    with pytest.raises(Conflict):
        stores.runs.delete(run)

    assert stores.runs.get(run.id) is not None
