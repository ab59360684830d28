"""Automations as documents."""

from typing import Any

import pytest
from tests.stories import NOBODY, NOON

from whenflow.automations import automation_from_document, automation_from_stored
from whenflow.automations.model import with_identity
from whenflow.automations.triggers import EventTrigger
from whenflow.errors import Rejected
from whenflow.testing import an_automation

TRIGGER = {"type": "event", "posture": "Reactive", "expect": ["order.placed"]}
SUCCESSES: dict[str, Any] = {"name": "successes", "operator": "<", "threshold": 0.9}
METRIC: dict[str, Any] = {"type": "metric", "posture": "Metric", "metric": SUCCESSES}
RUN = {"type": "run-deployment", "source": "selected", "deployment_id": NOBODY}


def both(other: dict[str, Any]) -> dict[str, Any]:
    return {"type": "compound", "require": "all", "within": 60, "triggers": [TRIGGER, other]}


def document(**changes: Any) -> dict[str, Any]:
    return {"name": "on order", "trigger": TRIGGER, "actions": [{"type": "do-nothing"}], **changes}


def triggered(**changes: Any) -> dict[str, Any]:
    return document(trigger=TRIGGER | changes)


def acting(*actions: Any) -> dict[str, Any]:
    return document(actions=list(actions))


def stored(given: dict[str, Any]) -> dict[str, Any]:
    """Return the trigger of an automation as it is kept."""
    return automation_from_document(given).trigger.model_dump(mode="json")


def refused(given: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(Rejected) as refusal:
        automation_from_document(given)
    return [(fault.loc, fault.msg) for fault in refusal.value.faults]


def test_a_name_a_trigger_and_actions_are_enough():
    given = automation_from_document(document())

    assert (given.description, given.enabled, given.tags, given.owner_resource) == ("", True, [], None)
    assert isinstance(given.trigger, EventTrigger)
    assert (given.trigger.threshold, given.trigger.within, given.trigger.for_each) == (1, 0, [])


@pytest.mark.parametrize("missing", ["name", "trigger", "actions"])
def test_what_must_be_there_is_missed(missing):
    given = {name: value for name, value in document().items() if name != missing}

    assert refused(given) == [((missing,), "Field required")]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (document(colour="blue"), ("colour",)),
        (acting({"type": "sing"}), ("actions", 0)),
        (acting({"type": None}), ("actions", 0)),
        (acting({"type": "do-nothing"}, 7), ("actions", 1)),
        (document(name=7), ("name",)),
        (document(tags="a"), ("tags",)),
        (document(enabled="perhaps"), ("enabled",)),
        (triggered(posture="Sleeping"), ("trigger", "posture")),
        (triggered(within=-1), ("trigger", "within")),
        (triggered(within=None), ("trigger", "within")),
        (triggered(match={"a": 7}), ("trigger", "match", "a")),
        (triggered(expect="order.placed"), ("trigger", "expect")),
        (triggered(within="tomorrow"), ("trigger", "within")),
        (triggered(type="metric"), ("trigger", "metric")),
        (triggered(type="sing"), ("trigger",)),
        (document(trigger={"type": "compound", "triggers": [TRIGGER]}), ("trigger", "require")),
        (document(trigger={"type": "compound", "require": "all", "within": None}), ("trigger", "triggers")),
        (document(trigger=both({"type": "event"})), ("trigger", "triggers", 1, "posture")),
        (document(trigger=both(METRIC)), ("trigger",)),
        (document(trigger=METRIC | {"metric": SUCCESSES | {"range": 299}}), ("trigger", "metric", "range")),
        (document(trigger=METRIC | {"metric": SUCCESSES | {"name": "joy"}}), ("trigger", "metric", "name")),
    ],
)
def test_what_is_wrong_is_told_by_its_place(given, place):
    assert place in [loc for loc, _ in refused(given)]


@pytest.mark.parametrize(
    "windows",
    [{"posture": "Proactive", "within": 30.0}, {"within": 10.0}, {"threshold": 2}, {"after": ["order.opened"]}],
)
def test_windows_are_taken_as_they_are(windows):
    trigger = automation_from_document(triggered(**windows)).trigger.model_dump()

    assert {name: trigger[name] for name in windows} == windows


@pytest.mark.parametrize("trigger", [both(TRIGGER), both(TRIGGER) | {"type": "sequence"}, both(both(TRIGGER)), METRIC])
def test_triggers_of_every_type_are_taken(trigger):
    assert automation_from_document(document(trigger=trigger)).trigger.type == trigger["type"]


@pytest.mark.parametrize(
    ("trigger", "type_"),
    [
        (TRIGGER, "event"),
        (both(TRIGGER), "compound"),
        ({"within": None, "triggers": [TRIGGER]}, "sequence"),
        (METRIC, "metric"),
    ],
)
def test_the_type_of_a_trigger_may_be_left_out(trigger, type_):
    untyped = {name: value for name, value in trigger.items() if name != "type"}

    assert automation_from_document(document(trigger=untyped)).trigger.type == type_


def test_fields_of_a_trigger_that_nobody_knows_are_left_out():
    assert "colour" not in automation_from_document(triggered(colour="blue")).trigger.model_dump()


def test_fields_of_an_action_that_nobody_knows_are_left_out():
    (action,) = automation_from_document(acting({"type": "do-nothing", "colour": "blue"})).actions

    assert action.model_dump() == {"type": "do-nothing"}


def test_an_action_without_a_type_does_nothing():
    assert automation_from_document(acting({})).actions[0].type == "do-nothing"


def test_places_name_only_what_was_sent():
    """Not the alternative of a union that a value was taken for."""
    places = [place for place, _ in refused(triggered(match_related=[{"a": "x"}, {"a": 7}]))]

    assert ("trigger", "match_related", 1, "a") in places
    assert not any("str" in place or "event" in place for place in places)


def test_names_and_labels_are_a_set_in_order():
    trigger = automation_from_document(triggered(expect=["b", "a", "b"], for_each=["y", "x", "y"])).trigger

    assert isinstance(trigger, EventTrigger)
    assert (trigger.expect, trigger.for_each) == (["a", "b"], ["x", "y"])


def test_tags_are_kept_as_they_are():
    assert automation_from_document(document(tags=["b", "a", "b"])).tags == ["b", "a", "b"]


@pytest.mark.parametrize("document", [None, 7, [], "x"])
def test_what_is_no_object_is_no_automation(document):
    assert refused(document)


def test_the_id_of_a_trigger_that_a_client_sends_is_replaced():
    theirs = "00000000-0000-4000-8000-000000000001"
    automation = with_identity(automation_from_document(triggered(id=theirs)), "a-1", NOON, NOON)

    assert automation.trigger.id not in ("", theirs)


def test_an_id_of_a_trigger_that_is_no_uuid_is_refused_wherever_it_is():
    child = {"type": "event", "posture": "Reactive", "id": "mine"}
    both = {"type": "sequence", "within": None, "id": "me", "triggers": [child]}

    with pytest.raises(Rejected) as refusal:
        automation_from_document(document(trigger=both))

    assert [fault.loc for fault in refusal.value.faults] == [("trigger", "id"), ("trigger", "triggers", 0, "id")]


@pytest.mark.parametrize(("given", "kept"), [(1.0000006, 1.000001), (1e-9, 0.0), (True, 1.0), ("PT0.5S", 0.5)])
def test_durations_are_kept_to_the_microsecond(given, kept):
    assert stored(triggered(within=given))["within"] == kept


@pytest.mark.parametrize("empty", [0, 1e-9, False, ""])
def test_a_proactive_trigger_whose_window_is_left_empty_has_ten_seconds(empty):
    assert stored(triggered(posture="Proactive", within=empty))["within"] == 10


def test_the_window_of_a_composite_may_be_below_zero_as_with_prefect():
    both = {"type": "sequence", "within": -5, "triggers": []}

    assert stored(document(trigger=both))["within"] == -5


def test_a_trigger_that_stays_the_same_keeps_its_id():
    first = with_identity(automation_from_document(document()), "a-1", NOON, NOON)
    again = with_identity(automation_from_document(document(name="renamed", actions=[])), "a-1", NOON, NOON)

    assert first.trigger.id == again.trigger.id


@pytest.mark.parametrize("change", [{"expect": []}, {"match": {"a": "b"}}, {"for_each": ["a"]}])
def test_a_trigger_that_changes_gets_another_id(change):
    first = with_identity(automation_from_document(document()), "a-1", NOON, NOON)
    changed = with_identity(automation_from_document(triggered(**change)), "a-1", NOON, NOON)

    assert first.trigger.id != changed.trigger.id


def test_two_automations_with_the_same_conditions_have_triggers_of_their_own():
    one, other = (with_identity(automation_from_document(document()), id_, NOON, NOON) for id_ in ("a-1", "a-2"))

    assert one.trigger.id != other.trigger.id


def test_a_stored_automation_is_read_as_it_was():
    automation = an_automation(
        actions=[{**RUN, "parameters": {"n": "{{ event.payload.n }}"}}], match_related=[{"a": ["b", "!c"]}]
    )

    assert automation_from_stored(automation.as_stored()) == automation


def test_an_automation_is_a_resource():
    assert an_automation().resource_id == f"prefect.automation.{an_automation().id}"
