"""The index of triggers: what it finds, how it changes, and that it is not misled by what triggers have in common."""

from hypothesis import given
from hypothesis import strategies as st
from tests.engine.story import automation, reactive
from tests.engine.strategies import lookers

from whenflow.automations.compiled import compile_automation
from whenflow.automations.engine import Engine
from whenflow.automations.index import WatchIndex
from whenflow.automations.model import Automation
from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE
from whenflow.testing import an_event

LOOKERS, LOOKED_AT = lookers()
RUN = "prefect.flow-run"


def indexed(*triggers):
    """Return an index with one automation for each trigger."""
    index = WatchIndex()
    for number, trigger in enumerate(triggers):
        for watch in compile_automation(automation(trigger, f"watch {number}"), number).watches:
            index.add(watch)
    return index


def found(index, *about, **event):
    """Return the numbers of the automations that have to be asked."""
    return [watch.position[0] for watch in index.candidates(an_event(*about, **event))]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.none() | LOOKERS, st.booleans()), max_size=20),
    st.lists(LOOKED_AT, min_size=1, max_size=4),
)
def test_after_any_changes_an_event_is_looked_at_by_those_that_say_so(changes, events):
    engine = Engine()
    present: dict[str, Automation] = {}
    for number, trigger, enabled in changes:
        name = f"watch {number}"
        if trigger is None:
            engine.remove(automation(reactive(), name).id)
            present.pop(name, None)
        else:
            changed = automation(trigger, name).model_copy(update={"enabled": enabled})
            engine.put(changed)
            present[name] = changed
        for event in events:
            looking = [
                watch.id
                for one in present.values()
                if one.enabled and event.event != "prefect.log.write"
                for watch in compile_automation(one, 0).watches
                if watch.looks_at(event)
            ]
            assert sorted(watch.id for watch in engine.watching(event)) == sorted(looking)


@given(st.lists(LOOKERS, max_size=8))
def test_an_index_from_which_all_was_taken_out_is_as_good_as_new(triggers):
    index = WatchIndex()
    watches = [
        watch
        for number, trigger in enumerate(triggers)
        for watch in compile_automation(automation(trigger, f"watch {number}"), number).watches
    ]
    for watch in watches:
        index.add(watch)
    for watch in watches:
        index.remove(watch)

    assert vars(index) == vars(WatchIndex())


def test_triggers_with_a_condition_in_common_are_told_apart_by_the_others():
    index = indexed(
        *(reactive(expect=["x"], match={"environment": "production", "tenant": f"t{n}"}) for n in range(50))
    )

    assert len(found(index, "x", {RESOURCE_ID: "r", "environment": "production", "tenant": "t7"})) <= 2


def test_triggers_on_one_kind_of_resource_are_told_apart_by_what_is_related():
    index = indexed(
        *(
            reactive(
                expect=[f"{RUN}.Failed"],
                match={RESOURCE_ID: f"{RUN}.*"},
                match_related={RESOURCE_ROLE: "deployment", RESOURCE_NAME: f"etl-{n}"},
            )
            for n in range(50)
        )
    )
    deployment = {RESOURCE_ID: "d", RESOURCE_ROLE: "deployment", RESOURCE_NAME: "etl-7"}

    assert found(index, f"{RUN}.Failed", f"{RUN}.1", related=[deployment]) == [7]


def test_any_label_may_be_asked_for_by_its_beginning():
    index = indexed(*(reactive(expect=["x"], match={RESOURCE_NAME: f"etl-{n}-*"}) for n in range(50)))

    assert found(index, "x", {RESOURCE_ID: "r", RESOURCE_NAME: "etl-7-nightly"}) == [7]


def test_triggers_that_each_ask_for_a_label_of_their_own_do_not_hold_each_other_up():
    index = indexed(*(reactive(expect=["x"], match={f"label-{n}": "yes"}) for n in range(50)))

    assert found(index, "x", {RESOURCE_ID: "r", "label-7": "yes", "label-8": "no"}) == [7]


def test_a_star_alone_asks_that_the_label_be_there():
    engine = Engine([automation(reactive(expect=["x"], match={"tenant": "*"}), "watch")])

    assert engine.watching(an_event("x", {RESOURCE_ID: "r", "tenant": ""}))
    assert not engine.watching(an_event("x", "r"))


def test_triggers_on_a_name_are_found_the_moment_they_are_there_and_no_longer():
    engine, event = Engine(), an_event("x")
    watch = automation(reactive(expect=["x"]), "watch")

    assert not engine.watching(event)
    engine.put(watch)
    assert len(engine.watching(event)) == 1
    engine.remove(watch.id)
    assert not engine.watching(event)
