"""Actions as documents (SPEC 4.2)."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from tests.stories import NOBODY

from whenflow.actions.definitions import Action, templates_in

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


@pytest.mark.parametrize("seconds", [60, -1, "PT1H"])
def test_runs_start_at_once_in_this_version(seconds):
    assert "schedule_after" in refused(run(schedule_after=seconds))


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ({"name": "{{ broken"}, "name: line 1"),
        ({"a": {"b": ["ok", "{% if %}"]}}, "a/b/1: line 1"),
        ({"a": [["{{ x | nope }}"]]}, "a/0/0: line 1: there is no filter 'nope' here"),
        ({"a": "{{ x.items() }}"}, "a: line 1: nothing can be called"),
    ],
)
def test_a_template_that_is_wrong_is_told_by_its_path(parameters, place):
    assert place in refused(run(parameters=parameters))


@pytest.mark.parametrize("id_", ["", "7", 7, "prefect.deployment." + NOBODY])
def test_an_id_that_is_no_uuid_is_refused(id_):
    assert "deployment_id" in refused(run(deployment_id=id_))


def test_all_templates_of_a_tree_are_found_with_the_way_to_them():
    tree = {"a": "{{ x }}", "b": [1, "plain", {"c": "{% if x %}{% endif %}"}], "d": None}

    assert list(templates_in(tree)) == [(("a",), "{{ x }}"), (("b", "2", "c"), "{% if x %}{% endif %}")]
