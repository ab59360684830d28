"""Lone expressions, which keep their type."""

from typing import Any

import pytest

from whenflow.templating import TemplateError, evaluate, is_lone_expression

PAYLOAD: dict[str, Any] = {
    "n": 5,
    "real": 2.5,
    "yes": True,
    "text": "x",
    "digits": "007",
    "none": None,
    "list": [1, "two"],
    "object": {"a": {"b": 1}},
    "template": "{{ secret }}",
    "big": 2**70,
}


def value(source: str) -> Any:
    return evaluate(source, {"payload": PAYLOAD, "secret": "s3cr3t"})


@pytest.mark.parametrize("name", sorted(PAYLOAD))
def test_a_value_keeps_its_json_type(name):
    result = value("{{ payload." + name + " }}")

    assert result == PAYLOAD[name]
    assert type(result) is type(PAYLOAD[name])


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ payload.n * 2 }}", 10),
        ("{{ payload.n + 1 }}", 6),
        ("{{ payload.n > 4 }}", True),
        ("{{ not payload.yes }}", False),
        ("{{ -payload.n }}", -5),
        ("{{ -5 }}", -5),
        ("{{ +payload.n }}", 5),
        ("{{ - payload.n }}", -5),
        ("{{ payload.text ~ '!' }}", "x!"),
        ("{{ 'two' in payload.list }}", True),
        ("{{ payload.list | length }}", 2),
        ("{{ payload.list | first }}", 1),
        ("{{ [payload.n, payload.text] }}", [5, "x"]),
        ("{{ {'a': payload.n} }}", {"a": 5}),
        ("{{ payload.nope | default(3) }}", 3),
        ("{{ payload.digits | int }}", 7),
        ("{{ payload.text if payload.yes else 0 }}", "x"),
        ("{{ payload | tojson }}", None),
        ("  {{ payload.n }}\n", 5),
        ("{{- payload.n -}}", 5),
        ("{{-5}}", 5),
        ("{{ payload.object | tojson }}", '{"a": {"b": 1}}'),
    ],
)
def test_the_whole_expression_is_one_value(source, result):
    import json

    expected = json.dumps(PAYLOAD, sort_keys=True) if result is None else result

    assert value(source) == expected


def test_data_is_never_rendered_a_second_time():
    assert value("{{ payload.template }}") == "{{ secret }}"


@pytest.mark.parametrize("source", ["{{ nope }}", "{{ payload.nope }}", "{{ payload.nope.deeper }}"])
def test_a_value_that_is_not_there_is_named(source):
    with pytest.raises(TemplateError, match="is undefined"):
        value(source)


@pytest.mark.parametrize("source", ["{{ payload.list | map('upper') }}", "{{ range(3) }}", "{{ range }}"])
def test_a_value_without_a_form_in_json_is_refused(source):
    with pytest.raises(TemplateError, match="has no form in JSON"):
        value(source)


def test_a_list_of_a_loop_has_one():
    assert value("{{ range(3) | list }}") == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("{{ a }}", True),
        (" {{ a }}\n", True),
        ("{{a}}", True),
        ("{{ a }} ", True),
        ("n={{ a }}", False),
        ("{{ a }}{{ b }}", False),
        ("{{ a }}.", False),
        ("{% if a %}{% endif %}", False),
        ("plain", False),
    ],
)
def test_one_expression_and_nothing_else_is_alone(text, alone):
    assert is_lone_expression(text) is alone


@pytest.mark.parametrize("source", ["{{ }}", "{{ a b }}", "{{ a }} }}", "{{ % }}"])
def test_what_is_no_expression_is_a_fault(source):
    with pytest.raises(TemplateError):
        value(source)
