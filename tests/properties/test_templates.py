"""Laws of templates: what a sender puts into a value never becomes anything but that value."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from tests.stories import NOON

from whenflow.actions.parameters import render_parameters
from whenflow.templating import CaseInsensitive, TemplateError, evaluate, is_lone_expression, is_template, render
from whenflow.templating.drafts import NotRendered, render_draft
from whenflow.templating.engine import MAX_OUTPUT_CHARS
from whenflow.templating.policy import ALLOWED_FILTERS, ALLOWED_TESTS
from whenflow.testing import SequentialIds
from whenflow.webhooks import HttpRequest, Misread, Webhook, interpret

text = st.text(st.characters(codec="utf-8") | st.sampled_from('"\\{}[]:,\n\t\0%#\u2028'))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12
)
EVIL = '", "event": "admin.granted", "x": "'

TEMPLATE = """{
  "event": "user.{{ body.a }}",
  "resource": {"prefect.resource.id": "u.{{ body.b }}", "label": "{{ headers['x-label'] }}"},
  "payload": {"text": "{{ body.a ~ '/' ~ body.b }}", "json": {{ body.any | tojson }}, "query": "{{ query.q }}"}
}"""


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, and see that no name comes twice."""
    made = dict(pairs)
    assert len(made) == len(pairs)
    return made


@given(a=text, b=text, label=text, q=text, any_=json_values)
@example(a=EVIL, b=EVIL, label=EVIL, q=EVIL, any_=EVIL)
@example(a="\\", b="\\", label="\\", q='\\"', any_={"\\": '"'})
@example(a="{{ 7 * 7 }}", b="{% raw %}", label="{#", q="}}", any_=["{{ 7 }}"])
def test_text_in_any_field_stays_in_its_field(a, b, label, q, any_):
    context = {
        "body": {"a": a, "b": b, "any": any_},
        "headers": CaseInsensitive({"X-Label": label}),
        "query": {"q": q},
    }

    document = json.loads(render(TEMPLATE, context, for_json=True))

    assert document == {
        "event": f"user.{a}",
        "resource": {"prefect.resource.id": f"u.{b}", "label": label},
        "payload": {"text": f"{a}/{b}", "json": any_, "query": q},
    }


@given(a=json_values, b=json_values, any_=json_values)
@example(a=[",", ":"], b={",": ":"}, any_=None)
@example(a=["\\", '"'], b=[], any_=[",", ":"])
@example(a=["}", ",", ":"], b=True, any_={})
def test_any_value_in_any_field_stays_in_its_field(a, b, any_):
    context = {"body": {"a": a, "b": b, "any": any_}, "headers": {"x-label": any_}, "query": {"q": b}}

    document = json.loads(render(TEMPLATE, context, for_json=True), object_pairs_hook=each_once)

    as_text = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in (a, b, any_)]
    assert document["event"] == f"user.{as_text[0]}"
    assert document["resource"] == {"prefect.resource.id": f"u.{as_text[1]}", "label": as_text[2]}
    assert document["payload"].keys() == {"text", "json", "query"}
    assert document["payload"]["json"] == any_


@given(value=json_values)
def test_json_put_between_quotes_is_text(value):
    rendered = render('{"a": "{{ value | tojson }}", "b": "\\"{{ value }}\\\\"}', {"value": value}, for_json=True)

    document = json.loads(rendered, object_pairs_hook=each_once)

    assert document.keys() == {"a", "b"}
    assert json.loads(document["a"]) == value


@given(a=text, b=text, any_=json_values)
@example(a=EVIL, b=EVIL, any_=EVIL)
def test_a_webhooks_event_has_the_name_and_payload_that_its_template_says(a, b, any_):
    webhook = Webhook(
        id="w", name="signup", template=TEMPLATE, created=NOON, updated=NOON, slug_hash="x", description=""
    )
    body = json.dumps({"a": a, "b": b, "any": any_}).encode()
    request = HttpRequest("POST", {"content-type": "application/json", "x-label": "l"}, {"q": "1"}, body)

    try:
        event = interpret(webhook, request, SequentialIds(), NOON)
    except Misread:
        return  # too long a name, perhaps: then nothing is taken

    assert event.event == f"user.{a}"
    assert event.resource["prefect.resource.id"] == f"u.{b}"
    assert event.payload["json"] == any_


@given(value=json_values)
def test_what_tojson_writes_is_read_as_what_it_was(value):
    assert json.loads(render("{{ value | tojson }}", {"value": value})) == value


@given(value=json_values)
def test_what_tojson_writes_is_safe_within_html(value):
    assert not set("<>&'") & set(render("{{ value | tojson }}", {"value": value}))


@given(value=json_values)
def test_a_lone_expression_gives_the_value_itself(value):
    result = evaluate("{{ value }}", {"value": value})

    assert result == value
    assert json.dumps(result, sort_keys=True) == json.dumps(value, sort_keys=True)


@given(value=json_values)
def test_data_is_rendered_once_whatever_it_says(value):
    parameters = {"lone": "{{ value }}", "list": [["{{ value }}"]], "plain": 5}

    assert render_parameters(parameters, {"value": value}) == {"lone": value, "list": [[value]], "plain": 5}


@given(value=json_values)
def test_parameters_without_templates_are_left_alone(value):
    def has_template(tree: Any) -> bool:
        if isinstance(tree, str):
            return is_template(tree)
        if isinstance(tree, dict):
            return any(has_template(item) for item in tree.values())
        return isinstance(tree, list) and any(has_template(item) for item in tree)

    if not has_template(value):
        assert render_parameters(value, {}) == value


@given(source=st.text(st.sampled_from("{}%#-+ abc.|()[]'\"~*0123456789\n"), max_size=60))
def test_any_source_is_rendered_or_refused_and_breaks_nothing(source):
    for work in (render, evaluate) if is_lone_expression(source) else (render,):
        try:
            work(source, {"a": 1, "b": {"c": "x"}})
        except TemplateError as error:
            assert error.message


names = st.sampled_from(["a", "b", "c", "body", "nope", "loop", "range", "self", "n"])
literals = st.sampled_from(
    ["1", "'x'", "1.5", "none", "true", "[]", "{}", "[1, 'a']", "{'a': 1}", "''", "'\"'", "99999999"]
)
operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "~", "**", "==", "<", "and", "or", "in", "is"])
filters_ = st.sampled_from(sorted(ALLOWED_FILTERS | {"attr", "format", "center", "xmlattr", "nope"}))
methods = st.sampled_from(["items", "get", "upper", "split", "strip", "format", "__init__", "pop", "replace"])
attributes = st.sampled_from(["a", "items", "__class__", "_x", "id", "labels", "0"])
tests_ = st.sampled_from(sorted(ALLOWED_TESTS | {"nope", "filter"}))


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return larger expressions, made of smaller ones: right ones, odd ones, and those that must be refused."""
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda it: f"({it[0]} {it[1]} {it[2]})"),
        st.tuples(inner, filters_, inner).map(lambda it: f"{it[0]} | {it[1]}({it[2]})"),
        st.tuples(inner, filters_).map(lambda it: f"{it[0]} | {it[1]}"),
        st.tuples(inner, filters_).map(lambda it: f"{it[0]} | map('{it[1]}') | list"),
        st.tuples(inner, methods, inner).map(lambda it: f"{it[0]}.{it[1]}({it[2]})"),
        st.tuples(inner, attributes).map(lambda it: f"{it[0]}.{it[1]}"),
        st.tuples(inner, inner).map(lambda it: f"{it[0]}[{it[1]}]"),
        st.tuples(inner, inner).map(lambda it: f"{it[0]}[{it[1]}:]"),
        st.tuples(inner, tests_).map(lambda it: f"({it[0]} is {it[1]})"),
        st.tuples(inner, inner, inner).map(lambda it: f"({it[0]} if {it[1]} else {it[2]})"),
        st.lists(inner, max_size=3).map(lambda it: f"[{', '.join(it)}]"),
        inner.map(lambda it: f"{{'k': {it}}}"),
    )


expressions = st.recursive(names | literals, grown, max_leaves=8)


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return statements around smaller templates."""
    return st.one_of(
        st.tuples(expressions, inner).map(lambda it: "{% if " + it[0] + " %}" + it[1] + "{% else %}no{% endif %}"),
        st.tuples(expressions, inner).map(lambda it: "{% for a in " + it[0] + " %}" + it[1] + "{% endfor %}"),
        st.tuples(names, expressions, inner).map(lambda it: "{% set " + f"{it[0]} = {it[1]}" + " %}" + it[2]),
        st.tuples(expressions, inner).map(lambda it: "{% set n = namespace(a=" + it[0] + ") %}" + it[1] + "{{ n.a }}"),
        st.lists(inner, max_size=3).map("".join),
    )


pieces = expressions.map(lambda it: "{{ " + it + " }}") | st.sampled_from(['"', "text", "{", "\\", "\n", '{"a": '])
templates = st.recursive(pieces, blocks, max_leaves=6)
INSIDE = ("<class ", "object at 0x", "<function", "<built-in", "<bound", "<generator", "<whenflow", "<jinja")


@given(source=templates, a=json_values, b=json_values)
def test_any_template_on_any_data_renders_or_is_refused_and_shows_nothing_of_its_inside(source, a, b):
    context = {"body": {"a": a, "items": b}, "a": a, "b": b, "c": CaseInsensitive({"X-A": "y"})}
    given_text = source + str(context)
    for for_json in (False, True):
        try:
            shown = render(source, context, for_json=for_json)
        except TemplateError as error:
            shown = error.message
            assert shown
        assert len(shown) <= MAX_OUTPUT_CHARS
        assert not [word for word in INSIDE if word in shown and word not in given_text]


@given(source=expressions, a=json_values, b=json_values)
def test_any_expression_gives_json_or_is_refused(source, a, b):
    try:
        value = evaluate("{{ " + source + " }}", {"body": {"a": a}, "a": a, "b": b, "c": {}})
    except TemplateError as error:
        assert error.message
    else:
        json.dumps(value, allow_nan=False)


@given(a=json_values, b=json_values)
@example(a='x", "event": "admin.granted', b={"event": "admin"})
@example(a="}", b=['"', "\\"])
def test_no_data_adds_a_field_or_changes_what_the_template_itself_says(a, b):
    template = """{
      "event": "user.{{ body.a }}.seen",
      "resource": {"prefect.resource.id": "{{ body.b }}"},
      "payload": { {% if body.a %}"a": {{ body.a | tojson }}, "b": "{{ body.b | tojson }}"{% endif %} }
    }"""
    try:
        document = render_draft(template, {"body": {"a": a, "b": b}})
    except NotRendered as error:
        raise AssertionError(error.reason) from None

    assert document.keys() == {"event", "resource", "payload"}
    assert document["event"].startswith("user.")
    assert document["event"].endswith(".seen")
    assert document["resource"].keys() == {"prefect.resource.id"}
    assert document["payload"].keys() == ({"a", "b"} if a else set())
    assert document["payload"].get("a", a) == a
    assert json.loads(document["payload"].get("b", json.dumps(b))) == b
