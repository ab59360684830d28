"""SPEC 8.3: triggers that fire when too few events came. `tick(x)` is an evaluation with the clock at T+x."""

import pytest
from tests.engine.story import HOUR, MINUTE, Story, at, keys, on, proactive, sequence, triggering

ID = "prefect.resource.id"
RUN = "prefect.flow-run"
LOOP_TIMINGS = [(), range(0, 200, 5), (3, 29, 61, 100), (1, 31, 32, 33, 59, 119)]


def sla(**fields: object) -> dict[str, object]:
    """A run that was Running must be over within a minute."""
    ended = [f"{RUN}.Completed", f"{RUN}.Cancelled"]
    return proactive(**{"after": [f"{RUN}.Running"], "expect": ended, "for_each": [ID], "within": 60, **fields})


def test_P1_without_events_the_standing_window_fires_at_each_end():
    story = Story(proactive(expect=["x"], within=30))

    fired = story.ticks(0, 9, 10, 29.999999, 30, 31, 59, 60)
    assert fired == {30: [None], 60: [None]}


@pytest.mark.parametrize("also", LOOP_TIMINGS)
def test_P2_windows_follow_each_other_without_gaps_however_often_one_looks(also):
    story = Story(proactive(expect=["x"], within=30))

    early = [moment for moment in also if moment < 5]
    late = sorted({30, 60, 90, 120, *(moment for moment in also if 5 <= moment <= 120)})
    assert story.ticks(*early) == {}
    assert story.event("x", 5) == []
    fired = [one for moment in late for one in story.tick(moment)]
    assert [(one.time - fired[0].time).total_seconds() for one in fired] == [0, 30, 60]
    assert story.windows() == [(120, 150, 0)]


def test_P3_only_the_run_that_takes_too_long_fires():
    _play_sla(Story(sla()))


def test_P4_the_event_that_arms_it_does_not_count_for_it_even_if_expected():
    _play_sla(Story(sla(expect=[f"{RUN}.*"])))


def _play_sla(story: Story) -> None:
    story.event(f"{RUN}.Running", 3, "FAST")
    story.event(f"{RUN}.Running", 4, "SLOW")
    story.event(f"{RUN}.Completed", 10, "FAST")
    story.event(f"{RUN}.Running", 23, "FAST")
    story.event(f"{RUN}.Completed", 30, "FAST")
    assert story.tick(50) == []
    fired = story.tick(64)
    assert keys(fired) == [("SLOW",)]
    assert triggering(fired) == [f"{RUN}.Running@4"]
    assert story.ticks(65, 120, 1000) == {}


def test_P5_a_queue_that_stays_unhealthy_is_told_of_and_one_that_recovers_is_not():
    trigger = proactive(after=["unhealthy"], expect=["healthy"], within=119 * MINUTE, for_each=[ID])

    story = Story(trigger)
    story.event("unhealthy", 0)
    assert story.ticks(21 * MINUTE, 120 * MINUTE, 240 * MINUTE) == {120 * MINUTE: ["unhealthy@0"]}

    story = Story(trigger)
    story.event("unhealthy", 0)
    story.event("healthy", 20 * MINUTE)
    assert story.ticks(21 * MINUTE, 120 * MINUTE, 1000 * MINUTE) == {}


def test_P6_enough_heartbeats_restart_the_window_and_too_few_fire():
    trigger = proactive(after=["beat"], expect=["beat"], threshold=2, within=10)

    story = Story(trigger)
    assert story.event("beat", 1) == story.event("beat", 2) == story.event("beat", 3) == []
    assert story.ticks(11, 12, 12.999999, 13, 30, 40) == {13: ["beat@3"]}

    story = Story(trigger)
    assert story.event("beat", 1) == story.event("beat", 3) == []
    assert story.ticks(10, 11, 30, 40) == {11: ["beat@3"]}


def test_P7_a_heartbeat_that_stops_is_told_of_once():
    story = Story(proactive(after=[f"{RUN}.heartbeat"], expect=[f"{RUN}.*"], for_each=[ID], within=90))

    story.event(f"{RUN}.heartbeat", 0)
    story.event(f"{RUN}.heartbeat", 30)
    assert story.ticks(31, 119, 121, 300) == {121: [f"{RUN}.heartbeat@30"]}


def test_P8_each_beat_moves_the_limit_on():
    story = Story(proactive(after=["beat"], expect=["beat"], for_each=[ID], within=5 * MINUTE))

    assert story.tick(0) == []
    story.event("beat", 1 * MINUTE)
    story.event("beat", 2 * MINUTE)
    assert story.ticks(5 * MINUTE, 10 * MINUTE) == {10 * MINUTE: ["beat@120"]}


def test_P9_a_window_begun_anew_keeps_the_event_that_began_it():
    states = [f"{RUN}.{name}" for name in ("Pending", "Running", "Paused")]
    story = Story(proactive(after=states, expect=[f"{RUN}.*"], for_each=[ID], within=2 * HOUR))

    story.event(f"{RUN}.Running", 0, id="first")
    story.event(f"{RUN}.Running", 30 * MINUTE, id="second")
    assert story.ticks(2 * HOUR, 2.5 * HOUR + MINUTE) == {2.5 * HOUR + MINUTE: ["second"]}


def test_P10_once_told_of_it_must_be_armed_again():
    story = Story(sla())

    story.event(f"{RUN}.Running", 0)
    assert story.ticks(60, 61, 120, 10_000) == {60: [f"{RUN}.Running@0"]}
    story.event(f"{RUN}.Running", 10_001)
    assert story.ticks(10_060, 10_061) == {10_061: [f"{RUN}.Running@10001"]}


def test_P11_without_the_event_that_arms_it_it_never_fires():
    story = Story(proactive(after=["a"], expect=["b"], within=10))

    assert story.windows() == []
    assert story.ticks(*range(0, 200, 5)) == {}
    story.event("b", 201)
    assert story.ticks(*range(205, 300, 5)) == {}
    story.event("a", 301)
    assert story.ticks(310, 311, 400) == {311: ["a@301"]}


@pytest.mark.parametrize("threshold", [0, -1])
@pytest.mark.parametrize("fields", [{}, {"after": ["a"]}, {"for_each": [ID]}, {"after": ["x"], "for_each": [ID]}])
def test_P12_fewer_than_no_events_can_never_come(threshold: int, fields):
    story = Story(proactive(expect=["x"], within=10, threshold=threshold, **fields))

    assert story.tick(0) == []
    assert story.event("a", 1) == story.event("x", 2) == []
    assert story.ticks(10, 12, 20, 1000) == {}


def _first_steps(story: Story) -> None:
    story.event(f"{RUN}.Pending", 0, related=[{ID: "flow.1", "prefect.resource.role": "flow"}])
    story.event(f"{RUN}.Running", 1, related=[{ID: "flow.1", "prefect.resource.role": "flow"}])
    story.event("prefect.log.write", 2, related=[{ID: "flow.1", "prefect.resource.role": "flow"}])


def _stuck() -> Story:
    flows = [{"prefect.resource.role": "flow", ID: ["flow.1", "flow.2"]}]
    return Story(sla(expect=[f"{RUN}.*"], within=2 * HOUR, match_related=flows))


LOOKS = [n * MINUTE for n in (3, 5, 119, 120, 121, 123, 124, 125, 250)]


def test_P13_a_run_that_completed_is_not_told_of():
    story = _stuck()
    _first_steps(story)
    story.event(f"{RUN}.Completed", 4, related=[{ID: "flow.1", "prefect.resource.role": "flow"}])

    assert story.ticks(*LOOKS) == {}


def test_P14_a_run_that_did_not_complete_is_told_of_once():
    story = _stuck()
    _first_steps(story)

    assert story.ticks(*LOOKS) == {121 * MINUTE: [f"{RUN}.Running@1"]}


def test_P15_after_a_long_gap_it_is_told_of_then_and_once():
    story = _stuck()
    _first_steps(story)

    assert story.ticks(250 * MINUTE, 250 * MINUTE + 1, 450 * MINUTE) == {250 * MINUTE: [f"{RUN}.Running@1"]}


def _backlog() -> Story:
    story = Story(
        proactive(after=["Pending"], expect=["*"], for_each=[ID], match={ID: "run.*"}, within=5 * MINUTE),
    )
    assert story.event("Pending", 0, "run.1", occurred=-20 * MINUTE) == []
    assert story.ticks(1 * MINUTE, 4 * MINUTE) == {}, "the events are still being caught up with"
    return story


def test_P16_while_a_backlog_is_read_nothing_is_missed():
    story = _backlog()

    story.event("Running", 5 * MINUTE, "run.1", occurred=-19 * MINUTE)
    assert story.tick(6 * MINUTE) == []


def test_P17_what_is_missing_from_a_backlog_is_told_of():
    story = _backlog()

    assert triggering(story.tick(6 * MINUTE)) == ["Pending@-1200"]


def test_P18_any_event_moves_the_clock_that_absence_is_told_by():
    story = _backlog()

    story.event("unrelated", 5 * MINUTE, "other.1", occurred=-6 * MINUTE)
    assert triggering(story.tick(6 * MINUTE)) == ["Pending@-1200"]


def test_P18_an_event_as_old_as_the_backlog_does_not_move_it_on():
    story = _backlog()

    story.event("unrelated", 5 * MINUTE, "other.1", occurred=-20 * MINUTE)
    assert story.tick(6 * MINUTE) == []


def test_P19_each_key_counts_by_itself_and_a_silent_key_is_forgotten():
    story = Story(proactive(expect=["x"], for_each=[ID], threshold=3, within=60))

    for key, seconds in (("A", 1), ("B", 1), ("A", 2), ("B", 2), ("B", 3)):
        assert story.event("x", seconds, key, id=f"{key}@{seconds}") == []
    assert story.tick(50) == []
    fired = story.tick(61)
    assert (keys(fired), triggering(fired)) == ([("A",)], ["A@2"])
    fired = story.tick(130)
    assert (keys(fired), triggering(fired)) == ([("B",)], ["B@3"]), "B was heard, so it was expected once more"
    assert story.ticks(191, 1000) == {}


def test_P20_after_a_down_time_what_fell_due_is_told_of():
    story = Story(sla(), proactive(expect=["x"], within=60))

    story.event(f"{RUN}.Running", 10)
    fired = story.tick(10 * HOUR)
    assert sorted(triggering(fired), key=str) == [None, f"{RUN}.Running@10"]
    assert story.windows() == [(10 * HOUR, 10 * HOUR + 60, 0)], "windows that passed unobserved are told of once"


def test_P21_a_key_once_heard_is_expected_again_in_the_next_window():
    story = Story(proactive(expect=["d"], for_each=[ID], within=10))

    assert story.event("d", 12) == []
    assert story.ticks(21, 22, 31, 32, 42, 100) == {32: ["d@12"]}
    assert story.event("d", 120) == []
    assert story.event("d", 135) == []
    assert story.ticks(140, 149, 150) == {150: ["d@135"]}


@pytest.mark.parametrize("looks", [(11, 16), (16,), (3, 11, 16)])
def test_P22_what_was_met_can_be_armed_again_at_once(looks):
    story = Story(proactive(after=["a"], expect=["b"], for_each=[ID], within=10))

    story.event("a", 0)
    story.event("b", 2)
    assert story.ticks(*(look for look in looks if look < 5)) == {}
    story.event("a", 5)
    assert story.ticks(*(look for look in looks if look > 5)) == {16: ["a@5"]}


def test_a_proactive_window_lasts_ten_seconds_unless_said_otherwise():
    story = Story(proactive(expect=["x"]))

    assert story.ticks(9.999999, 10) == {10: [None]}


def test_an_event_beyond_the_window_tells_of_it_before_it_counts_for_the_next():
    story = Story(proactive(expect=["x"], within=30))

    assert triggering(story.event("x", 40)) == [None]
    assert story.ticks(60) == {}, "the event at 40 was in [30, 60)"
    assert story.ticks(90) == {90: [None]}


def test_windows_are_closed_in_order_of_their_ends_whatever_the_order_of_the_triggers():
    silences = [proactive(expect=["x"], within=20), proactive(expect=["y"], within=30)]

    [fired] = Story(sequence(*silences)).tick(30)
    assert [one.time for one in fired.children] == [at(20), at(30)]
    assert Story(sequence(*reversed(silences))).tick(30) == []


def test_an_absence_can_be_a_step_of_a_sequence():
    story = Story(sequence(on("a"), proactive(expect=["x"], within=30)))

    story.event("a", 5)
    [fired] = story.tick(30)
    assert triggering(fired.children) == ["a@5", None]
    assert fired.event is None
