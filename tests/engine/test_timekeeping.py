"""Windows that time closes, in the durable path: at their end, once, and by whatever process the ring reaches."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.engine.durable import Cloud, Died, Failed, conflicting, dies_after, fails_before
from tests.engine.story import HOUR, MINUTE, at, automation, on, proactive, sequence
from tests.engine.times import ID, Times, event

from whenflow.automations.rows import SLOT, RowKey
from whenflow.automations.timekeeping import Timekeeper
from whenflow.automations.witnesses import Witnesses
from whenflow.ports import Due
from whenflow.testing.windows import MemoryWindowStore


@pytest.mark.parametrize("within", [10, 59, 60, 61, 119, 150])
def test_a_standing_window_fires_at_each_of_its_ends_to_the_second(within: int):
    times = Times(proactive(expect=["x"], within=within))

    times.time_is(5 * MINUTE)
    assert times.fired() == [(float(end), None) for end in range(within, int(5 * MINUTE) + 1, within)]


def test_an_event_keeps_a_standing_window_quiet():
    times = Times(proactive(expect=["x"], within=60))

    times.happens("x", 10)
    times.happens("x", 60)
    times.time_is(179)
    assert times.fired() == []
    times.time_is(180)
    assert times.fired() == [(180, None)]
    assert times.near_misses() == []


def test_a_timer_that_has_seen_the_window_before_still_finds_it_armed_again():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))

    times.happens("a", 0)
    times.time_is(31)
    times.happens("a", 40)
    times.happens("b", 50)
    times.happens("a", 100)
    times.time_is(200)
    assert times.fired() == [(30, "a@0"), (130, "a@100")]


def test_a_timer_that_has_seen_the_window_before_counts_what_came_since():
    times = Times(proactive(expect=["x"], within=30, threshold=2))

    for seconds in range(0, 300, 10):
        times.happens("x", seconds)
    assert times.fired() == []
    assert times.near_misses() == []


def test_heartbeats_move_the_limit_on_and_the_last_one_is_told_of():
    times = Times(proactive(after=["beat"], expect=["beat"], within=90))

    for seconds in range(0, 600, 30):
        times.happens("beat", seconds)
    times.time_is(1000)
    assert times.fired() == [(570 + 90, "beat@570")]


def test_a_ring_that_comes_early_late_or_twice_does_no_harm():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    cloud, timer = times.cloud, times.timer
    times.matcher.match(cloud.record(event("a", 0)))
    [row] = cloud.rows.values()
    ring = Due(row.key, row.automation_id, at(30))

    cloud.go_to(at(29.999))
    assert timer.ring(ring) == 0
    cloud.go_to(at(45))
    assert timer.ring(ring) == 1
    assert timer.ring(ring) == cloud.process().ring(ring) == 0
    assert times.fired() == [(45, "a@0")]
    assert cloud.due() == []


def test_two_timers_that_ring_at_once_fire_once():
    times = Times(proactive(expect=["x"], within=30))
    times.timer.timer.sweep()
    times.cloud.go_to(at(30))
    [due] = times.cloud.due()

    times.cloud.faults = [conflicting(lambda: times.matcher.ring(due))]
    times.timer.ring(due)
    assert times.fired() == [(30, None)]


def test_P20_after_a_down_time_everything_that_fell_due_is_told_of():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))
    times.happens("a", 0, "r.1")
    times.cloud.timers.asked.clear()  # the queue is lost as well

    times.cloud.go_to(at(10 * HOUR))
    times.matcher = times.timer = times.cloud.process()
    times.time_is(10 * HOUR + 1)
    assert times.fired() == [(10 * HOUR, "a@0")]


def test_a_sweep_that_was_interrupted_is_gone_on_with(monkeypatch: pytest.MonkeyPatch):
    times = Times(proactive(after=["a"], expect=["b"], within=5 * MINUTE, for_each=[ID]))
    for number in range(3):
        times.happens("a", number, f"r.{number}")

    times.cloud.go_to(at(4 * MINUTE))
    with monkeypatch.context() as broken, pytest.raises(ConnectionError):
        broken.setattr(times.cloud.timers, "ring_at", _broken)
        times.timer.timer.sweep()
    times.time_is(6 * MINUTE)
    assert times.fired() == [(300 + number, f"a@{number}") for number in range(3)]


def _broken(_due: Due) -> None:
    raise ConnectionError


def test_after_a_long_down_time_a_sweep_that_is_cut_short_has_come_some_way():
    cloud, ranges = Cloud(), []
    clock, progress = cloud.clock, cloud.progress

    class Windows(MemoryWindowStore):
        def due(self, since: datetime, until: datetime) -> Iterator[Due]:
            ranges.append((since, until))
            if len(ranges) == 20:
                raise ConnectionError
            return iter(())

    keeper = Timekeeper(Windows(cloud.firings), cloud.timers, progress, Witnesses(cloud.events, clock), clock)
    keeper.sweep()
    assert ranges[0][0] >= at(0) - timedelta(hours=2), "a new stack has no past"
    ranges.clear()

    cloud.go_to(at(40 * HOUR))
    with pytest.raises(ConnectionError):
        keeper.sweep()
    keeper.sweep()
    assert ranges[0][0] <= at(0)
    assert ranges[-1][1] > at(40 * HOUR)
    assert all(later[0] <= earlier[1] for earlier, later in zip(ranges, ranges[1:], strict=False)), "without gaps"
    assert len(ranges) < 50, "and hardly twice"
    keeper.sweep()
    assert ranges[-1][0] < at(40 * HOUR), "it overlaps with the one before"


def test_a_process_that_dies_before_it_has_asked_for_the_ring_loses_nothing():
    times = Times(proactive(after=["a"], expect=["b"], within=90))
    times.time_is(30)

    record = times.cloud.record(event("a", 30))
    times.cloud.faults = [dies_after]
    with pytest.raises(Died):
        times.matcher.match(record)
    times.cloud.process().match(record)
    assert times.cloud.timers.asked == []
    times.time_is(200)
    assert times.fired() == [(120, "a@30")]


def test_a_window_that_was_over_when_its_event_came_is_closed_at_once_even_if_the_process_dies():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    late = times.cloud.record(event("a", 0))
    times.time_is(5 * MINUTE)

    times.cloud.faults = [dies_after]
    with pytest.raises(Died):
        times.matcher.match(late)
    times.cloud.progress.note(at(5 * MINUTE), at(5 * MINUTE))
    times.time_is(7 * MINUTE)
    assert [fired for _, fired in times.fired()] == ["a@0"]


def test_a_ring_that_fails_is_given_again():
    times = Times(proactive(expect=["x"], within=30))
    times.timer.timer.sweep()
    times.cloud.go_to(at(30))
    [due] = times.cloud.due()

    times.cloud.faults = [fails_before]
    with pytest.raises(Failed):
        times.timer.ring(due)
    assert times.timer.ring(due) == 1


def test_while_a_backlog_is_read_the_events_clock_decides():
    times = Times(proactive(after=["a"], expect=["b"], within=5 * MINUTE), witnesses=False)
    old = times.cloud.record(event("a", 0))

    times.cloud.go_to(at(20 * MINUTE))
    times.matcher.match(old)
    times._next_sweep = at(20 * MINUTE)
    times.time_is(24.9 * MINUTE)
    assert times.fired() == [], "b may be in what is still to be read"
    times.time_is(26 * MINUTE)
    assert times.fired() == [(25 * MINUTE, "a@0")]


def test_a_standing_trigger_that_is_replaced_begins_anew():
    times = Times(proactive(expect=["x"], within=60))
    times.time_is(HOUR + 10)
    before = len(times.fired())

    changed = automation(proactive(expect=["y"], within=60)).model_copy(update={"updated": at(HOUR + 10)})
    times.cloud.automations = [changed]
    times.matcher = times.timer = times.cloud.process()
    times.time_is(HOUR + 150)
    assert times.fired()[before:] == [(HOUR + 70, None), (HOUR + 130, None)]


def test_a_ring_for_what_is_switched_off_finds_nothing():
    times = Times(proactive(expect=["x"], within=60))
    times.time_is(30)
    [row] = times.cloud.rows.values()

    times.cloud.automations = [times.automation.model_copy(update={"enabled": False})]
    assert times.cloud.process().ring(Due(row.key, row.automation_id, at(60))) == 0


def test_switched_off_and_on_a_window_begins_anew():
    times = Times(proactive(expect=["x"], within=60))
    times.time_is(30)

    times.cloud.automations = [times.automation.model_copy(update={"since": at(45), "updated": at(45)})]
    times.timer = times.matcher = times.cloud.process()
    times.time_is(200)
    assert times.fired() == [(105, None), (165, None)]


def test_a_silence_can_complete_a_sequence_once():
    times = Times(sequence(on("a"), proactive(expect=["x"], within=60)))

    times.happens("a", 5)
    times.time_is(300)
    assert times.fired() == [(60, None)]
    [fired] = times.cloud.firings.stored.values()
    assert [child["event"] for child in fired.children] == ["a@5", None]


def test_a_key_of_any_length_is_told_of_whole():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))
    long = "s3://a-bucket/" + "a-folder/" * 500

    times.happens("a", 0, long)
    times.time_is(40)
    [fired] = times.cloud.firings.stored.values()
    assert fired.labels == {ID: long}


def test_nothing_is_asked_for_that_is_not_due_soon():
    times = Times(proactive(after=["a"], expect=["b"], within=HOUR))

    times.matcher.match(times.cloud.record(event("a", 0)))
    times.timer.timer.sweep()
    assert times.cloud.timers.asked == []
    key = RowKey(SLOT, times.automation.trigger.id)
    assert times.cloud.rows[key].due == at(HOUR)


def test_a_ring_is_asked_for_once_however_often_its_window_is_counted_in():
    times = Times(proactive(after=["a"], expect=["b"], within=90, threshold=50))
    times.matcher.match(times.cloud.record(event("a", 0)))

    for second in range(1, 30):
        times.happens("b", second)
    assert len(times.cloud.commits) == 30
    assert [due.at for due in times.cloud.timers.asked] == [at(90)] * 2, "when it was opened, and by the sweep"


def test_a_ring_that_was_early_by_a_clock_that_is_ahead_is_asked_for_again():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.matcher.match(times.cloud.record(event("a", 0)))
    [early] = times.cloud.timers.ringing(at(30))

    times.cloud.go_to(at(29.5))
    times.timer.ring(early)
    assert [due.at for due in times.cloud.timers.asked] == [at(30)]


def test_a_sweep_that_does_not_know_yet_that_an_automation_was_switched_on_anew_goes_on():
    times = Times(proactive(expect=["x"], within=30))
    times.time_is(5)
    old = times.cloud.process()
    times.cloud.automations = [times.automation.model_copy(update={"since": at(6), "updated": at(6)})]
    times.timer = times.cloud.process()
    times.timer.timer.sweep()

    times.cloud.go_to(at(7))
    times.cloud.timers.asked.clear()
    assert old.timer.sweep() == 1
    [row] = times.cloud.rows.values()
    assert (row.since, row.due) == (at(6), at(36))
