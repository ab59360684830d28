"""What every run store does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow.errors import Conflict, NoSlot
from whenflow.ports import DueRun, LogLine, RunStore
from whenflow.runs import FlowRun, State, StateDetails, StateType
from whenflow.runs.events import events_so_far, state_event
from whenflow.runs.slots import LONGEST_QUEUE, SlotChange, queued_as
from whenflow.testing import ManualClock, SequentialIds


class Runs:
    """Makes runs and their next states."""

    def __init__(self, clock: ManualClock, ids: SequentialIds) -> None:
        self.clock = clock
        self.ids = ids

    def state(self, type_: StateType) -> State:
        now = self.clock.now()
        return State(self.ids.event_id(now, "prefect.flow-run.x"), type_, type_.title(), now, "as planned")

    def new(self, **changes) -> FlowRun:
        id_ = self.ids.new()
        now = self.clock.now()
        return FlowRun(
            **{
                "id": id_,
                "name": "quick-fox",
                "flow_id": NOBODY,
                "flow_name": "new-user-flow",
                "deployment_id": NOBODY,
                "deployment_name": "welcome",
                "work_pool_name": "lambda",
                "parameters": {"name": "Ann", "n": 5, "nested": {"list": [1, None, "ë"]}},
                "tags": ("a", "b"),
                "created": now,
                "states": (
                    State(
                        self.ids.event_id(now, f"prefect.flow-run.{id_}"),
                        StateType.SCHEDULED,
                        "Scheduled",
                        now,
                    ),
                ),
                "created_by": {"id": NOBODY, "type": "AUTOMATION", "display_value": "welcome new users"},
                "job_variables": {"function_arn": "arn:flows"},
                **changes,
            }
        )

    def next(self, run: FlowRun, type_: StateType) -> FlowRun:
        now = self.clock.advance(1)
        state = State(self.ids.event_id(now, run.resource_id), type_, type_.title(), now, "as planned")
        return replace(run, states=(*run.states, state), watch=None)

    def scheduled(self, run: FlowRun, seconds: float, name: str = "Scheduled") -> FlowRun:
        """Put a run into a state in which it waits for a time, some seconds after noon."""
        now = self.clock.now()
        details = StateDetails(scheduled_time=NOON + timedelta(seconds=seconds))
        id_ = self.ids.event_id(now, run.resource_id)
        state = State(id_, StateType.SCHEDULED, name, now, None, details)
        states = (*run.states, state) if run.version else (state,)
        return replace(run, states=states, watch=details.scheduled_time)


@pytest.fixture
def make(clock, ids) -> Runs:
    """Makes runs."""
    return Runs(clock, ids)


def stored(runs: RunStore, run: FlowRun) -> FlowRun:
    """Store a new run and return it as it was stored."""
    assert runs.create(run, state_event(run))
    found = runs.get(run.id)
    assert found is not None
    return found


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


def a_line(message: str, second: float = 0) -> LogLine:
    return LogLine(NOON + timedelta(seconds=second), 20, "whenflow.flow_runs", message)


def test_a_run_that_logged_nothing_has_no_lines(runs):
    assert list(runs.logs(NOBODY)) == []


def test_log_lines_come_back_oldest_first(runs, clock):
    first, second, third = (a_line(text, second) for second, text in enumerate(("hello", "Zoë 😀\nagain", "bye")))
    runs.add_logs(NOBODY, [first, second])
    clock.advance(1)
    runs.add_logs(NOBODY, [third])

    assert list(runs.logs(NOBODY)) == [first, second, third]


def test_a_line_says_which_task_logged_it(runs):
    lines = [a_line("of the flow"), replace(a_line("of a task", 1), task_run_id=NOBODY)]
    runs.add_logs(NOBODY, lines)

    assert list(runs.logs(NOBODY)) == lines


def test_lines_added_twice_in_one_moment_are_all_kept(runs):
    runs.add_logs(NOBODY, [a_line("from one task")])
    runs.add_logs(NOBODY, [a_line("from another")])

    assert [line.message for line in runs.logs(NOBODY)] == ["from one task", "from another"]


def test_thousands_of_lines_are_kept_in_order(runs):
    lines = [a_line(f"line {number}", number / 1000) for number in range(2_500)]

    runs.add_logs(NOBODY, lines)

    assert list(runs.logs(NOBODY)) == lines


def test_long_lines_that_do_not_compress_are_kept(runs):
    import random

    chance = random.Random(7)
    lines = [a_line(chance.randbytes(5_000).hex(), number) for number in range(100)]

    runs.add_logs(NOBODY, lines)

    assert list(runs.logs(NOBODY)) == lines


def test_the_lines_of_two_runs_are_apart(runs, ids):
    one, other = ids.new(), ids.new()
    runs.add_logs(one, [a_line("mine")])
    runs.add_logs(other, [a_line("yours")])

    assert [line.message for line in runs.logs(one)] == ["mine"]


def test_no_lines_are_no_lines(runs):
    runs.add_logs(NOBODY, [])

    assert list(runs.logs(NOBODY)) == []


# ---- more of the same store ----


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


# ---- slots ----


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
