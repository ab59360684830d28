"""Memory stays flat, however long the history is."""

import tracemalloc
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.backtest.worlds import automation, event

from whenflow.automations.backtest import SLOTS_BEFORE_CLEANING, Backtest
from whenflow.automations.seen import SeenIds

ids = st.uuids().map(str) | st.integers(0, 300).map(lambda number: str(UUID(int=number))) | st.text(max_size=40)


@given(st.lists(ids, max_size=200), st.lists(ids, max_size=50))
def test_ids_that_were_seen_are_known_and_no_others(added, others):
    seen = SeenIds()
    for one in added:
        if one not in seen:
            seen.add(one)

    assert all(one in seen for one in added)
    known = {_known(one) for one in added}
    assert [one in seen for one in others] == [_known(one) in known for one in others]


def _known(id_: str) -> str:
    """An id that is a UUID is the same in capitals."""
    try:
        return str(UUID(id_)) if len(id_.replace("-", "")) == 32 else id_
    except ValueError:
        return id_


def test_ids_seen_take_less_than_a_quarter_of_the_room_of_a_set_of_texts():
    numbers = [UUID(int=number * 7919 << 40 | number) for number in range(200_000)]

    def room(seen):
        tracemalloc.start()
        for number in numbers:
            seen.add(str(number))
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return size

    assert room(SeenIds()) < room(set()) / 4


def test_keys_that_fell_silent_are_forgotten():
    player = Backtest([automation(for_each=["prefect.resource.id"], threshold=2, within=60)])

    for number in range(4 * SLOTS_BEFORE_CLEANING):
        player.take(event("a.happened", number, f"r.{number}"))

    assert len(player.state.slots) <= 2 * SLOTS_BEFORE_CLEANING


def test_a_reactive_window_keeps_no_event_and_with_it_no_payload():
    player = Backtest([automation(threshold=2, within=60)])

    player.take(event("a.happened", 0, payload={"large": "x" * 1000}))

    assert [slot.window and slot.window.last_event for slot in player.state.slots.values()] == [None]
    assert all(slot.window for slot in player.state.slots.values())
