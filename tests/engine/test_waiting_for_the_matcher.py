"""An absence is not told while the matcher is behind; a matcher that is dead delays it by a minute."""

from tests.engine.durable import fails_before, no_fault
from tests.engine.story import MINUTE, at, proactive
from tests.engine.times import ID, Times, event


def test_an_absence_waits_for_a_matcher_that_is_behind_and_is_decided_by_what_it_counts():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    late = times.happens("b", 10, matched=False)

    times.time_is(40)
    assert (times.fired(), times.near_misses()) == ([], [])
    times.matcher.match(times.cloud.record(late))
    times.time_is(200)
    assert (times.fired(), times.near_misses()) == ([], [])
    assert times.cloud.due() == []


def test_once_the_matcher_has_caught_up_an_absence_is_told_soon():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    late = times.happens("c", 20, matched=False)

    times.time_is(33)
    times.matcher.match(times.cloud.record(late))
    times.happens("c", 33)
    times.time_is(60)
    assert times.fired() == [(34, "a@0")]


def test_a_dead_matcher_delays_an_absence_by_a_minute_and_silences_none():
    times = Times(proactive(expect=["x"], within=30))
    times.happens("y", 10, matched=False)

    times.time_is(200)
    assert times.fired() == [(90, None), *((float(end), None) for end in range(120, 201, 30))]
    assert times.near_misses() == []


def test_each_window_waits_for_the_matcher_anew():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.happens("c", 20, matched=False)
    times.time_is(100)
    times.happens("a", 300)
    times.happens("c", 320, matched=False)

    times.time_is(500)
    assert times.fired() == [(90, "a@0"), (390, "a@300")]


def test_a_window_that_has_moved_on_waits_for_the_matcher_anew():
    times = Times(proactive(after=["beat"], expect=["beat"], within=30))
    times.happens("beat", 0)
    second = times.happens("beat", 25, matched=False)
    times.time_is(35)
    times.matcher.match(times.cloud.record(second))
    times.happens("d", 36)

    times.happens("c", 50, matched=False)
    times.time_is(300)
    assert times.fired() == [(25 + 30 + 60, "beat@25")]


def test_a_timer_that_was_down_waits_for_the_matcher_as_well():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    late = times.happens("b", 10, matched=False)
    times.cloud.timers.asked.clear()

    times.cloud.go_to(at(10 * MINUTE))
    times._next_sweep = at(10 * MINUTE)
    times.time_is(10 * MINUTE + 5)
    assert (times.fired(), times.near_misses()) == ([], [])
    times.matcher.match(times.cloud.record(late))
    times.time_is(20 * MINUTE)
    assert (times.fired(), times.near_misses()) == ([], [])


def test_events_of_after_a_window_are_not_waited_for():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.cloud.record(event("b", 30.5))

    times.time_is(40)
    assert times.fired() == [(30, "a@0")]


def test_events_that_the_matcher_saw_before_it_knew_of_the_trigger_are_not_waited_for():
    times = Times(proactive(expect=["x"], within=30))
    times.happens("y", 1, matched=False)

    times.time_is(40)
    assert times.fired() == [(30, None)]


def test_a_batch_that_failed_is_not_read():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))
    times.happens("a", 0)
    times.time_is(6)
    records = [times.cloud.record(event("a", seconds, f"r.{seconds}")) for seconds in (7, 8, 9)]

    times.cloud.faults = [no_fault, fails_before]
    times.matcher.match(*records)
    assert times.cloud.progress.reached() == {0: at(7)}
    times.matcher.match(*records)
    assert times.cloud.progress.reached() == {0: at(9)}
