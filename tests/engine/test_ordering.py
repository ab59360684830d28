"""SPEC 8.4: an event that follows another is taken in after it."""

from tests.engine.story import HOUR, MINUTE, Story, on, proactive, reactive, triggering

from whenflow.automations.ordering import MAX_DEPTH


def failures() -> Story:
    """Fires on what failed after it was running."""
    return Story(reactive(after=["Running"], expect=["Failed"]))


def test_O1_a_follower_waits_for_the_one_it_follows():
    story = failures()

    assert story.event("Pending", 0) == []
    assert story.event("Failed", 1, follows="running") == []
    assert story.outcome == "waiting"
    fired = story.event("Running", 2, occurred=0.5, id="running")
    assert triggering(fired) == ["Failed@1"]
    assert story.order.waiting == {}


def test_O2_what_overtakes_its_leader_is_no_absence():
    story = Story(proactive(after=["Running"], expect=["Completed"], within=2 * HOUR))

    story.event("Pending", 0)
    story.event("Completed", 2, follows="running")
    story.event("Running", 3, occurred=1, id="running")
    assert story.ticks(HOUR, 2 * HOUR, 2 * HOUR + 1, 10 * HOUR) == {}


def test_O3_a_follower_received_long_ago_does_not_wait():
    story = Story(on("Failed"))

    late = 15 * MINUTE
    assert triggering(story.event("Failed", late, received=0, follows="never")) == [f"Failed@{late:g}"]
    assert story.event("Failed", late + 1, received=1.000001, follows="never") == []
    assert story.outcome == "waiting"


def test_O4_lost_followers_are_taken_in_after_fifteen_minutes_in_the_order_they_occurred():
    story = failures()

    story.event("Failed", 2, follows="never")
    story.event("Running", 3, occurred=1, follows="never")
    assert story.tick(10 * MINUTE) == []
    assert triggering(story.tick(20 * MINUTE)) == ["Failed@2"]
    assert story.order.waiting == {}
    assert story.tick(40 * MINUTE) == []


def test_O5_an_event_that_follows_itself_does_not_wait():
    story = Story(on("x"))

    assert triggering(story.event("x", 0, id="self", follows="self")) == ["self"]


def test_O6_a_chain_delivered_backwards_is_taken_in_forwards():
    story = Story(on("x"))

    assert story.event("x", 3, id="c", follows="b") == []
    assert story.event("x", 4, occurred=2, id="b", follows="a") == []
    assert triggering(story.event("x", 5, occurred=1, id="a")) == ["a", "b", "c"]


def test_O6_a_chain_too_deep_is_bounded_and_none_of_it_is_lost():
    story = Story(on("x"))
    length = 2 * MAX_DEPTH + 5

    for n in range(length, 0, -1):
        assert story.event("x", 1, occurred=n / 100, id=str(n), follows=str(n - 1)) == []
    at_once = triggering(story.event("x", 2, occurred=0, id="0"))
    assert at_once == [str(n) for n in range(MAX_DEPTH + 1)]
    later = triggering(story.tick(20 * MINUTE))
    assert sorted(map(int, filter(None, at_once + later))) == list(range(length + 1)), "each once"


def test_O7_a_follower_that_comes_twice_waits_once():
    story = Story(on("x"))

    story.event("x", 1, id="follower", follows="leader")
    story.event("x", 2, id="follower", follows="leader")
    assert list(story.order.waiting) == ["follower"]
    assert triggering(story.event("x", 3, occurred=0, id="leader")) == ["leader", "follower"]
    assert story.event("x", 4, id="follower", follows="leader") == []
    assert story.outcome == "duplicate"


def test_two_followers_of_one_leader_are_taken_in_as_they_occurred():
    story = Story(on("x"))

    story.event("x", 5, occurred=4, id="later", follows="leader")
    story.event("x", 6, occurred=3, id="sooner", follows="leader")
    assert triggering(story.event("x", 7, occurred=1, id="leader")) == ["leader", "sooner", "later"]


def test_a_leader_that_no_trigger_cares_for_releases_its_followers_all_the_same():
    story = Story(on("x"))

    story.event("x", 1, id="follower", follows="leader")
    assert triggering(story.event("unheard.of", 2, id="leader")) == ["follower"]


def test_an_event_that_waits_moves_the_clock():
    story = Story(proactive(after=["a"], expect=["b"], within=10))

    story.event("a", 0)
    story.event("x", 100, occurred=5, follows="never")
    assert story.tick(101) == [], "5 s after T by the events' clock"
