"""The one way in which runs are made and changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow.errors import Conflict, NotFound, Transient
from whenflow.runs import FlowRun, Refused, RunLedger, StateType
from whenflow.runs.ledger import TRIES
from whenflow.runs.states import MAX_MESSAGE_CHARS
from whenflow.testing import MemoryRunStore


class Rivalled(MemoryRunStore):
    """Before each save, a rival changes the run first, as often as it was told to."""

    def __init__(self, runs: MemoryRunStore, times: int, move) -> None:
        self.__dict__.update(runs.__dict__)
        self.times = times
        self.move = move

    def save(self, run, event, slot=None) -> None:
        """Save, after the rival."""
        if self.times:
            self.times -= 1
            self.move()
        super().save(run, event, slot)


def test_a_new_run_is_told_by_an_event(world, welcome):
    assert world.events.named("prefect.flow-run.Scheduled")[0].id == welcome.states[0].id


def test_a_run_made_twice_is_made_once(world, welcome):
    again = world.ledger.create(
        replace(welcome, version=0, states=(world.ledger.new_state(welcome.id, StateType.FAILED),))
    )

    assert again == welcome
    assert world.events.named("prefect.flow-run.Failed") == []


def test_every_move_is_told_by_an_event_with_the_states_id(world, welcome):
    moved = world.ledger.move(welcome.id, StateType.RUNNING, message="here we go")

    assert isinstance(moved, FlowRun)
    assert world.events.get(moved.state.id).event == "prefect.flow-run.Running"
    assert moved.state.message == "here we go"


def test_a_move_answers_with_the_run_as_it_is_stored(world, welcome):
    assert world.ledger.move(welcome.id, StateType.RUNNING) == world.run()


def test_a_state_is_named_by_its_type_unless_it_has_a_name(world, welcome):
    world.ledger.move(welcome.id, StateType.RUNNING)
    world.ledger.move(welcome.id, StateType.FAILED, "TimedOut")

    assert [state.name for state in world.run().states] == ["Scheduled", "Pending", "Running", "TimedOut"]


def test_a_refused_move_changes_and_tells_nothing(world, welcome):
    before = world.events.names()

    assert isinstance(world.ledger.move(welcome.id, StateType.SCHEDULED), Refused)
    assert world.run() == welcome
    assert world.events.names() == before


def test_what_is_not_there_cannot_be_moved(world):
    with pytest.raises(NotFound, match=NOBODY):
        world.ledger.move(NOBODY, StateType.RUNNING)


def test_a_long_message_is_kept_in_part(world, welcome):
    moved = world.ledger.move(welcome.id, StateType.FAILED, message="x" * (MAX_MESSAGE_CHARS + 1))

    assert isinstance(moved, FlowRun)
    assert moved.state.message == "x" * MAX_MESSAGE_CHARS


def test_a_state_is_dated_now(world, welcome):
    world.clock.advance(3)

    moved = world.ledger.move(welcome.id, StateType.RUNNING)

    assert isinstance(moved, FlowRun)
    assert moved.state.timestamp == moved.start_time == NOON + timedelta(seconds=3)


def test_a_writer_that_lost_the_race_tries_again_on_what_the_other_made(world, welcome):
    runs = Rivalled(world.runs, 1, lambda: world.ledger.move(welcome.id, StateType.RUNNING))

    moved = RunLedger(runs, world.clock, world.ids).move(welcome.id, StateType.COMPLETED)

    assert isinstance(moved, FlowRun)
    assert [state.type for state in world.run().states[-2:]] == [StateType.RUNNING, StateType.COMPLETED]


def test_a_writer_that_lost_to_the_end_is_refused(world, welcome):
    runs = Rivalled(world.runs, 1, lambda: world.ledger.move(welcome.id, StateType.CANCELLED))

    moved = RunLedger(runs, world.clock, world.ids).move(welcome.id, StateType.RUNNING)

    assert isinstance(moved, Refused)
    assert world.run().state.type == StateType.CANCELLED


def test_of_two_launches_at_once_one_takes_the_run(world, welcome):
    runs = Rivalled(world.runs, 1, lambda: world.ledger.start(welcome.id, "launch-1"))

    second = RunLedger(runs, world.clock, world.ids).start(welcome.id, "launch-2")

    assert isinstance(second, Refused)
    assert world.run().launch == "launch-1"
    assert len(world.events.named("prefect.flow-run.Running")) == 1


def test_a_race_lost_again_and_again_asks_for_another_try(world, welcome):
    class Hopeless(MemoryRunStore):
        def save(self, run, event, slot=None) -> None:
            raise Conflict("somebody else was first")

    hopeless = Hopeless(world.events)
    hopeless.__dict__.update(world.runs.__dict__)

    with pytest.raises(Transient, match=f"every one of {TRIES} tries"):
        RunLedger(hopeless, world.clock, world.ids).move(welcome.id, StateType.RUNNING)


def test_a_launch_delivered_again_after_a_crash_takes_the_run_over(world, welcome):
    world.ledger.start(welcome.id, "launch-1")

    taken = world.ledger.start(welcome.id, "launch-1")

    assert isinstance(taken, FlowRun)
    assert world.events.names()[-2:] == ["prefect.flow-run.Running", "prefect.flow-run.Retrying"]
    assert world.run().run_count == 2
