"""Drafts of events: text that renders to JSON, or an object whose texts are templates."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whenflow.templating import TemplateError
from whenflow.templating.drafts import NotRendered, check_draft, render_draft

ANN = {"body": {"name": "Ann", "age": 7, "tags": ["new"], "nothing": None}}


def test_a_text_renders_to_the_object_that_it_says() -> None:
    assert render_draft('{"name": "{{ body.name }}", "age": {{ body.age }}}', ANN) == {"name": "Ann", "age": 7}


def test_an_object_renders_each_of_its_texts_and_keeps_the_rest() -> None:
    draft = {"hello": "Hello {{ body.name }}", "list": ["{{ body.age }}", 1, None, True], "plain": "as it is"}

    assert render_draft(draft, ANN) == {"hello": "Hello Ann", "list": [7, 1, None, True], "plain": "as it is"}


@pytest.mark.parametrize("name", ["name", "age", "tags", "nothing"])
def test_in_an_object_a_lone_expression_keeps_its_type(name: str) -> None:
    assert render_draft({"it": f"{{{{ body.{name} }}}}"}, ANN) == {"it": ANN["body"][name]}


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        ("{{ body.name }}", "The template's result is not valid JSON"),
        ("[1]", "The template's result is not a JSON object."),
        ("{{ body.missing | tojson }}", "The template failed"),
        ({"a": {"b": ["{{ body.missing }}"]}}, "The template failed at a.b[0]"),
    ],
)
def test_a_draft_that_gives_no_object_says_why(draft: Any, reason: str) -> None:
    with pytest.raises(NotRendered) as failure:
        render_draft(draft, ANN)

    assert failure.value.reason.startswith(reason)


def test_what_was_rendered_is_kept_where_it_is_no_object() -> None:
    with pytest.raises(NotRendered) as failure:
        render_draft("{{ body.name }}!", ANN)

    assert failure.value.rendered == "Ann!"


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        ("{{ broken", ""),
        ({"a": {"b": ["{{ broken"]}}, "a.b[0]: "),
        ({"a": ["x"] * 501}, "more than 500 texts"),
        ({"a": "x" * 70_000}, "more than 65,536 characters"),
    ],
)
def test_a_draft_that_is_wrong_is_refused_when_it_is_saved(draft: Any, reason: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        check_draft(draft)

    assert reason in str(refusal.value)


def test_a_draft_is_nested_twenty_levels_at_the_most() -> None:
    draft: dict[str, Any] = {"text": "x"}
    for _ in range(25):
        draft = {"a": draft}

    with pytest.raises(TemplateError, match="more than 20 objects and lists"):
        check_draft(draft)


@given(st.text())
def test_what_is_inserted_stays_in_its_place(name: str) -> None:
    context = {"body": {"name": name}}

    assert render_draft('{"name": "{{ body.name }}", "end": 1}', context) == {"name": name, "end": 1}
    assert render_draft({"name": "-{{ body.name }}", "end": 1}, context) == {"name": f"-{name}", "end": 1}


@pytest.mark.parametrize("draft", ['{"a": 1, "b": {"c": 1, "c": 2}}', '{"a": [{"c": {{ body.age }}, "c": 1}]}'])
def test_a_name_that_comes_twice_in_one_object_is_refused_by_name(draft: str) -> None:
    with pytest.raises(NotRendered, match="has the name 'c' twice in one object"):
        render_draft(draft, ANN)


def test_the_same_name_in_different_objects_is_fine() -> None:
    assert render_draft('{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', ANN)["b"] == [{"a": 2}, {"a": 3}]


def test_numbers_among_labels_become_text_as_labels_are() -> None:
    draft = {
        "resource": {"prefect.resource.id": "{{ body.age }}", "new": "{{ body.age > 3 }}"},
        "related": [{"prefect.resource.id": "{{ body.age }}", "prefect.resource.role": "age"}],
        "payload": {"age": "{{ body.age }}"},
    }

    assert render_draft(draft, ANN) == {
        "resource": {"prefect.resource.id": "7", "new": "true"},
        "related": [{"prefect.resource.id": "7", "prefect.resource.role": "age"}],
        "payload": {"age": 7},
    }
