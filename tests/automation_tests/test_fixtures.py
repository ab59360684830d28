"""Automations and events as people write them: short, and told in a sentence where they are wrong."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from whenflow.automations.fixtures import DEFAULT_START, draft_from_document, moment_from, read_test, without_tests
from whenflow.errors import Rejected
from whenflow.events import named_id

AUTOMATION: dict[str, Any] = {
    "name": "x",
    "trigger": {"type": "event", "posture": "Reactive", "expect": ["a.happened"]},
    "actions": [],
}


def given(*events: Any, **more: Any) -> Any:
    return read_test({"name": "it", "given": list(events), "expect": "nothing", **more})


def first(**more: Any) -> Any:
    return given({"event": "a.happened", "resource": "r.1", **more}).given[0].event


def after(seconds: float) -> Any:
    return DEFAULT_START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("+5s", 5), ("+1h30m", 5400), ("+2m", 120), ("+1d", 86_400), ("+0.5s", 0.5), ("+250ms", 0.25), ("+1m 30s", 90)],
)
def test_a_moment_counts_from_the_start(text, seconds):
    assert moment_from(text, DEFAULT_START, ()) == after(seconds)


def test_a_moment_may_be_a_number_of_seconds_or_a_time_or_lie_before_the_start():
    assert moment_from(7, DEFAULT_START, ()) == after(7)
    assert moment_from("-5s", DEFAULT_START, ()) == after(-5)
    assert moment_from("2026-01-01T00:00:09+00:00", DEFAULT_START, ()) == after(9)


@pytest.mark.parametrize("value", ["soon", "+5", "+", "+5x", "+5s6", True, None, [], ""])
def test_what_is_no_moment_is_refused(value):
    with pytest.raises(Rejected, match="must be a time such as"):
        moment_from(value, DEFAULT_START, ("at",))


def test_an_event_without_a_time_happens_together_with_the_one_before_it():
    event = {"event": "a.happened", "resource": "r.1"}
    test = given(event, event | {"at": "+5s"}, event)

    assert [one.event.occurred for one in test.given] == [after(0), after(5), after(5)]


def test_an_event_is_received_when_it_occurs_unless_told_otherwise():
    assert first(at="+5s").received == after(5)
    assert first(at="+5s", received="+9s").received == after(9)


def test_the_first_date_is_the_start_from_which_others_count():
    event = {"event": "a.happened", "resource": "r.1"}
    dated = given(event | {"at": "2026-03-01T10:00:00Z"}, event | {"at": "+5s"})
    started = given(event | {"at": "+5s"}, start="2026-03-01T10:00:00Z")

    assert str(dated.given[1].event.occurred) == "2026-03-01 10:00:05+00:00"
    assert str(started.given[0].event.occurred) == "2026-03-01 10:00:05+00:00"


def test_a_resource_is_its_id_or_its_labels():
    assert first(resource="r.1").resource == {"prefect.resource.id": "r.1"}
    assert first(resource={"id": "r.1", "room": "x"}).resource == {"prefect.resource.id": "r.1", "room": "x"}
    assert first(resource={"prefect.resource.id": "r.1"}).resource == {"prefect.resource.id": "r.1"}


def test_related_resources_are_a_list_or_named_by_their_roles():
    keeper = {"prefect.resource.id": "k.1", "prefect.resource.role": "keeper"}

    assert first(related=[keeper]).related == (keeper,)
    assert first(related=[{"id": "k.1", "role": "keeper"}]).related == (keeper,)
    assert first(related={"keeper": "k.1"}).related == (keeper,)
    assert first(related={"keeper": {"id": "k.1", "shift": "day"}}).related == (keeper | {"shift": "day"},)


def test_events_have_names_for_those_that_follow_them():
    event = {"event": "a.happened", "resource": "r.1"}
    test = given(event | {"id": "cause"}, event, event | {"follows": "cause"}, event | {"follows": 2})
    one, two, three, four = (each.event for each in test.given)

    assert (three.follows, four.follows) == (one.id, two.id)
    assert len({one.id, two.id, three.id, four.id}) == 4
    assert first(id=str(UUID(int=7))).id == str(UUID(int=7))


def test_expected_firings_say_only_what_matters():
    event = {"event": "a.happened", "resource": "r.1"}
    test = given(
        event, event | {"id": "second"}, expect=[{"at": "+5s"}, {"event": "second"}, {"event": 1}, {"event": None}]
    )

    assert [sorted(one.says) for one in test.expected] == [["at"], ["event"], ["event"], ["event"]]
    assert test.expected[0].at == after(5)
    assert [one.event for one in test.expected[1:]] == [test.given[1].event.id, test.given[0].event.id, None]


def test_an_event_may_be_called_by_what_happened_where_that_is_clear():
    test = given({"event": "a.b", "resource": "r"}, {"event": "c.d", "resource": "r"}, expect=[{"event": "c.d"}])

    assert test.expected[0].event == test.given[1].event.id


EVENT = {"event": "a.happened", "resource": "r.1"}


@pytest.mark.parametrize(
    ("document", "place", "said"),
    [
        ([], (), "a test is an object"),
        ({"given": [EVENT]}, ("expect",), "`expect: nothing` says that nothing fires"),
        ({"given": {}, "expect": "nothing"}, ("given",), "must be a list"),
        ({"given": [], "expect": "nothing", "untill": "+2m"}, ("untill",), "no such field"),
        ({"given": [EVENT | {"when": 1}], "expect": []}, ("given", 0, "when"), "no such field"),
        ({"given": [EVENT, {"resource": "r"}], "expect": []}, ("given", 1, "event"), "must be the name"),
        ({"given": [{"event": "a"}], "expect": []}, ("given", 0, "resource"), "must be the id of a resource"),
        ({"given": [EVENT | {"resource": {"n": "1"}}], "expect": []}, ("given", 0, "resource"), "must be the id"),
        ({"given": [EVENT | {"related": ["k"]}], "expect": []}, ("given", 0, "related", 0), "needs its"),
        ({"given": [EVENT | {"payload": 7}], "expect": []}, ("given", 0, "payload"), "must be an object"),
        ({"given": [EVENT | {"at": "soon"}], "expect": []}, ("given", 0, "at"), "must be a time"),
        ({"given": [EVENT], "expect": "something"}, ("expect",), "must be a list"),
        ({"given": [EVENT], "expect": [{"event": 0}]}, ("expect", 0, "event"), "counted from 1"),
        ({"given": [EVENT], "expect": [{"event": 2}]}, ("expect", 0, "event"), "1 are given"),
        ({"given": [EVENT, EVENT], "expect": [{"event": "a.happened"}]}, ("expect", 0, "event"), "2 is called"),
        ({"given": [EVENT], "expect": [{"event": "z"}]}, ("expect", 0, "event"), "none is called 'z'"),
        ({"given": [EVENT], "expect": [{"labels": []}]}, ("expect", 0, "labels"), "must be an object"),
        ({"given": [EVENT], "expect": [{"key": 1}]}, ("expect", 0, "key"), "no such field"),
        ({"given": [EVENT], "expect": [], "until": "later"}, ("until",), "must be a time"),
    ],
)
def test_what_is_wrong_with_a_test_is_said_with_its_place(document, place, said):
    with pytest.raises(Rejected) as refused:
        read_test(document)

    (fault,) = refused.value.faults
    assert fault.loc == place
    assert said in fault.msg


def test_an_automation_may_name_its_deployments():
    actions = [{"type": "run-deployment", "deployment": "flow/it"}, {"type": "do-nothing"}]

    draft = draft_from_document(AUTOMATION | {"actions": actions})

    id_ = named_id("deployment", "flow/it")
    assert draft.deployments == {id_: "flow/it"}
    assert str(draft.automation.actions[0].model_dump()["deployment_id"]) == id_


def test_an_automation_as_the_api_shows_it_is_read_and_keeps_its_id():
    shown = draft_from_document(AUTOMATION).automation.as_document() | {"id": str(UUID(int=7))}

    assert draft_from_document(shown).automation.id == str(UUID(int=7))


def test_an_automation_that_is_not_valid_is_refused_as_the_api_refuses_it():
    with pytest.raises(Rejected) as refused:
        draft_from_document(AUTOMATION | {"trigger": {"type": "event", "posture": "Reluctant"}, "tests": []})

    assert [fault.loc for fault in refused.value.faults] == [("trigger", "posture")]


@pytest.mark.parametrize(("document", "place"), [("text", ()), (AUTOMATION | {"tests": {}}, ("tests",))])
def test_what_is_no_automation_at_all_is_refused(document, place):
    with pytest.raises(Rejected) as refused:
        draft_from_document(document)

    assert refused.value.faults[0].loc == place


def test_the_api_gets_the_automation_without_its_tests():
    assert without_tests(AUTOMATION | {"tests": [1]}) == AUTOMATION
    assert without_tests("text") == "text"
