"""SPEC 8.2: triggers that fire when enough events came."""

import random

import pytest
from tests.engine.story import HOUR, Story, keys, on, reactive, related, triggering

ID = "prefect.resource.id"


def test_R1_without_window_and_threshold_each_event_fires():
    story = Story(on("x"))

    assert triggering(story.event("x", 0)) == ["x@0"]
    assert triggering(story.event("x", 10.000001)) == ["x@10.000001"]


def test_R2_fires_eagerly_at_the_third_event_then_is_deaf_for_the_rest_of_the_window():
    story = Story(on("x", threshold=3, within=10))

    assert story.event("x", 0) == story.event("x", 1) == []
    assert triggering(story.event("x", 2)) == ["x@2"]
    assert story.event("x", 3) == story.event("x", 4) == []
    assert story.event("x", 24) == story.event("x", 25) == []
    assert triggering(story.event("x", 26)) == ["x@26"]


def test_R3_three_events_that_do_not_fit_one_window_do_not_fire():
    story = Story(on("x", threshold=3, within=10))

    assert story.event("x", 0) == story.event("x", 1) == story.event("x", 21) == []


def test_R4_without_window_every_nth_event_fires():
    story = Story(on("x", threshold=3))

    fired = [triggering(story.event("x", n * HOUR)) for n in range(1, 9)]
    assert fired == [[], [], ["x@10800"], [], [], ["x@21600"], [], []]


def test_R5_an_event_far_ahead_fires_again():
    story = Story(on("x", within=10))

    assert triggering(story.event("x", 0)) == ["x@0"]
    assert triggering(story.event("x", 999)) == ["x@999"]


def test_R6_ten_events_delivered_in_reverse_fire_once_with_the_one_delivered_last():
    story = Story(on("x", threshold=10, within=60))

    moments = [n / 1_000_000 for n in range(10)]
    fired = [one for when in reversed(moments) for one in story.event("x", 1, occurred=when, id=f"{when:.6f}")]
    assert triggering(fired) == ["0.000000"]


@pytest.mark.parametrize("seed", range(5))
def test_R7_fifty_events_at_once_fire_once_each_in_whatever_order(seed: int):
    story = Story(on("x"))
    numbers = list(range(50))
    random.Random(seed).shuffle(numbers)

    fired = [one for n in numbers for one in story.event("x", 1, occurred=n / 1000, id=str(n))]
    assert triggering(fired) == [str(n) for n in numbers]
    assert len({one.id for one in fired}) == 50


def test_R8_each_combination_of_labels_counts_by_itself():
    genus, species = "related:meal:genus", "related:meal:species"
    story = Story(on("eaten", for_each=[genus, species], threshold=3, within=600))
    a, b = [related("meal", genus="A", species="a")], [related("meal", genus="B", species="b")]

    assert story.event("eaten", 1, related=a) == story.event("eaten", 2, related=a) == []
    assert story.event("eaten", 3, related=b) == []
    [first] = story.event("eaten", 4, related=a)
    assert first.labels == {genus: "A", species: "a"}
    assert story.event("eaten", 5, related=b) == []
    [second] = story.event("eaten", 6, related=b)
    assert second.labels == {genus: "B", species: "b"}


def test_R9_events_that_lack_the_label_share_a_key():
    story = Story(on("x", for_each=["team"], threshold=2, within=60))

    assert story.event("x", 1, "r.1") == []
    assert story.event("x", 2, {ID: "r.3", "team": "blue"}) == []
    [fired] = story.event("x", 3, {ID: "r.2", "team": ""})
    assert fired.labels == {"team": ""}


def test_R10_it_fires_again_at_the_very_end_of_the_window_and_not_before():
    story = Story(on("x", within=10))

    assert triggering(story.event("x", 0)) == ["x@0"]
    assert story.event("x", 5) == []
    assert triggering(story.event("x", 10)) == ["x@10"]


def test_R11_only_what_is_expected_opens_a_window_and_the_next_begins_at_its_end():
    story = Story(on("Failed", for_each=[ID], within=10))

    assert story.event("Running", 0) == []
    assert story.windows() == []
    assert len(story.event("Failed", 1)) == 1
    assert story.windows() == [(11, 21, 0)]
    story.tick(21)
    assert story.windows() == [(11, 21, 0)], "a Reactive window is closed by events only"
    story.tick(21 + 61)
    assert triggering(story.event("Failed", 83)) == ["Failed@83"], "and is in nobody's way"


@pytest.mark.parametrize("threshold", [0, 1, -3])
def test_R12_what_is_expected_counts_only_after_what_starts_it(threshold: int):
    trigger = reactive(after=["scheduled"], expect=["completed"], for_each=[ID], threshold=threshold)
    story = Story(trigger)

    assert story.event("scheduled", 0, "run.1") == []
    assert story.event("completed", 1, "run.2") == []
    [fired] = story.event("completed", 2, "run.1")
    assert triggering([fired]) == ["completed@2"]
    assert fired.labels == {ID: "run.1"}


@pytest.mark.parametrize("threshold", [0, 1])
def test_R13_any_event_after_the_first_fires_and_not_the_first_itself(threshold: int):
    story = Story(reactive(after=["pending"], expect=[], for_each=[ID], threshold=threshold))

    assert story.event("other", 0, "run.1") == []
    assert story.event("pending", 1, "run.1") == []
    assert story.event("pending", 2, "run.2") == []
    assert triggering(story.event("running", 3, "run.1")) == ["running@3"]
    assert story.event("completed", 4, "run.1") == [], "it has to be armed again"
    assert triggering(story.event("late", 5, "run.2")) == ["late@5"]


def test_R14_an_event_that_starts_and_is_expected_fires_every_second_time():
    story = Story(reactive(after=["x"], expect=["x"]))

    fired = [triggering(story.event("x", n * HOUR)) for n in range(1, 7)]
    assert fired == [[], ["x@7200"], [], ["x@14400"], [], ["x@21600"]]


def test_R15_an_event_that_starts_and_is_expected_fires_every_second_time_in_its_window():
    story = Story(reactive(after=["x"], expect=["x"], within=5))

    fired = [one for seconds in (1, 2, 3, 4, 61, 62) for one in story.event("x", seconds)]
    assert triggering(fired) == ["x@2", "x@4", "x@62"]


def test_R16_a_window_that_is_over_does_not_stop_the_next_from_being_armed():
    story = Story(reactive(after=["a"], expect=["b"], within=10))

    assert story.event("a", 0) == story.event("a", 30) == []
    assert triggering(story.event("b", 31)) == ["b@31"]


def test_R17_without_window_what_was_armed_waits_without_deadline():
    story = Story(reactive(after=["a"], expect=["b"]))

    assert story.event("a", 0) == []
    assert triggering(story.event("b", 100)) == ["b@100"]
    assert story.event("b", 101) == []
    assert story.event("a", 102) == []
    assert triggering(story.event("b", 103)) == ["b@103"]
    assert story.event("a", 104) == []
    assert triggering(story.event("b", 90 * 24 * HOUR)) == ["b@7776000"]


def test_R18_a_star_in_a_name_stands_for_one_character_at_least():
    story = Story(on("fo*", "bar"))

    assert triggering(story.event("foo", 0) + story.event("bar", 1)) == ["foo@0", "bar@1"]
    assert story.event("fo", 2) == story.event("barn", 3) == story.event("xbar", 4) == []
    assert Story(on("f?o", "fo[o]", "!foo")).event("foo", 0) == [], "only a star is special"


def test_R19_an_event_delivered_twice_counts_once():
    story = Story(on("x", threshold=2, within=60))

    assert story.event("x", 0, id="one") == []
    assert story.event("x", 1, id="one") == []
    assert story.outcome == "duplicate"
    assert story.event("x", 12 * HOUR, id="one") == [], "however much later"
    assert triggering(story.event("x", 12 * HOUR, occurred=1, id="two")) == ["two"]


def test_R20_after_a_firing_what_occurred_before_the_next_window_is_ignored():
    story = Story(on("x", within=10))

    assert len(story.event("x", 0)) == 1
    assert story.event("x", 20, occurred=9.999999) == []
    assert triggering(story.event("x", 21, occurred=10)) == ["x@10"]


def test_a_late_event_that_belongs_to_a_window_told_of_already_is_ignored():
    story = Story(on("x", threshold=2, within=10))

    assert story.event("x", 0) == []  # [-900, 10)
    assert story.event("x", 20) == []  # [10, 30): the one before ended at 10
    assert story.event("x", 21, occurred=9) == [], "too late for the first, too early for the second"
    assert triggering(story.event("x", 22, occurred=10)) == ["x@10"]


def test_keys_are_told_in_order_of_their_labels():
    story = Story(on("x", for_each=["b", "a", "b"]))

    fired = story.event("x", 0, {ID: "r", "a": "1", "b": "2"})
    assert list(fired[0].labels) == ["a", "b"]
    assert keys(fired) == [("1", "2")]
