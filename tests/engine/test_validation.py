"""SPEC 8.6: which automations are taken, and what becomes of them."""

from copy import deepcopy
from typing import Any

import pytest
from tests.engine.story import Document, automation, compound, on, proactive, reactive, sequence

from whenflow.automations.model import Automation, automation_from_document
from whenflow.automations.registry import AutomationRegistry, Wanted
from whenflow.automations.triggers import all_triggers
from whenflow.errors import NotFound, Rejected
from whenflow.testing import ManualClock, MemoryConfigStore, MemoryEventStore, SequentialIds
from whenflow.testing.doubles import START

DEPLOYMENT, OTHER = "6f3c2a51-4c6b-4f0e-9d8e-0a1b2c3d4e5f", "0b9d8c7a-6f5e-4d3c-8b2a-19f8e7d6c5b4"
FLOW_RUNS = {"prefect.resource.id": "prefect.flow-run.*"}
STATES = [f"prefect.flow-run.{state}" for state in ("Scheduled", "Pending", "Running", "*")]


class Desk:
    """The registry over stores in memory."""

    def __init__(self) -> None:
        self.clock, self.events = ManualClock(), MemoryEventStore()
        self.begun: list[str] = []
        self.registry = AutomationRegistry(
            MemoryConfigStore(), self.events, self.clock, SequentialIds(), lambda one: self.begun.append(one.name)
        )

    def create(self, name: str = "n", **fields: Any) -> Automation:
        self.clock.advance(1)
        return self.registry.create(document(name=name, **fields))

    def told(self) -> list[str]:
        return self.events.names()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def document(**fields: Any) -> Document:
    return {"name": "n", "trigger": on("x"), "actions": [{"type": "do-nothing"}], **fields}


def run_deployment(source: str = "inferred", **fields: Any) -> Document:
    chosen = {"deployment_id": DEPLOYMENT} if source == "selected" else {}
    return {"type": "run-deployment", "source": source, **chosen, **fields}


def refused(given: Document) -> list[str]:
    """Return the fields that are named when a document is refused."""
    with pytest.raises(Rejected) as error:
        automation_from_document(given)
    return ["/".join(str(step) for step in fault.loc) for fault in error.value.faults]


def within_of(trigger: Document) -> Any:
    return automation_from_document(document(trigger=trigger)).trigger.within  # type: ignore[union-attr]


def test_V1_within_cannot_be_negative_null_or_too_short_to_tell_an_absence():
    assert within_of(reactive()) == 0
    assert within_of(proactive()) == within_of(proactive(within=0)) == 10
    assert within_of(proactive(within=10)) == 10
    assert within_of(proactive(within="PT1M30S")) == 90
    assert refused(document(trigger=reactive(within=-1))) == ["trigger/within"]
    assert refused(document(trigger=reactive(within=None))) == ["trigger/within"]
    for within in (9.999, "PT9S"):
        assert refused(document(trigger=proactive(within=within))) == ["trigger"]
    assert refused(document(trigger={"type": "event"})) == ["trigger/posture"]


def test_V2_ids_that_a_client_gives_to_triggers_are_replaced(desk: Desk):
    mine = "11111111-1111-4111-8111-111111111111"
    nested = compound("all", sequence(on("a", id=mine), on("b", id=mine)) | {"id": mine}, on("c")) | {"id": mine}

    created = desk.create(trigger=nested)
    replaced = desk.registry.replace(created.id, document(trigger=nested | {"require": "any"}))
    for one in (created, replaced):
        ids = [trigger.id for trigger in all_triggers(one.trigger)]
        assert mine not in ids
        assert len(set(ids)) == 5


def test_V2_a_trigger_that_says_the_same_keeps_its_id(desk: Desk):
    created = desk.create(trigger=compound("all", on("a"), on("b"), on("a")))

    again = desk.registry.replace(created.id, document(name="renamed", trigger=compound("all", on("a"), on("c"))))
    before, after = ([one.id for one in all_triggers(automation.trigger)] for automation in (created, again))
    assert before[1] == after[1]
    assert before[1] != before[3], "twins are told apart"
    assert {before[0], before[2]}.isdisjoint(after)


def test_V3_an_unknown_key_is_refused():
    with pytest.raises(Rejected) as error:
        automation_from_document(document(foo=1))
    [fault] = error.value.faults
    assert (fault.loc, fault.type) == (("foo",), "extra_forbidden")


def test_V4_what_is_not_there_cannot_be_changed_and_an_id_never(desk: Desk):
    for change in (
        lambda: desk.registry.replace(OTHER, document()),
        lambda: desk.registry.switch(OTHER, {"enabled": False}),
        lambda: desk.registry.delete(OTHER),
    ):
        with pytest.raises(NotFound):
            change()

    created = desk.create()
    with pytest.raises(Rejected):
        desk.registry.replace(created.id, document(id=OTHER))
    assert desk.registry.get(created.id) == created


def test_V5_an_automation_that_would_start_itself_cannot_be_switched_on(desk: Desk):
    created = desk.create(enabled=False, trigger=on(STATES[0]), actions=[run_deployment()])

    with pytest.raises(Rejected):
        desk.registry.switch(created.id, {"enabled": True})
    assert not desk.registry.get(created.id).enabled
    assert desk.begun == []


@pytest.mark.parametrize("state", STATES)
def test_V6_running_an_inferred_deployment_on_the_states_of_its_own_runs_is_refused(state: str):
    looping = document(trigger=on("x", state), actions=[{"type": "do-nothing"}, run_deployment()])

    assert refused(looping) == [""]
    narrowed = deepcopy(looping)
    narrowed["trigger"] |= {"match": FLOW_RUNS | {"team": "blue"}, "match_related": {"prefect.resource.id": "y"}}
    assert refused(narrowed) == [""], "an inferred one is refused even then"
    assert not automation_from_document(looping | {"enabled": False}).enabled
    automation_from_document(document(trigger=on("prefect.flow-run.Completed"), actions=[run_deployment()]))
    automation_from_document(document(trigger=proactive(expect=[state]), actions=[run_deployment()]))


@pytest.mark.parametrize("match", [{}, FLOW_RUNS, {"prefect.resource.id": ["prefect.flow-run.*", "x"]}])
def test_V7_running_a_selected_deployment_on_the_states_of_every_run_is_refused(match: Document):
    action = run_deployment("selected")

    assert refused(document(trigger=on(STATES[2], match=match), actions=[action])) == [""]
    for fields in (
        {"match": FLOW_RUNS | {"team": "blue"}},
        {"match": {"prefect.resource.id": "prefect.flow-run.1"}},
        {"match": match, "match_related": {"prefect.resource.id": "prefect.flow.1"}},
    ):
        automation_from_document(document(trigger=on(STATES[2], **fields), actions=[action]))


@pytest.mark.parametrize(
    ("type_", "field"),
    [
        ("run-deployment", "deployment_id"),
        ("pause-deployment", "deployment_id"),
        ("resume-work-pool", "work_pool_id"),
        ("pause-work-queue", "work_queue_id"),
        ("pause-automation", "automation_id"),
    ],
)
def test_V8_an_action_works_on_what_is_selected_or_on_what_is_inferred(type_: str, field: str):
    assert refused(document(actions=[{"type": type_, "source": "selected"}])) == ["actions/0"]
    assert refused(document(actions=[{"type": type_}])) == ["actions/0"]
    assert refused(document(actions=[{"type": type_, "source": "inferred", field: OTHER}])) == ["actions/0"]
    automation_from_document(document(actions=[{"type": type_, "source": "inferred"}, {"type": type_, field: OTHER}]))


def test_V9_automations_of_an_owner_are_found_and_go_with_it(desk: Desk):
    owner = f"prefect.deployment.{DEPLOYMENT}"
    owned = desk.create("owned", owner_resource=owner)
    related = desk.create("related", actions=[run_deployment("selected")])
    desk.create("other")

    assert [one.name for one in desk.registry.related_to(owner)] == ["owned", "related"]
    assert desk.registry.replace(owned.id, document(name="owned")).owner_resource == owner, "an owner stays"
    assert desk.registry.delete_owned_by(owner) == 1
    assert desk.registry.related_to(owner) == [related]


def test_V10_an_automation_is_related_to_the_deployment_that_it_runs(desk: Desk):
    created = desk.create(actions=[run_deployment("selected")])

    assert desk.registry.related_to(f"prefect.deployment.{DEPLOYMENT}") == [created]
    moved = desk.registry.replace(created.id, document(actions=[run_deployment("selected", deployment_id=OTHER)]))
    assert desk.registry.related_to(f"prefect.deployment.{DEPLOYMENT}") == []
    assert desk.registry.related_to(f"prefect.deployment.{OTHER}") == [moved]


def test_V11_automations_are_found_by_name_and_tags_and_sorted(desk: Desk):
    for name, tags in (("b", ["red", "blue"]), ("a", ["red"]), ("c", [])):
        desk.create(name, tags=tags)

    def found(**wanted: Any) -> str:
        return "".join(one.name for one in desk.registry.find(Wanted(**wanted)))

    assert found() == "abc"
    assert found(names=["c", "a", "z"]) == "ac"
    assert found(all_tags=["red", "blue"]) == "b"
    assert found(any_tags=["blue", "green"]) == "b"
    assert found(untagged=True) == "c"
    assert found(untagged=False) == "ab"
    assert found(sort="NAME_DESC") == "cba"
    assert found(sort="CREATED_DESC") == "cab"
    assert found(names=[]) == ""


def test_V12_templates_are_checked_when_an_automation_is_saved():
    def message(body: str) -> Document:
        return document(actions=[{"type": "send-notification", "block_document_id": OTHER, "body": body}])

    assert refused(message("{{ a")) == ["actions/0/body"]
    loops = "{% for a in x %}{% endfor %}"
    assert refused(message(loops * 11)) == ["actions/0/body"]
    nested = "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}"
    assert refused(message(nested)) == ["actions/0/body"]
    automation_from_document(message(loops * 10 + "{{ event.payload.n }}"))


def test_V13_parameters_that_cannot_be_rendered_are_refused_by_their_path():
    for parameters, place in (
        ({"x": "{{ nope"}, "x"),
        ({"deep": {"list": ["fine", "{{ nope"]}}, "deep/list/1"),
        ({"y": {"__prefect_kind": "json", "value": "{oops"}}, "y/value"),
    ):
        with pytest.raises(Rejected) as error:
            automation_from_document(document(actions=[run_deployment("selected", parameters=parameters)]))
        [fault] = error.value.faults
        assert fault.loc == ("actions", 0, "parameters")
        assert fault.msg.startswith(place)


def test_V14_a_run_cannot_be_scheduled_before_now():
    assert refused(document(actions=[run_deployment(schedule_after=-1)])) == ["actions/0/schedule_after"]
    for given in (7200, "PT2H"):
        [action] = automation_from_document(document(actions=[run_deployment(schedule_after=given)])).actions
        assert action.model_dump()["schedule_after"] == 7200


def test_V15_each_change_is_an_event(desk: Desk):
    created = desk.create()
    assert desk.told() == ["prefect.automation.created"]
    desk.registry.replace(created.id, document(name="renamed"))
    desk.registry.switch(created.id, {"enabled": False})
    assert desk.told()[1:] == ["prefect.automation.updated"] * 2
    desk.registry.switch(created.id, {"enabled": False})
    assert len(desk.told()) == 3, "nothing changed"
    desk.registry.delete(created.id)
    assert desk.told()[3:] == ["prefect.automation.deleted"]
    assert {event.resource_id for event in desk.events.stored.values()} == {created.resource_id}


def test_what_is_refused_changes_nothing(desk: Desk):
    created = desk.create()

    bad_ones: list[Any] = [document(trigger={"type": "event"}), document(foo=1), {}, [], None, "x"]
    for bad in bad_ones:
        with pytest.raises(Rejected):
            desk.registry.create(bad)
        with pytest.raises(Rejected):
            desk.registry.replace(created.id, bad)
        with pytest.raises(Rejected):
            desk.registry.switch(created.id, bad if bad != {} else {"enabled": "perhaps"})
    assert desk.registry.find(Wanted()) == [created]
    assert desk.told() == ["prefect.automation.created"]


def test_switched_on_its_windows_begin_then(desk: Desk):
    created = desk.create(trigger=proactive(expect=["x"], within=60))
    assert created.active_since == created.created

    desk.clock.advance(1000)
    desk.registry.switch(created.id, {"enabled": False})
    desk.clock.advance(1000)
    assert desk.registry.switch(created.id, {"enabled": True}).active_since == desk.clock.now()
    assert desk.begun == ["n", "n"]


def test_what_is_stored_is_read_as_it_was():
    given = automation(compound("all", on("a", within=1.5), proactive(expect=["b"])), tags=["x"])

    assert Automation.model_validate(given.as_stored()) == given
    assert given.created == START
