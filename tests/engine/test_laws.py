"""What holds for every automation and every event, in the pure engine."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.naive import firings
from tests.engine.story import MINUTE, Story, at, automation, on, reactive
from tests.engine.strategies import automations, lookers, streams

from whenflow.automations.compiled import compile_automation
from whenflow.automations.engine import Engine
from whenflow.automations.index import WatchIndex
from whenflow.automations.matching import any_name_matches, met_by, satisfies
from whenflow.automations.model import Automation
from whenflow.automations.rows import CHILDREN, SLOT, RowKey, row_key_from
from whenflow.automations.state import (
    Children,
    EventReference,
    Fired,
    Slot,
    State,
    Window,
    children_document,
    children_from,
    fired_document,
    fired_from,
    slot_document,
    slot_from,
)
from whenflow.automations.triggers import EventTrigger, all_triggers
from whenflow.events import Event
from whenflow.testing import an_event

laws = settings(deadline=None, derandomize=True, max_examples=100)
LOOKERS, LOOKED_AT = lookers()
ID = "prefect.resource.id"


@laws
@given(
    st.integers(-1, 4),
    st.sampled_from([0, 1, 5, 60, 1200]),
    st.lists(st.tuples(st.sampled_from(["r.1", "r.2"]), st.integers(0, 2400)), max_size=30),
)
def test_reactive_windows_agree_with_a_naive_model(threshold: int, within: int, events: list[tuple[str, int]]):
    story = Story(on("x", threshold=threshold, within=within, for_each=[ID]))

    fired = [
        place
        for place, (key, occurred) in enumerate(events)
        if story.event("x", 40 * MINUTE, key, occurred=occurred, id=str(place))
    ]
    assert fired == firings(threshold, within, events)


def fired_by(watches: list[Automation], events: list[Event], *, stored_between: bool = False) -> list[Any]:
    """Return what fires, time passing with the events; keep the state as JSON between any two steps, if asked to."""
    engine, state = Engine(watches), State()
    for watch in watches:
        engine.stand_up(watch.id, state, at(0))
    found = []
    for step, event in enumerate(events):
        now = at(step * 7)
        found += engine.on_event(state, event, now)
        if stored_between:
            state = read_again(state)
        found += engine.on_time(state, now, now)
        if stored_between:
            state = read_again(state)
    return [fired_document(one.fired) for one in found]


def read_again(state: State) -> State:
    """Return the state as it is after it has been stored and read."""
    slots = {place: slot_document(slot) for place, slot in state.slots.items()}
    children = {id_: children_document(one) for id_, one in state.children.items()}
    return State(
        slots={place: slot_from(json.loads(json.dumps(one))) for place, one in slots.items()},
        children={id_: children_from(json.loads(json.dumps(one))) for id_, one in children.items()},
    )


@laws
@given(automations(), streams())
def test_evaluation_is_determined_by_its_input(watches: list[Automation], events: list[Event]):
    first = fired_by(watches, events)

    assert fired_by(copy.deepcopy(watches), copy.deepcopy(events)) == first
    ids = [one["id"] for one in first]
    assert len(set(ids)) == len(ids), "each firing has an id of its own"


@laws
@given(automations(), streams())
def test_state_that_was_stored_and_read_gives_the_same_firings(watches: list[Automation], events: list[Event]):
    assert fired_by(watches, events, stored_between=True) == fired_by(watches, events)


@laws
@given(automations(), streams())
def test_automations_know_nothing_of_each_other(watches: list[Automation], events: list[Event]):
    together = fired_by(watches, events)
    alone = [one for watch in watches for one in fired_by([watch], events)]

    assert sorted(one["id"] for one in together) == sorted(one["id"] for one in alone)


@laws
@given(automations(), streams())
def test_state_never_keeps_what_is_empty(watches: list[Automation], events: list[Event]):
    engine, state = Engine(watches), State()
    for event in events:
        engine.on_event(state, event, event.occurred)
        engine.on_time(state, event.occurred, event.occurred)

    assert not any(slot.is_empty for slot in state.slots.values())
    for slot in state.slots.values():
        assert slot.window is None or slot.window.start <= slot.window.end


moments = st.integers(0, 10**12).map(lambda micros: at(micros / 1_000_000))
ids = st.one_of(st.none(), st.text(max_size=5).map(lambda one: EventReference(f"e{one}")))
windows = st.builds(Window, moments, moments, st.sampled_from([-1, 0, 1, 10**6]), ids)
slots = st.builds(Slot, st.one_of(st.none(), windows), st.one_of(st.none(), moments))
labels = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)
leaves = st.builds(Fired, st.text(), st.text(), moments, moments, labels, ids)
fired = st.recursive(
    leaves,
    lambda inner: st.builds(
        Fired, st.text(), st.text(), moments, moments, labels, ids, st.lists(inner, max_size=2).map(tuple)
    ),
    max_leaves=4,
)
children = st.builds(
    Children, st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 99), fired), max_size=3), st.integers(0, 99)
)


@laws
@given(slots, children, fired)
def test_what_is_stored_is_read_as_it_was(slot: Slot, some: Children, one: Fired):
    assert slot_from(json.loads(json.dumps(slot_document(slot)))) == slot
    assert children_from(json.loads(json.dumps(children_document(some)))) == some
    assert fired_from(json.loads(json.dumps(fired_document(one)))) == one


@laws
@given(st.sampled_from([SLOT, CHILDREN]), st.text(), st.lists(st.text(), max_size=3).map(tuple))
def test_a_row_is_found_by_the_text_of_its_key(kind: str, trigger_id: str, key: tuple[str, ...]):
    assert row_key_from(trigger_id, RowKey(kind, trigger_id, key).sort) == RowKey(kind, trigger_id, key)


def looking(one: Automation, event: Event) -> list[str]:
    """Return the triggers of an automation that look at an event, by asking each of them."""
    return [
        trigger.id
        for trigger in all_triggers(one.trigger)
        if isinstance(trigger, EventTrigger)
        and event.event != "prefect.log.write"
        and event.event
        and (not trigger.expect or any_name_matches([*trigger.expect, *trigger.after], event.event))
        and satisfies(event.resource, trigger.match)
        and all(met_by(event.related, specification) for specification in trigger.related_specifications)
    ]


@settings(laws, max_examples=150)
@given(st.data())
def test_the_index_finds_every_trigger_that_looks_at_an_event_also_after_changes(data: st.DataObject):
    engine = Engine()
    loaded: dict[int, Automation] = {}
    for step in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, 3))
        if data.draw(st.integers(0, 3)) == 0:
            engine.remove(f"{place}")
            loaded.pop(place, None)
        else:
            enabled = data.draw(st.integers(0, 4)) > 0
            one = automation(data.draw(LOOKERS), f"watch {place}", enabled=enabled, description=str(step))
            loaded[place] = one.model_copy(update={"id": f"{place}"})
            engine.put(loaded[place])

        for event in data.draw(st.lists(LOOKED_AT, min_size=1, max_size=3)):
            expected = [id_ for one in loaded.values() if one.enabled for id_ in looking(one, event)]
            found = engine.watching(event)
            assert sorted(watch.id for watch in found) == sorted(expected)
            assert [watch.position for watch in found] == sorted(watch.position for watch in found)


def test_an_automation_put_in_the_place_of_another_keeps_its_place():
    engine = Engine([automation(on("x"), "one"), automation(on("x"), "two")])
    [first, second] = engine.watching(an_event("x"))

    engine.put(automation(on("x", "y"), "one"))
    assert [watch.automation_id for watch in engine.watching(an_event("x"))] == [
        first.automation_id,
        second.automation_id,
    ]


def test_only_what_an_event_may_be_about_is_asked():
    index = WatchIndex()
    for number in range(200):
        one = automation(reactive(expect=["x"], match={ID: f"r.{number}"}), f"watch {number}")
        index.add(compile_automation(one, number).watches[0])

    assert [watch.position[0] for watch in index.candidates(an_event("x", "r.7"))] == [7]
    assert index.candidates(an_event("x", "s.7")) == index.candidates(an_event("y", "r.7")) == []
