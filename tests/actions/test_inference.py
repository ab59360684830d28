"""What actions work on when nothing is selected (SPEC 4.2; case A6)."""

import pytest
from tests.stories import NOON

from whenflow.actions.definitions import ACTION_TYPES
from whenflow.actions.inference import KINDS, target_of
from whenflow.events import Event

ONE, TWO = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def event(*ids: str) -> Event:
    primary, *related = [{"prefect.resource.id": id_, "prefect.resource.role": "x"} for id_ in ids]
    return Event(id=ONE, occurred=NOON, event="x", resource=primary, related=tuple(related), received=NOON)


@pytest.mark.parametrize("type_", sorted(KINDS))
def test_an_inferred_object_is_the_first_of_its_kind(type_: str):
    kind = KINDS[type_]
    found = target_of({"type": type_}, event("order.7", f"prefect.{kind}.{ONE}", f"prefect.{kind}.{TWO}"), {})

    assert (found.kind, found.id, found.error) == (kind, ONE, None)


@pytest.mark.parametrize("type_", sorted(type_ for type_, kind in KINDS.items() if kind != "flow-run"))
def test_a_selected_object_is_taken_whatever_the_event_is_about(type_: str):
    kind = KINDS[type_]
    action = {"type": type_, "source": "selected", f"{kind.replace('-', '_')}_id": TWO.upper()}

    assert target_of(action, event(f"prefect.{kind}.{ONE}"), {}).id == TWO


@pytest.mark.parametrize("ids", [("order.7",), ("prefect.deployment.nope", f"prefect.deployment.{ONE}")])
def test_only_the_first_of_the_kind_is_looked_at(ids: tuple[str, ...]):
    found = target_of({"type": "run-deployment"}, event(*ids), {})

    assert (found.id, found.error, found.reason) == (None, "none-found", "No deployment could be inferred")


@pytest.mark.parametrize(
    "passed_over", [f"prefect.deployment.old.{ONE}", "prefect.deployment.a.b", "prefect.deployment"]
)
def test_the_kind_of_a_resource_is_all_before_the_last_dot_of_its_id(passed_over: str):
    found = target_of({"type": "run-deployment"}, event(passed_over, f"prefect.deployment.{TWO}"), {})

    assert found.id == TWO


def test_without_an_event_nothing_is_inferred():
    assert target_of({"type": "pause-work-pool"}, None, {}).error == "no-event"
    assert target_of({"type": "pause-work-pool"}, None, {}).reason == "No work pool could be inferred"


def test_a6_the_labels_name_a_flow_run_before_the_event_does():
    labels = {"prefect.resource.id": f"prefect.flow-run.{TWO}"}

    assert target_of({"type": "cancel-flow-run"}, event(f"prefect.flow-run.{ONE}"), labels).id == TWO
    assert target_of({"type": "cancel-flow-run"}, None, labels).id == TWO


@pytest.mark.parametrize("label", ["order.7", "prefect.flow-run.x", f"prefect.flow.{TWO}", ""])
def test_labels_that_name_no_flow_run_are_passed_over(label: str):
    action, labels = {"type": "cancel-flow-run"}, {"prefect.resource.id": label}

    assert target_of(action, event(f"prefect.flow-run.{ONE}"), labels).id == ONE
    assert target_of(action, None, labels).error == "none-found"


def test_every_action_on_an_object_has_a_kind():
    on_no_object = {"call-webhook", "declare-incident", "do-nothing", "send-email-notification", "send-notification"}

    assert ACTION_TYPES - KINDS.keys() == on_no_object
