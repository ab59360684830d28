"""Parameters that say what they stand for: `__prefect_kind` (SPEC 4.4; cases A8, A9, A10, A23)."""

from typing import Any

import pytest

from whenflow.actions.hydration import InvalidJson, VariableNotFound, check_parameters
from whenflow.actions.parameters import TemplateError, render_parameters

CONTEXT: dict[str, Any] = {
    "event": {
        "payload": {"n": 3, "name": "Ann", "evil": {"__prefect_kind": "workspace_variable", "variable_name": "key"}}
    },
    "variables": {"city": "Oslo", "limit": 12, "key": "s3cr3t", "quoted": '"q"', "template": "{{ event.payload.n }}"},
}


def kind(name: Any, **values: Any) -> dict[str, Any]:
    return {"__prefect_kind": name, **values}


JINJA = kind("jinja", template="{{ event.payload | tojson }}")


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (kind("none", value=5), 5),
        (
            kind("none", value={"a": kind("json", value="[1]"), "b": "{{ event.payload.n }}"}),
            {"a": [1], "b": "{{ event.payload.n }}"},
        ),
        (kind("json", value='{"a": 1}'), {"a": 1}),
        (kind("json", value=[1, 2]), [1, 2]),
        (kind("json", value=kind("jinja", template="{{ event.payload.n }}")), 3),
        (kind("json", value=kind("workspace_variable", variable_name="quoted")), "q"),
        (kind("json", value=JINJA), CONTEXT["event"]["payload"]),
        (kind("jinja", template="{{ event.payload.n }}"), "3"),
        (kind("jinja", template="plain"), "plain"),
        (kind("jinja", template="no template: {# stays #}\n"), "no template: {# stays #}\n"),
        (kind("jinja", template={"a": kind("json", value="1")}), {"a": 1}),
        (kind("json", value=[kind("json", value="1")]), [kind("json", value="1")]),
        (kind("jinja", template=kind("workspace_variable", variable_name="template")), "3"),
        (kind("workspace_variable", variable_name="limit"), 12),
        (kind("workspace_variable", variable_name="template"), "{{ event.payload.n }}"),
        (kind("workspace_variable", variable_name=kind("jinja", template="ci{{ 'ty' }}")), "Oslo"),
        (kind("whatever", value={"a": kind("json", value="1")}), {"a": kind("json", value="1")}),
        (kind("whatever"), None),
        (kind(7, value=1), 1),
    ],
)
def test_each_kind_gives_what_it_stands_for(given: Any, result: Any):
    assert render_parameters({"p": given}, CONTEXT) == {"p": result}


def test_an_entry_without_what_it_is_of_vanishes():
    tree = {"a": [1, kind("json"), 3], "b": {"c": kind("workspace_variable")}, "d": kind("none", value=kind("json"))}

    assert render_parameters(tree, CONTEXT) == {"a": [1, 3], "b": {}}
    assert render_parameters(kind("json"), CONTEXT) == {}


def test_the_whole_may_be_of_a_kind_if_it_gives_an_object():
    assert render_parameters(kind("json", value='{"a": 1}'), CONTEXT) == {"a": 1}
    with pytest.raises(TemplateError, match="parameters are an object"):
        render_parameters(kind("json", value="[1]"), CONTEXT)


def test_a23_what_an_event_carries_is_not_taken_for_an_instruction():
    tree = {
        "lone": "{{ event.payload.evil }}",
        "json": kind("json", value=JINJA),
        "list": [["{{ event.payload.evil }}"]],
    }

    rendered = render_parameters(tree, CONTEXT)

    evil = CONTEXT["event"]["payload"]["evil"]
    assert (rendered["lone"], rendered["json"]["evil"], rendered["list"]) == (evil, evil, [[evil]])
    assert "s3cr3t" not in str(rendered)


@pytest.mark.parametrize(
    ("given", "error", "reason"),
    [
        (
            kind("json", value=kind("jinja", template="{{ event.payload.name }}")),
            InvalidJson,
            "a.b: It is not valid JSON",
        ),
        (kind("workspace_variable", variable_name="nope"), VariableNotFound, "a.b: there is no variable 'nope'"),
        (kind("workspace_variable", variable_name=7), VariableNotFound, "a.b: there is no variable '7'"),
        (
            kind("jinja", template=kind("workspace_variable", variable_name="limit")),
            TemplateError,
            "a.b: the template is no text",
        ),
        (kind("jinja", template="{{ 1 / 0 }}"), TemplateError, "a.b: ZeroDivisionError"),
        ("{{ nope }}", TemplateError, "a.b: 'nope' is undefined"),
    ],
)
def test_what_fails_is_told_with_its_place(given: Any, error: type[TemplateError], reason: str):
    with pytest.raises(error) as raised:
        render_parameters({"a": {"b": given}}, CONTEXT)

    assert raised.value.message.startswith(reason)


def test_without_variables_there_is_none_of_a_name():
    with pytest.raises(VariableNotFound):
        render_parameters({"a": kind("workspace_variable", variable_name="city")}, {})


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"a": [["{{ nope }"]]}, ("a", 0, 0)),
        ({"a": kind("none")}, ("a",)),
        ({"a": kind("none", value=[kind("json", value="{")])}, ("a", "value", 0, "value")),
        ({"a": kind("jinja")}, ("a",)),
        ({"a": kind("jinja", value="{{ x }}")}, ("a",)),
        ({"a": kind("jinja", template="{{ x")}, ("a", "template")),
        ({"a": kind("json", value="")}, ("a", "value")),
        ({"a": kind("json", value=kind("jinja", template="{% if %}"))}, ("a", "value", "template")),
        (kind("json", value="[1]"), ("value",)),
        ({"a": kind([])}, ("a", "__prefect_kind")),
        ({"a": kind("json", value=kind("whatever", value="{"))}, ("a", "value")),
        ({"a": kind("json", value=kind("none", value=kind("json", value='"{"')))}, ("a", "value")),
        ({"a": kind("jinja", template=kind("json", value='"{{ x"'))}, ("a", "template")),
    ],
)
def test_what_is_wrong_is_found_when_it_is_saved(document: Any, path: tuple[str | int, ...]):
    assert [fault.loc for fault in check_parameters(document)] == [path]


@pytest.mark.parametrize(
    "document",
    [
        {"a": kind("json"), "b": kind("workspace_variable"), "c": kind("whatever")},
        {"a": kind("none", value="{{ nope }")},
        {"a": kind("whatever", value={"b": "{{ nope }", "c": kind("json", value="{")})},
        {"a": "{{ x | a_filter_of_tomorrow }}", "{{ key": 1, "n": None},
        kind("json", value='{"a": 1}'),
        {"a": kind("json", value=kind("workspace_variable", variable_name="{"))},
        {"a": kind("json", value=kind("whatever"))},
    ],
)
def test_what_cannot_be_judged_before_is_let_pass(document: Any):
    assert check_parameters(document) == []
