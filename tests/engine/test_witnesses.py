"""Before an absence is told, the event store is asked for witnesses."""

from tests.engine.story import at, proactive
from tests.engine.times import ID, Times, event


def test_before_an_absence_is_told_of_the_event_store_is_asked():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))

    times.happens("a", 0)
    missed = times.happens("b", 10, matched=False)
    times.time_is(100)
    assert times.fired() == []
    [told] = times.near_misses()
    assert told.resource_id == times.automation.resource_id
    assert told.payload["missed"] == 1
    times.matcher.match(times.cloud.record(missed))
    times.time_is(200)
    assert times.fired() == []
    assert len(times.near_misses()) == 1


def test_an_event_of_another_key_is_no_witness():
    times = Times(proactive(after=["a"], expect=["b"], within=30, for_each=[ID]))

    times.happens("a", 0)
    times.happens("b", 10, "r.2", matched=False)
    times.happens("c", 11, matched=False)
    times.time_is(100)
    assert times.fired() == [(90, "a@0")], "the matcher is waited for, in vain"


def test_the_event_that_armed_it_is_no_witness():
    times = Times(proactive(after=["a"], expect=["*"], within=30))

    times.happens("a", 0)
    times.time_is(60)
    assert times.fired() == [(30, "a@0")]


def test_P23_what_was_delivered_too_early_without_a_link_is_found_by_its_time():
    times = Times(proactive(after=["a"], expect=["b"], within=10))

    times.cloud.go_to(at(3))
    times.matcher.match(times.cloud.record(event("b", 2)), times.cloud.record(event("a", 0)))
    times.time_is(11)
    assert times.fired() == []
    assert len(times.near_misses()) == 1


def test_events_of_an_earlier_window_are_no_witnesses():
    times = Times(proactive(expect=["x"], for_each=[ID], threshold=2, within=60))

    times.happens("x", 10)
    times.time_is(75)
    assert times.fired() == [(70, "x@10")]
    times.happens("x", 80)
    times.time_is(200)
    assert times.fired() == [(70, "x@10"), (140, "x@80")]
    assert times.near_misses() == []


def test_before_an_event_closes_a_window_for_absence_the_event_store_is_asked_as_well():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.happens("b", 10, matched=False)
    times.cloud.go_to(at(31))

    times.matcher.match(times.cloud.record(event("a", 31)))
    assert times.fired() == []
    assert [one.payload["missed"] for one in times.near_misses()] == [1]
    times.time_is(200)
    assert times.fired() == [(61, "a@31")]


def test_an_event_that_closes_a_window_for_absence_tells_it_where_nobody_knows_better():
    times = Times(proactive(after=["a"], expect=["b"], within=30))
    times.happens("a", 0)
    times.cloud.go_to(at(31))

    times.matcher.match(times.cloud.record(event("a", 31)))
    assert times.fired() == [(31, "a@0")]
