"""A replay makes what is missing, and nothing twice; what it cannot know it says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.stories import NOON, order_placed

from whenflow.automations import replay as replaying
from whenflow.automations.engine import Engine
from whenflow.automations.firing import firing_of
from whenflow.automations.replay import Status, plan_replay, to_be_stored
from whenflow.automations.state import State
from whenflow.errors import Rejected
from whenflow.events import named_id
from whenflow.testing import an_automation

MINUTE = timedelta(minutes=1)
ORDERS = an_automation()
THIRD = an_automation("third order", threshold=3, within=600)


def order(minute, **changes):
    moment = NOON + minute * MINUTE
    return order_placed(id=named_id("order", str(minute)), occurred=moment, **changes)


def at(minute):
    return NOON + minute * MINUTE


def planned(automations, events, since, until, stored=()):
    def between(start, end):
        return sorted((one for one in events if start <= one.occurred < end), key=lambda one: one.occurred)

    return plan_replay(automations, between, at(since), at(until), lambda id_: id_ in stored)


def fired_live(automation, events):
    engine, state = Engine([automation]), State()
    found = [fired for event in events for fired in engine.on_event(state, event, event.received)]
    return [firing_of(one, lambda _id: None) for one in found]


def test_what_never_fired_is_missing():
    plan = planned([ORDERS], [order(1), order(2)], 0, 10)

    assert [(one.firing.event.id, one.status) for one in plan.firings] == [
        (order(1).id, Status.MISSING),
        (order(2).id, Status.MISSING),
    ]


def test_what_fired_is_found_to_be_stored():
    (live,) = fired_live(ORDERS, [order(1)])

    plan = planned([ORDERS], [order(1), order(2)], 0, 10, {live.id})

    assert [one.status for one in plan.firings] == [Status.STORED, Status.MISSING]
    assert [one.firing.event.id for one in plan.startable()] == [order(2).id]


def test_only_the_time_that_is_asked_for_is_planned():
    plan = planned([ORDERS], [order(minute) for minute in range(10)], 3, 6)

    assert [one.firing.event.id for one in plan.firings] == [order(minute).id for minute in (3, 4, 5)]


def test_events_before_the_time_count_towards_its_windows():
    events = [order(minute) for minute in range(1, 4)]
    (live,) = fired_live(THIRD, events)

    plan = planned([THIRD], events, 3, 10)

    assert [one.firing.id for one in plan.firings] == [live.id]


def test_an_event_that_came_in_late_is_played_when_it_came():
    late = replace(order_placed(id=named_id("order", "late"), occurred=at(1)), received=at(30))

    assert [one.firing.event.id for one in planned([ORDERS], [late], 0, 10).firings] == [late.id]


def test_where_windows_began_is_not_known_while_the_automation_was_at_work():
    plan = planned([THIRD], [order(minute) for minute in range(1, 4)], 0, 10)

    assert [one.status for one in plan.firings] == [Status.UNSURE]
    assert plan.startable() == []
    assert len(plan.startable(unsure=True)) == 1


def test_before_an_automation_was_made_nothing_can_have_fired():
    young = THIRD.model_copy(update={"created": at(60)})

    plan = planned([young], [order(minute) for minute in range(1, 4)], 0, 10)

    assert [one.status for one in plan.firings] == [Status.MISSING]


def test_while_an_automation_was_off_nothing_can_have_fired():
    off = THIRD.model_copy(update={"since": at(60)})

    plan = planned([off], [order(minute) for minute in range(1, 4)], 0, 10)

    assert [one.status for one in plan.firings] == [Status.MISSING]


def test_absence_is_not_replayed():
    silent = an_automation("silent", posture="Proactive", within=60, expect=["order.shipped"], after=["order.placed"])

    plan = planned([silent], [order(1), order(5)], 0, 10)

    assert {one.status for one in plan.firings} == {Status.BY_TIME}
    assert plan.startable(unsure=True) == []


def test_a_firing_is_found_today_and_belongs_to_its_own_time():
    (one,) = planned([ORDERS], [order(1)], 0, 10).firings

    stored = to_be_stored(one, at(600))

    assert (stored.id, stored.time, stored.triggered) == (one.firing.id, at(1), at(600))


def test_a_plan_takes_so_many_events_and_says_how_far_it_came(monkeypatch):
    monkeypatch.setattr(replaying, "MAX_EVENTS", 4)
    events = [order(minute) for minute in range(10)]

    plan = planned([ORDERS], events, 0, 10)

    assert plan.until == at(4)
    assert [one.firing.event.id for one in plan.firings] == [order(minute).id for minute in range(4)]


def test_a_plan_takes_so_many_firings_and_says_how_far_it_came(monkeypatch):
    monkeypatch.setattr(replaying, "MAX_FIRINGS", 3)

    plan = planned([ORDERS], [order(minute) for minute in range(10)], 0, 10)

    assert (plan.until, len(plan.firings)) == (at(3), 3)


def test_too_much_to_look_back_on_is_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(replaying, "MAX_EVENTS", 4)

    with pytest.raises(Rejected, match="whenflow backtest"):
        planned([THIRD], [order(minute) for minute in range(10)], 9, 10)


@given(minutes=some.sets(some.integers(0, 59), min_size=1, max_size=25), step=some.integers(1, 60))
def test_stretch_by_stretch_the_plan_is_the_same_and_all_that_fired_is_known(minutes, step):
    events = [order(minute) for minute in sorted(minutes)]
    stored = {firing.id for firing in fired_live(ORDERS, events)}

    whole = planned([ORDERS], events, 0, 60, stored)
    parts = [
        one
        for start in range(0, 60, step)
        for one in planned([ORDERS], events, start, min(start + step, 60), stored).firings
    ]

    assert [one.firing.id for one in whole.firings] == [one.firing.id for one in parts]
    assert {one.firing.id for one in whole.firings} == stored
    assert {one.status for one in whole.firings} == {Status.STORED}


@given(minutes=some.sets(some.integers(0, 59), min_size=1, max_size=25), known=some.integers(0, 25))
def test_replayed_twice_nothing_is_started_twice(minutes, known):
    events = [order(minute) for minute in sorted(minutes)]
    stored = {firing.id for firing in fired_live(ORDERS, events[:known])}

    first = {one.firing.id for one in planned([ORDERS], events, 0, 60, stored).startable()}
    again = planned([ORDERS], events, 0, 60, stored | first)

    assert first | stored == {firing.id for firing in fired_live(ORDERS, events)}
    assert not first & stored
    assert again.startable() == []
