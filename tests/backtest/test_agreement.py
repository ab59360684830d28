"""A backtest finds what the engine finds that is asked every single second."""

from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backtest.worlds import at, automations, histories

from whenflow.automations.backtest import Backtest
from whenflow.automations.engine import AutomationFired, Engine
from whenflow.automations.model import Automation
from whenflow.automations.ordering import Order, receive
from whenflow.automations.state import State
from whenflow.events import Event

END = 400


def asked_every_second(automations: Iterable[Automation], events: list[Event]) -> list[AutomationFired]:
    """The engine as it is, its windows looked at each second from the first event to the end."""
    engine, state, order = Engine(automations), State(), Order()
    found: list[AutomationFired] = []
    for one in engine.automations():
        engine.stand_up(one.id, state, events[0].received)
    waiting = list(events)
    now = events[0].received
    while now <= at(END):
        found += engine.on_time(state, now + order.offset, now)
        while waiting and waiting[0].received == now:
            event = waiting.pop(0)
            receive(order, event, now, lambda one: found.extend(engine.on_event(state, one, now)))  # noqa: B023
            found += engine.on_time(state, now + order.offset, now)
        now += timedelta(seconds=1)
    return found


@settings(max_examples=150)
@given(automations(), histories())
def test_the_backtest_finds_what_an_engine_finds_that_is_asked_every_second(automations, events):
    found = list(Backtest(automations, until=at(END)).play(events))
    wanted = asked_every_second(automations, events)

    assert sorted((one.firing.id, one.firing.time) for one in found) == sorted(
        (one.fired.id, one.fired.time) for one in wanted
    )


@given(automations(), histories(), st.integers(1, 3))
def test_how_often_the_state_is_cleaned_changes_nothing(automations, events, limit):
    usual, clean = Backtest(automations, until=at(END)), Backtest(automations, until=at(END))
    clean._clean_at = 0

    assert list(usual.play(events)) == list(clean.play(events))
