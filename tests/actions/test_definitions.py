"""Actions as documents (SPEC 4.2)."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from tests.stories import NOBODY

from whenflow.actions.definitions import Action
from whenflow.actions.hydration import check_parameters

ACTION: TypeAdapter[Any] = TypeAdapter(Action)


def run(**changes: Any) -> dict[str, Any]:
    return {"type": "run-deployment", "source": "selected", "deployment_id": NOBODY, **changes}


def refused(document: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as refusal:
        ACTION.validate_python(document)
    return str(refusal.value)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "do-nothing"},
        {"type": "pause-deployment", "deployment_id": NOBODY},
        {"type": "resume-deployment", "source": "inferred"},
        {"type": "pause-work-pool", "work_pool_id": NOBODY},
        {"type": "resume-work-pool", "source": "inferred"},
        {"type": "pause-work-queue", "work_queue_id": NOBODY},
        {"type": "resume-work-queue", "source": "inferred"},
        {"type": "pause-automation", "automation_id": NOBODY},
        {"type": "resume-automation", "source": "inferred"},
        {"type": "cancel-flow-run"},
        {"type": "suspend-flow-run"},
        {"type": "resume-flow-run"},
        {"type": "delete-flow-run"},
        {"type": "change-flow-run-state", "state": "FAILED", "name": "Gone wrong"},
        {"type": "send-notification", "block_document_id": NOBODY, "body": "{{ event.event }}"},
        {"type": "call-webhook", "block_document_id": NOBODY},
        run(),
        run(parameters=None, job_variables=None, schedule_after=0),
        run(parameters={"name": "{{ event.payload.name }}"}),
        {"type": "run-deployment", "deployment_id": NOBODY},
        {"type": "run-deployment", "source": "inferred"},
    ],
)
def test_an_action_that_is_right_is_taken(document):
    assert ACTION.validate_python(document).type == document["type"]


def test_a_selected_deployment_needs_its_id():
    assert "deployment_id is required when source is 'selected'" in refused({"type": "run-deployment"})


def test_an_inferred_deployment_has_no_id():
    assert "not allowed when it is 'inferred'" in refused(run(source="inferred"))


@pytest.mark.parametrize(("given", "seconds"), [(0, 0), (60, 60), (1.5, 1.5), ("PT1H", 3_600)])
def test_a_run_may_wait_for_some_seconds(given, seconds):
    assert ACTION.validate_python(run(schedule_after=given)).schedule_after == seconds


@pytest.mark.parametrize("given", [1e12, -1, "-PT1H", "tomorrow", None])
def test_a_run_cannot_wait_for_less_than_no_time(given):
    assert "schedule_after" in refused(run(schedule_after=given))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"type": "change-flow-run-state"}, "state"),
        ({"type": "change-flow-run-state", "state": "Happy"}, "state"),
        ({"type": "send-notification", "body": "x"}, "block_document_id"),
        ({"type": "send-notification", "block_document_id": NOBODY}, "body"),
        ({"type": "send-notification", "block_document_id": NOBODY, "body": "x", "subject": "{{ nope"}, "subject"),
        ({"type": "call-webhook", "block_document_id": NOBODY, "payload": "{{ nope"}, "payload"),
        ({"type": "call-webhook", "block_document_id": NOBODY, "payload": None}, "payload"),
    ],
)
def test_an_action_that_lacks_or_misstates_something_is_told_by_its_field(document, field):
    assert field in refused(document)


@pytest.mark.parametrize(
    ("payload", "text"), [(1.5, "1.5"), (True, "true"), (["☃"], '[\n  "☃"\n]'), ({}, "{}"), ("x", "x")]
)
def test_a_payload_that_is_no_text_is_kept_as_its_json(payload, text):
    assert (
        ACTION.validate_python({"type": "call-webhook", "block_document_id": NOBODY, "payload": payload}).payload
        == text
    )


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ({}, "do-nothing"),
        ({"nonsense": 1}, "do-nothing"),
        ({"source": "inferred"}, "run-deployment"),
        ({"work_pool_id": NOBODY}, "pause-work-pool"),
        ({"state": "FAILED"}, "change-flow-run-state"),
        ({"state": "failed"}, "do-nothing"),
        ({"block_document_id": NOBODY}, "call-webhook"),
        ({"block_document_id": NOBODY, "body": "x"}, "send-notification"),
    ],
)
def test_an_action_without_a_type_is_the_one_that_knows_most_of_its_fields(fields, type_):
    assert ACTION.validate_python(fields).type == type_


def test_a_payload_that_is_an_object_is_kept_as_its_text():
    action = ACTION.validate_python(
        {"type": "call-webhook", "block_document_id": NOBODY, "payload": {"name": "{{ event.event }}"}}
    )

    assert json.loads(action.payload) == {"name": "{{ event.event }}"}


def test_an_action_that_nobody_knows_is_refused():
    assert "sing" in refused({"type": "sing"})


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ({"name": "{{ broken"}, "name: line 1"),
        ({"a": {"b": ["ok", "{% if %}"]}}, "a/b/1: line 1"),
        ({"a": [["{{ x | attr('y') }}"]]}, "a/0/0: line 1: there is no filter 'attr' here"),
        ({"a": "{{ x.pop() }}"}, "a: line 1: nothing can be called"),
    ],
)
def test_a_template_that_is_wrong_is_told_by_its_path(parameters, place):
    assert place in refused(run(parameters=parameters))


@pytest.mark.parametrize("id_", ["", "7", 7, "prefect.deployment." + NOBODY])
def test_an_id_that_is_no_uuid_is_refused(id_):
    assert "deployment_id" in refused(run(deployment_id=id_))


def test_what_is_wrong_in_a_tree_is_found_with_the_way_to_it():
    tree = {"a": "{{ x", "b": [1, "plain", {"c": "{% if x %}"}], "d": None, "e": "{{ x }}"}

    assert [fault.loc for fault in check_parameters(tree)] == [("a",), ("b", 2, "c")]


def test_text_that_must_be_json_is_told_where_it_is_not():
    tree = {"a": {"__prefect_kind": "json", "value": "{oops"}, "b": {"__prefect_kind": "json", "value": "[1]"}}

    assert [fault.loc for fault in check_parameters(tree)] == [("a", "value")]
