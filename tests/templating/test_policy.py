"""What a template may say, and how much it may ask for."""

import pytest
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.tests import TESTS as DEFAULT_TESTS

from whenflow.templating import TemplateError, check, evaluate, render
from whenflow.templating.policy import (
    ALLOWED_FILTERS,
    ALLOWED_TESTS,
    MAX_LOOPS,
    MAX_SOURCE_CHARS,
)

LOOP = "{% for a in range(2) %}x{% endfor %}"


def refused(source: str, context: dict | None = None) -> str:
    with pytest.raises(TemplateError) as error:
        render(source, context or {})
    return error.value.message


@pytest.mark.parametrize(
    "source",
    [
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{% macro a() %}{% endmacro %}",
        "{% call a() %}{% endcall %}",
        "{% filter upper %}a{% endfilter %}",
        "{% set a %}b{% endset %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ 2 ** 1000000 }}",
    ],
)
def test_what_is_not_on_the_list_is_refused_before_it_runs(source):
    with pytest.raises(TemplateError):
        check(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ body.pop() }}",
        "{{ body.format('x') }}",
        "{{ body.format_map(x) }}",
        "{{ body['items']() }}",
        "{{ body.items(a=1) }}",
        "{{ body | attr('format') }}{{ body.encode() }}",
        "{{ ''.join([]) }}",
        "{{ lipsum() }}",
        "{{ cycler('a') }}",
        "{{ cycler('a', 'b') }}",
        "{{ joiner() }}",
        "{{ caller() }}",
        "{{ body['format']() }}",
        "{{ (body or range)(3) }}",
    ],
)
def test_nothing_can_be_called_but_what_is_on_the_list(source):
    with pytest.raises(TemplateError, match="nothing can be called|no filter 'attr'"):
        check(source)


@pytest.mark.parametrize("name", sorted(DEFAULT_FILTERS.keys() - ALLOWED_FILTERS))
def test_a_filter_that_is_not_on_the_list_is_refused(name):
    with pytest.raises(TemplateError, match=f"there is no filter '{name}' here"):
        check("{{ body | " + name + " }}")


@pytest.mark.parametrize("name", sorted(DEFAULT_FILTERS.keys() - ALLOWED_FILTERS))
def test_a_filter_that_is_not_on_the_list_cannot_be_reached_through_another(name):
    for outer in ("map", "select", "reject"):
        assert refused("{{ ['a'] | " + outer + "('" + name + "') | list }}")


@pytest.mark.parametrize("name", sorted(DEFAULT_TESTS.keys() - ALLOWED_TESTS - {"<", ">", "<=", ">=", "==", "!="}))
def test_a_test_that_is_not_on_the_list_is_refused(name):
    with pytest.raises(TemplateError, match=f"there is no test '{name}' here"):
        check("{{ body is " + name + " }}")
    assert refused("{{ ['a'] | select('" + name + "') | list }}")


@pytest.mark.parametrize("name", sorted(ALLOWED_FILTERS - {"map", "reject", "rejectattr", "select", "selectattr"}))
def test_every_filter_on_the_list_is_there(name):
    check("{{ body | " + name + " }}")


@pytest.mark.parametrize(
    "attribute",
    ["__class__", "__init__", "__globals__", "__mro__", "_body", "format", "upper", "keys", "look_up", "real"],
)
@pytest.mark.parametrize("value", ["body", "body.text", "body.list", "body.n", "range", "self"])
def test_no_attribute_of_anything_can_be_seen(value, attribute):
    context = {"body": {"text": "x", "list": [1], "n": 1}}

    assert render("<{{ " + value + "." + attribute + " }}>", context) == "<>"
    assert render("<{{ " + value + "['" + attribute + "'] }}>", context) == "<>"


def test_attributes_cannot_be_seen_through_filters():
    context = {"body": [{"a": 1}, "text"]}

    assert render("{{ body | map(attribute='__class__') | join }}", context) == ""
    assert render("{{ body | selectattr('__class__') | list | length }}", context) == "0"


def test_a_source_at_the_limit_is_taken():
    check("x" * MAX_SOURCE_CHARS)


def test_a_longer_source_is_refused():
    assert "at most 16,384 characters" in refused("x" * (MAX_SOURCE_CHARS + 1))


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 100 + "1" + ")" * 100 + " }}",
        "{{ " + "[" * 5_000 + "]" * 5_000 + " }}",
        "{{ " + "-" * 9_000 + "1 }}",
    ],
)
def test_deep_nesting_is_refused_and_breaks_nothing(source):
    assert "nested too deeply" in refused(source)


def test_deep_blocks_are_refused_and_break_nothing():
    assert refused("{% if a %}" * 1_400)


def test_as_many_loops_as_allowed_run():
    assert len(render(LOOP * MAX_LOOPS, {})) == 2 * MAX_LOOPS


def test_one_loop_more_is_refused():
    assert "at most 10 for loops" in refused(LOOP * (MAX_LOOPS + 1))


def test_loops_may_be_nested_twice():
    nested = "{% for a in range(2) %}{% for b in range(2) %}x{% endfor %}{% endfor %}"

    assert render(nested, {}) == "xxxx"


def test_loops_nested_deeper_are_refused():
    deeper = "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}"

    assert "nested at most 2 deep" in refused(deeper)


def test_recursive_loops_are_refused():
    assert "recursive" in refused("{% for a in body recursive %}{{ loop(a) }}{% endfor %}")


@pytest.mark.parametrize("bounds", ["101", "0, 1000, 9", "1000000000000", "5, -1000, -1"])
def test_a_range_is_short(bounds):
    assert "at most 100 numbers" in refused("{% for a in range(" + bounds + ") %}{% endfor %}")


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 30000000 }}",
        "{{ 30000000 * 'a' }}",
        "{{ [1] * 30000000 }}",
        "{{ '%30000000d' % 1 }}",
        "{{ body.text * body.n }}",
    ],
)
def test_only_numbers_are_multiplied(source):
    assert "works on numbers only" in refused(source, {"body": {"text": "x", "n": 30_000_000}})


@pytest.mark.parametrize(
    "source",
    [
        "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a + a %}" * 30,
        "{% set a = 'xxxxxxxxxx' %}" + "{% set a = a ~ a %}" * 30,
        "{% set a = [1, 2, 3] %}" + "{% set a = a + a %}" * 30,
        "{% set a = 9999999999 %}" + "{% set a = a * a %}" * 30,
        "{% set a = body.text | replace('x', body.text) %}",
        "{% set a = body.many | join(body.text) %}",
        "{% set a = body.many | tojson(indent=100000000) %}",
        "{% set a = 'x' | replace('', body.text) | replace('x', body.text) %}",
    ],
    ids=["plus", "tilde", "lists", "squares", "replace", "join", "indent", "replace nothing"],
)
def test_no_value_grows_without_end(source):
    context = {"body": {"text": "x" * 100_000, "many": [[n] for n in range(1_000)]}}

    assert refused(source + "{{ a | length }}", context)


@pytest.mark.parametrize("method", ["common", "ceil", "floor"])
def test_numbers_are_not_rounded_to_millions_of_digits(method):
    assert "at most 30 digits" in refused("{{ 1.5 | round(1000000000, '" + method + "') }}")


@pytest.mark.parametrize("filter_", ["replace('x', 'y')", "join(', ')", "tojson(indent=4)"])
def test_metered_filters_work_as_usual(filter_):
    assert render("{{ ['x', 'x'] | " + filter_ + " }}", {})


def test_replacing_can_be_limited_as_usual():
    assert render("{{ 'x-x-x' | replace('x', 'y', 2) }}", {}) == "y-y-x"


def test_joining_by_an_attribute_works_as_usual():
    assert render("{{ body | join('+', attribute='n') }}", {"body": [{"n": 1}, {"n": 2}]}) == "1+2"


def test_the_policy_holds_for_lone_expressions_too():
    with pytest.raises(TemplateError, match="there is no filter 'attr'"):
        evaluate("{{ body | attr('x') }}", {})
