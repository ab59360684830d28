"""Laws of flow runs: whatever is asked for, in whatever order, a run's life is a legal one."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.stories import ann_signs_up
from tests.world import World

from whenflow.runs import Refused, StateType
from whenflow.runs.transitions import ALLOWED, RETRIED

moves = st.lists(st.tuples(st.just("move"), st.sampled_from(list(StateType))), max_size=12)
starts = st.lists(st.tuples(st.just("start"), st.sampled_from(["launch-1", "launch-2"])), max_size=6)
lives = st.tuples(moves, starts).flatmap(lambda parts: st.permutations([*parts[0], *parts[1]]))


def lived(life: list[tuple[str, str]]) -> World:
    """Return a world in which all this was asked of Ann's run."""
    world = World()
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    run_id = world.run().id
    for verb, what in life:
        world.clock.advance(1)
        before = world.run()
        answer = world.ledger.start(run_id, what) if verb == "start" else world.ledger.move(run_id, StateType(what))
        assert (world.run() == before) if isinstance(answer, Refused) else (world.run() == answer)
    return world


@given(life=lives)
def test_every_state_may_follow_the_one_before(life):
    states = lived(life).run().states

    for before, after in pairwise(states):
        again = before.type == after.type == StateType.RUNNING or (
            before.type in RETRIED and after.type == StateType.SCHEDULED
        )
        assert again or after.type in ALLOWED[before.type]


@given(life=lives)
def test_nothing_follows_an_end_but_a_retry(life):
    states = lived(life).run().states

    ends = [(before, after) for before, after in pairwise(states) if before.type.is_final]
    assert all((after.type, after.name) == (StateType.SCHEDULED, "AwaitingRetry") for _, after in ends)


@given(life=lives)
def test_there_is_one_event_for_every_state_and_no_other(life):
    world = lived(life)

    told = [event.id for event in world.events.stored.values() if event.event.startswith("prefect.flow-run.")]
    assert told == [state.id for state in world.run().states]


@given(life=lives)
def test_only_one_launch_ever_works_on_a_run(life):
    run = lived(life).run()

    taken = sum(state.type == StateType.RUNNING for state in run.states)
    assert run.run_count == taken
    assert (run.start_time is None) == (taken == 0)
    assert (run.end_time is None) == (not run.state.type.is_final)


@given(life=lives)
def test_asking_all_of_it_again_of_a_run_that_ended_changes_nothing_but_to_schedule_it_anew(life):
    world = lived([*life, ("move", "CANCELLED"), ("move", "CANCELLED")])
    run = world.run()

    for verb, what in life:
        if what == StateType.SCHEDULED:
            continue
        if verb == "start":
            world.ledger.start(run.id, what)
        else:
            world.ledger.move(run.id, StateType(what))

    assert world.run() == run
