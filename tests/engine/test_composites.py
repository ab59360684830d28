"""SPEC 8.5: triggers made of triggers."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from tests.engine.story import MINUTE, Document, Story, compound, on, proactive, reactive, sequence, triggering

from whenflow.automations.model import CompoundTrigger, automation_from_document
from whenflow.errors import Rejected

ID = "prefect.resource.id"


def fires(trigger: Document, names: Iterable[str], every: float = 1) -> str:
    """Let an event arrive for each name; return the names, upper case where the automation fired."""
    story = Story(trigger)
    return "".join(
        name.upper() * len(fired) if (fired := story.event(name, n * every)) else name for n, name in enumerate(names)
    )


a, b, c, d = on("a"), on("b"), on("c"), on("d")


def test_C1_any_child_fires_its_parent():
    story = Story(compound("any", a, b))
    trigger = story.engine.automations()[0].trigger
    assert isinstance(trigger, CompoundTrigger)

    [fired] = story.event("b", 1)
    assert fired.trigger_id == trigger.id
    assert triggering([fired]) == triggering(fired.children) == ["b@1"]
    assert [child.trigger_id for child in fired.children] == [trigger.triggers[1].id]
    assert fired.labels == {}
    assert story.event("c", 2) == []


def test_C2_any_within_any_fires_once_for_each_leaf_that_is_met():
    assert fires(compound("any", a, b), "abca") == "ABcA"
    assert fires(compound("any", compound("any", a, b), c), "abcd") == "ABCd"
    assert fires(compound("any", compound("any", compound("any", a), b), c), "abcd") == "ABCd"
    assert fires(compound("any", a, on("a", "b")), "ab") == "AAB", "two leaves are met by one event"


def test_C3_all_does_not_fire_while_one_child_has_not():
    assert fires(compound("all", a, b), "aaaa") == "aaaa"


def test_C4_all_fires_when_the_last_child_has_in_whatever_order():
    story = Story(compound("all", a, b))

    assert story.event("a", 1) == []
    [fired] = story.event("b", 2)
    assert triggering([fired]) == ["b@2"]
    assert triggering(fired.children) == ["a@1", "b@2"]
    assert fires(compound("all", a, b), "ba") == "bA"


def test_C5_two_of_three_use_up_what_they_fire_with():
    assert fires(compound(2, a, b, c), "aacba") == "aaCbA"


def test_C7_a_child_firing_older_than_the_one_that_is_kept_changes_nothing():
    story = Story(compound("all", a, b, within=10))

    assert story.event("a", 20) == []
    assert story.event("a", 21, occurred=5) == [], "kept is the later one in event time"
    assert story.event("b", 22, occurred=9.999999) == [], "too far from the one kept, near enough to the other"
    [fired] = story.event("b", 23, occurred=10)
    assert triggering(fired.children) == ["b@10", "a@20"]
    assert triggering([fired]) == ["a@20"], "the last one in event time"


def test_C8_after_it_has_fired_it_begins_again():
    assert fires(compound("all", a, b), "abbaab") == "aBbAaB"


def test_C9_child_firings_too_far_apart_do_not_complete_it():
    story = Story(compound("all", a, b, within=10))

    assert story.event("a", 0) == story.event("b", 10.000001) == []
    assert triggering(story.event("a", 15)) == ["a@15"], "the b is near enough"
    assert story.event("a", 20) == []
    assert len(story.event("b", 30)) == 1, "exactly `within` apart"


def test_C10_without_within_they_may_lie_any_distance_apart():
    assert fires(compound("all", a, b, within=None), "ab", every=365 * 24 * 3600) == "aB"


@pytest.mark.parametrize("kind", ["compound", "sequence"])
def test_C10_within_must_be_said_even_if_it_is_null(kind: str):
    trigger = {"type": kind, "require": "all", "triggers": [a]}

    with pytest.raises(Rejected) as refused:
        automation_from_document({"name": "n", "actions": [], "trigger": trigger})
    assert [fault.loc for fault in refused.value.faults] == [("trigger", "within")]


@pytest.mark.parametrize("require", [0, 4, -1])
def test_C11_it_cannot_require_none_or_more_than_there_are(require: int):
    with pytest.raises(Rejected) as refused:
        automation_from_document({"name": "n", "actions": [], "trigger": compound(require, a, b, c)})
    assert refused.value.faults[0].loc == ("trigger",)


def test_C12_nested_it_fires_only_when_both_branches_are_complete():
    both_any = compound("all", compound("any", a, b), compound("any", c, d))
    assert fires(both_any, "abc") == "abC"
    assert fires(both_any, "cda") == "cdA"
    assert fires(both_any, "abab") == "abab"

    mixed = compound("all", compound("any", a, b), compound("all", c, d))
    assert fires(mixed, "acd") == "acD"
    assert fires(mixed, "cda") == "cdA"
    assert fires(mixed, "abc") == "abc"
    story = Story(mixed)
    [fired] = story.event("c", 1) + story.event("d", 2) + story.event("b", 3)
    inner, outer = fired.children
    assert triggering(inner.children) == ["c@1", "d@2"]
    assert triggering(outer.children) == ["b@3"]


def test_S1_a_sequence_of_one_fires_on_it():
    assert fires(sequence(a), "aba") == "AbA"


def test_S2_in_order_it_fires():
    assert fires(sequence(a, b, c), "abc") == "abC"
    assert fires(sequence(a, b, c), "abcabc") == "abCabC"


def test_S3_out_of_order_it_does_not_until_the_last_comes_last():
    assert fires(sequence(a, b, c), "acbc") == "acbC"


def test_S4_a_step_that_comes_twice_does_no_harm():
    assert fires(sequence(a, b, c), "abbc") == "abbC"


def test_S5_the_first_step_again_breaks_the_order():
    assert fires(sequence(a, b, c), "abac") == "abac"
    assert fires(sequence(a, b, c), "abacbc") == "abacbC"


def test_S6_steps_too_far_apart_in_event_time_do_not_complete_it():
    for within, expected in ((5.0, 0), (None, 1)):
        story = Story(sequence(a, b, c, within=within))
        story.event("a", 15 * MINUTE, occurred=1)
        story.event("b", 15 * MINUTE, occurred=2)
        assert len(story.event("c", 15 * MINUTE, occurred=14 * MINUTE)) == expected


def test_S6_it_is_event_time_that_orders_the_steps_not_their_arrival():
    story = Story(sequence(a, b, within=60))

    assert story.event("b", 20, occurred=10) == []
    assert len(story.event("a", 21, occurred=5)) == 1


def test_S7_one_event_cannot_be_two_steps():
    story = Story(sequence(a, a))

    assert story.event("a", 1) == []
    assert Story(sequence(a, on("a", "b"))).event("a", 1) == []


def test_S8_a_step_may_be_a_compound():
    trigger = sequence(on("buy"), on("mix"), on("bake"), compound("all", on("greet"), on("serve")))
    steps = ["buy", "mix", "bake"]

    assert fires(trigger, [*steps, "greet", "serve"]) == "buymixbakegreetSERVE"
    assert fires(trigger, [*steps, "serve", "greet"]) == "buymixbakeserveGREET"
    assert fires(trigger, ["buy", "mix", "greet", "serve", "bake"]) == "buymixgreetservebake"


def test_S9_children_know_nothing_of_each_others_keys():
    trigger = compound("all", on("a", for_each=["customer"]), on("b", for_each=["customer"]))
    story = Story(trigger)

    assert story.event("a", 1, {ID: "r", "customer": "1"}) == []
    [fired] = story.event("b", 2, {ID: "r", "customer": "2"})
    assert fired.labels == {}
    assert [child.labels for child in fired.children] == [{"customer": "1"}, {"customer": "2"}]


def keyed(kind: str) -> Document:
    """Return a composite of `a` and `b` that keeps customers apart."""
    children = [on("a", for_each=["customer"]), on("b", for_each=["customer"])]
    trigger = compound("all", *children) if kind == "compound" else sequence(*children)
    return trigger | {"for_each": ["customer"]}


@pytest.mark.parametrize("kind", ["compound", "sequence"])
def test_S9_a_composite_with_keys_of_its_own_brings_only_equal_ones_together(kind):
    story = Story(keyed(kind))

    assert story.event("a", 1, {ID: "r", "customer": "1"}) == []
    assert story.event("b", 2, {ID: "r", "customer": "2"}) == []
    [fired] = story.event("b", 3, {ID: "r", "customer": "1"})
    assert fired.labels == {"customer": "1"}


def test_S9_the_triggers_within_must_have_the_labels_as_well():
    trigger = compound("all", on("a", for_each=["customer"]), b) | {"for_each": ["customer"]}
    document = {"name": "n", "actions": [], "trigger": trigger}

    with pytest.raises(Rejected) as refused:
        automation_from_document(document)

    assert [fault.loc for fault in refused.value.faults] == [("trigger",)]
    assert "customer" in refused.value.faults[0].msg


def test_a_composite_without_keys_is_written_as_it_came():
    written = automation_from_document({"name": "n", "actions": [], "trigger": compound("all", a, b)})

    assert "for_each" not in written.model_dump(mode="json")["trigger"]


def test_a_compound_has_the_event_and_the_time_of_its_last_child():
    story = Story(compound("all", a, b))

    story.event("b", 10, occurred=8)
    [fired] = story.event("a", 11, occurred=3)
    assert triggering([fired]) == ["b@8"]
    assert fired.triggered - fired.time == timedelta(seconds=3)


def test_one_event_may_complete_a_compound_by_itself():
    assert fires(compound("all", a, on("a", "b")), "a") == "A"


def test_a_window_may_be_a_child():
    trigger = compound("all", reactive(expect=["a"], threshold=2, within=60), proactive(expect=["x"], within=30))
    story = Story(trigger)

    assert story.event("a", 1) == story.event("a", 2) == []
    assert triggering(story.tick(30)) == [None]
