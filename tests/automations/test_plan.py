"""What has to change: laws that hold for all automations, and what is told of single fields."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whenflow.automations.plan import NONE, Present, Wanted, differences, make_plan, owner_of, plan_owned
from whenflow.automations.strict import check_strictly
from whenflow.errors import Rejected

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("ab.", max_size=2), below, max_size=3),
    max_leaves=8,
)


def automation(name="x", **changes: Any) -> dict[str, Any]:
    trigger = {"posture": "Reactive", "expect": ["a"]}
    return {"name": name, "trigger": trigger, "actions": [{"type": "do-nothing"}], **changes}


def wanted(*documents: dict[str, Any]) -> list[Wanted]:
    return [Wanted(one["name"], one, "enabled" in one) for one in documents]


def applied(plan, automations=()):
    """Return the automations there are once a plan is done."""
    there = {one["id"]: one for one in copy.deepcopy(list(automations))}
    for step in plan.changes:
        if step.kind == "remove":
            del there[step.id]
        elif step.kind == "add":
            there[f"id of {step.key}"] = {**step.document, "id": f"id of {step.key}", "updated": "now"}
        else:
            there[step.id] = {**step.document, "id": step.id, "owner_resource": there[step.id].get("owner_resource")}
    return list(there.values())


@given(JSON)
def test_nothing_differs_from_itself(value):
    assert list(differences(value, copy.deepcopy(value))) == []


@given(JSON, JSON)
def test_there_are_differences_wherever_there_is_one_and_the_same_ones_backwards(before, after):
    there = [(one.path, one.before, one.after) for one in differences(before, after)]
    back = [(one.path, one.after, one.before) for one in differences(after, before)]

    assert sorted(map(repr, there)) == sorted(map(repr, back))
    assert bool(there) == bool(list(differences([before], [after])))


@given(
    st.lists(st.sampled_from("abcd"), unique=True), st.lists(st.sampled_from("abcd"), unique=True), st.integers(1, 3)
)
def test_what_was_planned_and_done_needs_nothing_more(first, second, threshold):
    there = applied(make_plan("p", wanted(*map(automation, first)), {}, Present([])))
    trigger = {"posture": "Reactive", "expect": ["a"], "threshold": threshold}
    now = wanted(*(automation(name, trigger=trigger) for name in second))

    plan = make_plan("p", now, {}, Present(there), prune=True)
    after = applied(plan, there)

    assert make_plan("p", now, {}, Present(after), prune=True).changes == ()
    assert sorted(one["name"] for one in after) == sorted(second)


def test_a_whole_number_is_the_same_with_and_without_its_fraction_and_true_is_not_one():
    assert list(differences({"within": 300}, {"within": 300.0})) == []
    assert [one.path for one in differences({"a": 1}, {"a": True})] == ["a"]
    assert [one.path for one in differences({"a": {"b": 1}}, {"a": {"b": True}})] == ["a.b"]


def test_a_field_that_comes_or_goes_is_told_leaf_by_leaf():
    told = [(one.path, one.before, one.after) for one in differences({"a": {"b": 1}}, {"c": [{"d": 2}]})]

    assert told == [("a.b", 1, NONE), ("c.0.d", NONE, 2)]


def test_defaults_that_are_left_out_are_no_change():
    there = applied(make_plan("p", wanted(automation()), {}, Present([])))

    written = automation(description="", tags=[], trigger={"type": "event", **automation()["trigger"], "threshold": 1})
    assert make_plan("p", wanted(written), {}, Present(there)).changes == ()


def test_a_key_keeps_an_automation_through_a_new_name():
    there = applied(make_plan("p", [Wanted("k", automation("old"), False)], {}, Present([])))

    (step,) = make_plan("p", [Wanted("k", automation("new"), False)], {}, Present(there), prune=True).steps

    assert (step.kind, [one.path for one in step.fields]) == ("change", ["name"])


def test_one_that_gets_a_key_later_is_still_the_same():
    there = applied(make_plan("p", wanted(automation()), {}, Present([])))

    plan = make_plan("p", [Wanted("k", automation(), False)], {}, Present(there), prune=True)

    assert plan.changes == ()


def test_of_one_name_under_two_keys_each_is_itself():
    two = [Wanted("k", automation(), False), Wanted("l", automation(), False)]
    there = applied(make_plan("p", two, {}, Present([])))

    assert len(there) == 2
    assert make_plan("p", two, {}, Present(there), prune=True).changes == ()


def test_one_that_somebody_else_owns_is_left_alone():
    owned = automation() | {"id": "1", "owner_resource": owner_of("other", "x")}

    (step,) = make_plan("p", wanted(automation()), {}, Present([owned]), prune=True).steps

    assert step.kind == "add"


def test_where_one_name_may_mean_two_they_are_named():
    two = [automation() | {"id": id_} for id_ in ("1", "2")]

    with pytest.raises(Rejected, match="2 automations may be meant by 'x'"):
        make_plan("p", wanted(automation()), {}, Present(two))


def test_projects_whose_names_begin_alike_are_apart():
    other = automation("y") | {"id": "1", "owner_resource": owner_of("team-b", "y")}

    assert make_plan("team", wanted(automation()), {}, Present([other]), prune=True).summary["remove"] == 0


def test_an_owner_has_exactly_what_is_wanted():
    there = [automation(name) | {"id": name, "owner_resource": "o"} for name in ("a", "b")]

    steps = list(plan_owned("o", wanted(automation("b"), automation("c")), [*there, automation("d") | {"id": "d"}]))

    assert [(step.kind, step.name) for step in steps] == [("same", "b"), ("add", "c"), ("remove", "a")]


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (automation(trigger={"posture": "Reactive", "treshold": 2}), "trigger.treshold"),
        (automation(actions=[{"type": "do-nothing", "parameters": {}}]), "actions.0.parameters"),
        (
            automation(trigger={"type": "sequence", "within": 9, "triggers": [{"posture": "Reactive", "exepct": []}]}),
            "trigger.triggers.0.exepct",
        ),
        (
            automation(
                trigger={
                    "posture": "Metric",
                    "metric": {"name": "duration", "operator": ">", "threshold": 1, "rnage": 600},
                }
            ),
            "trigger.metric.rnage",
        ),
    ],
)
def test_a_misspelt_field_is_refused_with_its_place(document, place):
    with pytest.raises(Rejected) as refused:
        check_strictly(document)

    assert [".".join(map(str, fault.loc)) for fault in refused.value.faults] == [place]


def test_what_is_written_in_full_is_accepted():
    check_strictly(
        automation(
            trigger={"type": "compound", "require": "all", "within": None, "for_each": [], "triggers": []},
            actions_on_resolve=[{"type": "do-nothing"}],
        )
    )
