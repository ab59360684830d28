"""SPEC 8.4 in the durable path: what follows an event of another lane waits for it, and counts once for all that."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.durable import Cloud, Died, dies_after, fails_before
from tests.engine.story import MINUTE, Document, at, automation, on, reactive

from whenflow.automations.held import SETTLED_AFTER, lane_of
from whenflow.automations.settle import Record
from whenflow.events import addressed_id, named_id
from whenflow.testing import an_event

SETTLED = SETTLED_AFTER.total_seconds()
COUNTING = reactive(expect=["x", "y"], threshold=100, within=600)


class Two:
    """Two lanes of one stream, with a matcher and a timer."""

    def __init__(self, trigger: Document = COUNTING) -> None:
        self.cloud = Cloud(automation(trigger))
        self.matcher, self.timer = self.cloud.process(), self.cloud.process()

    def record(
        self,
        name: str,
        seconds: float,
        lane: str,
        *,
        id: str,
        follows: str | None = None,
        occurred: float | None = None,
    ) -> Record:
        """Let an event be received at T+n, and return it as its lane hands it over."""
        leader = named_id(follows) if follows else None
        when = at(seconds if occurred is None else occurred)
        event = an_event(name, f"{lane}.1", id=named_id(id), occurred=when, follows=leader)
        return self.cloud.record(replace(event, received=at(seconds)), lane)

    def time_is(self, seconds: float) -> None:
        self.cloud.go_to(at(seconds))

    def count(self) -> int:
        """Return what the only window has counted; it must not have fired."""
        assert not self.cloud.firings.stored
        [count] = [row.content["window"]["count"] for row in self.cloud.rows.values() if row.content] or [0]
        return int(count)


@pytest.fixture
def two() -> Two:
    return Two()


def test_O1_a_follower_of_another_lane_waits_until_its_leader_has_been_seen():
    two = Two(reactive(after=["Running"], expect=["Failed"]))
    failed = two.record("Failed", 1, "b", id="failed", follows="running")

    assert not two.matcher.match(failed).failed
    assert two.cloud.holds.is_held(failed.event.id)
    running = two.record("Running", 2, "a", id="running", occurred=0.5)
    two.time_is(2)
    two.matcher.match(running)
    assert two.timer.ring_held(failed.event.id) == 0, "its leader was stored only now"
    two.time_is(2 + SETTLED)
    assert two.timer.ring_held(failed.event.id) == 1
    assert not two.cloud.holds.is_held(failed.event.id)


def test_O4_a_follower_whose_leader_never_comes_is_taken_in_after_fifteen_minutes(two: Two):
    lost = two.record("x", 0, "b", id="lost", follows="never")
    two.matcher.match(lost)

    for attempt in range(9):
        two.time_is(attempt * 100)
        two.timer.ring_held(lost.event.id, attempt)
        assert two.cloud.holds.is_held(lost.event.id)
    two.time_is(15 * MINUTE)
    two.timer.ring_held(lost.event.id, 9)
    assert not two.cloud.holds.is_held(lost.event.id)
    assert two.count() == 1


def test_a_follower_is_asked_for_at_growing_intervals(two: Two):
    lost = two.record("x", 0, "b", id="lost", follows="never")
    two.matcher.match(lost)

    asked = [two.cloud.holds.held[lost.event.id]]
    for _ in range(6):
        two.timer.ring_held(lost.event.id, asked[-1][1])
        asked.append(two.cloud.holds.held[lost.event.id])
    assert [seconds for seconds, _ in asked] == [2, 5, 15, 60, 180, 180, 180]


def test_a_follower_of_the_same_lane_never_waits(two: Two):
    leader_id = addressed_id(at(0), 1, 7)
    follower = an_event("x", "r.1", id=addressed_id(at(1), 1, 8), occurred=at(1), follows=leader_id)

    two.matcher.match(two.cloud.record(follower, lane_of(at(1), 1)))
    assert two.cloud.holds.held == {}
    assert two.count() == 1


def in_one_lane(two: Two, *, held: bool) -> tuple[Record, Record]:
    """Return a leader, that may have to wait itself, and what follows it in its own lane."""
    first = named_id("never") if held else None
    ids = [addressed_id(at(seconds), 1, 7 + seconds) for seconds in (1, 2)]
    leader = an_event("y", "b.1", id=ids[0], occurred=at(1), follows=first)
    follower = an_event("x", "b.1", id=ids[1], occurred=at(2), follows=ids[0])
    lane = lane_of(at(1), 1)
    return two.cloud.record(leader, lane), two.cloud.record(follower, lane)


@pytest.mark.parametrize("together", [True, False])
def test_a_follower_of_the_same_lane_waits_for_a_leader_that_is_held(two: Two, together: bool):
    leader, follower = in_one_lane(two, held=True)

    for batch in [(leader, follower)] if together else [(leader,), (follower,)]:
        two.cloud.process().match(*batch)
    assert set(two.cloud.holds.held) == {leader.event.id, follower.event.id}
    assert two.count() == 0
    two.time_is(15 * MINUTE + 2)
    two.timer.ring_held(leader.event.id)
    two.timer.ring_held(follower.event.id)
    assert two.count() == 2
    two.cloud.process().match(leader, follower)
    assert two.count() == 2


@pytest.mark.parametrize("together", [True, False])
def test_a_follower_of_the_same_lane_does_not_wait_for_a_leader_that_is_not_held(two: Two, together: bool):
    leader, follower = in_one_lane(two, held=False)

    for batch in [(leader, follower)] if together else [(leader,), (follower,)]:
        two.cloud.process().match(*batch)
    assert two.cloud.holds.asked == []
    assert two.count() == 2


def asking(two: Two) -> list[str]:
    """Count what is asked about held events from now on."""
    asked: list[str] = []
    holds = two.cloud.holds

    def counted(name: str, whole):
        def ask(*given):
            asked.append(name)
            return whole(*given)

        setattr(holds, name, ask)

    for name in ("was_held", "is_held", "last_held"):
        counted(name, getattr(holds, name))
    return asked


def followers(two: Two, seconds: float = 100) -> list[Record]:
    """Three events of three resources, each of which follows one that came before, in its lane."""
    records = []
    for number in range(3):
        ids = [addressed_id(at(seconds + place), number, 7 + place) for place in (1, 2)]
        event = an_event("x", f"r.{number}", id=ids[1], occurred=at(seconds + 2), follows=ids[0])
        records.append(two.cloud.record(event, lane_of(at(seconds), number)))
    return records


def test_where_nothing_is_held_a_batch_asks_once(two: Two):
    asked = asking(two)

    two.matcher.match(*followers(two))

    assert asked == ["last_held"]


def test_a_process_asks_nothing_about_what_it_let_go_itself(two: Two):
    leader, follower = in_one_lane(two, held=False)
    two.matcher.match(leader)
    asked = asking(two)

    two.matcher.match(follower)

    assert asked == []


@pytest.mark.parametrize(("minutes", "each"), [(19, ["was_held"] * 3), (21, [])])
def test_for_twenty_minutes_after_something_was_held_each_is_asked_about(two: Two, minutes: int, each: list[str]):
    two.matcher.match(two.record("x", 0, "b", id="lost", follows="never"))
    two.time_is(minutes * MINUTE)
    asked = asking(two)

    two.matcher.match(*followers(two, minutes * MINUTE))

    assert [one for one in asked if one != "last_held"] == each


def test_an_event_that_follows_itself_never_waits(two: Two):
    two.matcher.match(two.record("x", 0, "a", id="self", follows="self"))

    assert two.cloud.holds.held == {}
    assert two.count() == 1


def test_a_follower_waits_for_a_leader_that_is_held_itself(two: Two):
    middle = two.record("x", 1, "b", id="middle", follows="first")
    last = two.record("x", 2, "c", id="last", follows="middle")
    two.time_is(60)

    two.matcher.match(middle)
    two.matcher.match(last)
    assert set(two.cloud.holds.held) == {middle.event.id, last.event.id}
    two.matcher.match(two.record("y", 0, "a", id="first"))
    two.time_is(70)
    two.timer.ring_held(last.event.id)
    assert two.count() == 1, "not before the one in the middle"
    two.timer.ring_held(middle.event.id)
    two.timer.ring_held(last.event.id)
    assert two.count() == 3


def test_held_and_delivered_again_once_its_leader_is_there_it_counts_once(two: Two):
    follower = two.record("x", 1, "b", id="follower", follows="leader")
    two.matcher.match(follower)
    two.matcher.match(two.record("y", 0, "a", id="leader"))
    two.time_is(60)

    two.cloud.process().match(follower)
    two.timer.ring_held(follower.event.id)
    assert two.count() == 2


def test_held_and_taken_in_it_does_not_count_when_it_is_delivered_again(two: Two):
    follower = two.record("x", 1, "b", id="follower", follows="leader")
    two.matcher.match(follower)
    two.matcher.match(two.record("y", 0, "a", id="leader"))
    two.time_is(60)

    two.timer.ring_held(follower.event.id)
    two.cloud.process().match(follower)
    two.timer.ring_held(follower.event.id, 1)
    assert not two.cloud.holds.is_held(follower.event.id)
    assert two.count() == 2


def test_taken_in_behind_its_leader_it_does_not_count_when_it_is_delivered_again_alone(two: Two):
    leader = two.record("y", 0, "a", id="leader")
    follower = two.record("x", 1, "b", id="follower", follows="leader")
    two.time_is(1)
    two.matcher.match(leader, follower)
    assert two.count() == 2

    two.cloud.process().match(follower)
    two.time_is(60)
    two.timer.ring_held(follower.event.id)
    assert two.count() == 2


def test_a_process_that_dies_over_a_held_event_loses_nothing_and_counts_nothing_twice(two: Two):
    follower = two.record("x", 1, "b", id="follower", follows="never")
    two.matcher.match(follower)
    two.time_is(20 * MINUTE)

    two.cloud.faults = [fails_before, dies_after]
    with pytest.raises(Exception, match="could not be applied"):
        two.timer.ring_held(follower.event.id)
    with pytest.raises(Died):
        two.timer.ring_held(follower.event.id)
    assert two.cloud.holds.is_held(follower.event.id)
    two.cloud.process().ring_held(follower.event.id)
    assert not two.cloud.holds.is_held(follower.event.id)
    assert two.count() == 1


def test_a_follower_noted_as_held_but_not_asked_for_is_asked_for_when_it_comes_again(two: Two):
    follower = two.record("x", 1, "b", id="follower", follows="leader")
    two.cloud.holds.held[follower.event.id] = (2, 0)  # noted; then the message could not be sent
    two.matcher.match(two.record("y", 0, "a", id="leader"))
    two.time_is(60)

    two.matcher.match(follower)
    assert two.cloud.holds.asked == [follower.event.id]
    two.timer.ring_held(follower.event.id)
    assert two.count() == 2


def test_what_is_said_to_have_failed_is_what_was_handed_over(two: Two):
    leader = two.record("y", 0, "a", id="leader")
    follower = two.record("x", 1, "b", id="follower", follows="leader")
    free = two.record("x", 2, "b", id="free")

    two.cloud.faults = [fails_before]
    assert list(two.matcher.match(leader, follower, free).failed) == [leader, follower, free]
    assert not two.matcher.match(leader, follower, free).failed
    assert two.count() == 2
    two.time_is(1 + SETTLED)
    two.timer.ring_held(follower.event.id)
    assert two.count() == 3, "what went behind its leader was held as well"


def test_an_event_that_is_gone_is_waited_for_no_longer(two: Two):
    follower = two.record("x", 1, "b", id="follower", follows="never")
    two.matcher.match(follower)
    del two.cloud.events.stored[follower.event.id]

    assert two.timer.ring_held(follower.event.id) == 0
    assert not two.cloud.holds.is_held(follower.event.id)


def test_whenflows_own_events_about_a_firing_do_not_wait():
    two = Two(on("prefect.automation.*"))

    record = two.record("prefect.automation.triggered", 1, "b", id="triggered", follows="never")
    assert two.matcher.match(record).firings == 1


happenings = st.lists(
    st.one_of(
        st.tuples(st.just("match"), st.integers(0, 3), st.integers(1, 4)),
        st.tuples(st.just("ring"), st.integers(0, 7), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 2, 10, 600]), st.just(0)),
    ),
    max_size=20,
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(-1, 8), st.booleans()), min_size=2, max_size=8), happenings
)
def test_held_or_not_and_delivered_however_often_each_event_counts_once(drawn, happening):
    two = Two()
    records = []
    for number, (lane, leader, is_own) in enumerate(drawn):
        follows = None if leader < 0 else f"e{leader}"
        records.append(two.record("x", number / 10, lane, id=f"{'e' if is_own else 'o'}{number}", follows=follows))

    played(two, records, happening)

    counted = [step.event.id for step in two.cloud.steps if step.event]
    assert sorted(counted) == sorted(record.event.id for record in records)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), min_size=2, max_size=8),
    happenings,
    st.lists(st.booleans(), min_size=1),
)
def test_whatever_a_process_remembers_each_event_of_a_lane_counts_once(drawn, happening, lasting):
    two = Two()
    ids = [addressed_id(at(number / 10), shard, number) for number, (shard, _) in enumerate(drawn)]
    records = []
    for number, (shard, leader) in enumerate(drawn):
        earlier = [None, named_id("never"), *ids[:number]]
        follows = earlier[leader % len(earlier)]
        event = an_event("x", f"{shard}.1", id=ids[number], occurred=at(number / 10), follows=follows)
        records.append(two.cloud.record(event, lane_of(at(0), shard)))

    played(two, records, happening, lasting)

    counted = [step.event.id for step in two.cloud.steps if step.event]
    assert sorted(counted) == sorted(ids)


def test_taken_in_behind_its_leader_it_counts_once_however_late_it_comes_again(two: Two):
    leader = two.record("y", 0, "a", id="leader")
    follower = two.record("x", 1, "b", id="follower", follows="leader")
    two.matcher.match(leader, follower)
    assert two.count() == 2

    two.time_is(60)
    two.cloud.process().match(follower)
    two.timer.ring_held(follower.event.id)

    assert two.count() == 2


def played(two: Two, records, happening, lasting=(False,)) -> None:
    """Let that happen to the records of a stream, and then all that is left; some batches go to one lasting process."""
    done = 0
    for number, (what, which, size) in enumerate(happening):
        if what == "wait":
            two.cloud.clock.advance(which)
        elif what == "match":
            start = max(0, done - which)
            process = two.matcher if lasting[number % len(lasting)] else two.cloud.process()
            process.match(*records[start : start + size])
            done = max(done, min(start + size, len(records)))
        elif two.cloud.holds.asked:
            two.timer.ring_held(two.cloud.holds.asked[which % len(two.cloud.holds.asked)])
    two.matcher.match(*records[done:])
    two.cloud.clock.advance(20 * MINUTE)
    for event_id in list(two.cloud.holds.held):
        two.timer.ring_held(event_id)
