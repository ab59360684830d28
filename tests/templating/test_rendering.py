"""Templates to text."""

import pytest
from tests.stories import ANN

from whenflow.templating import TemplateError, check, is_template, render
from whenflow.templating.engine import MAX_OUTPUT_CHARS

BODY = {
    "name": "Ann",
    "quoted": 'say "hi"\n\\ <&> \'',
    "n": 5,
    "half": 0.5,
    "yes": True,
    "none": None,
    "list": ["tea", "cups"],
    "object": {"a b": 1, "items": "shadowed"},
}


def text(source: str, **context) -> str:
    return render(source, {"body": BODY, **context})


def json_text(source: str) -> str:
    return render(source, {"body": BODY}, for_json=True)


def complaint(source: str, **context) -> TemplateError:
    with pytest.raises(TemplateError) as error:
        text(source, **context)
    return error.value


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("Hello {{ body.name }}!", "Hello Ann!"),
        ("{{ body['name'] }}", "Ann"),
        ("{{ body.list[0] }} {{ body.list[-1] }}", "tea cups"),
        ("{{ body.object['a b'] }}", "1"),
        ("{{ body.object.items }}", "shadowed"),
        (
            "{{ body.n + 1 }} {{ body.n * 2 }} {{ body.n // 2 }} {{ body.n % 2 }} {{ body.n / 2 }} {{ -body.n }}",
            "6 10 2 1 2.5 -5",
        ),
        ("{{ body.name ~ '!' }}", "Ann!"),
        ("{{ 'grown' if body.n > 4 else 'small' }}", "grown"),
        ("{% if body.nope %}a{% elif body.yes %}b{% else %}c{% endif %}", "b"),
        ("{% for one in body.list %}{{ one }};{% endfor %}", "tea;cups;"),
        ("{% for one in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for key, value in body.object | items %}{{ key }}={{ value }} {% endfor %}", "a b=1 items=shadowed "),
        ("{% for n in range(3) %}{{ n }}{% endfor %}", "012"),
        ("{% set x = body.n %}{{ x }}", "5"),
        ("{{ body.list | join(', ') }}", "tea, cups"),
        ("{{ body.nope | default('nobody') }}", "nobody"),
        ("{{ body.name | upper | lower | title | trim | length }}", "3"),
        ("{{ body.list | map('upper') | join('+') }}", "TEA+CUPS"),
        ("{{ body.list | select('eq', 'tea') | list | length }}", "1"),
        ("{{ '[1, 2]' | from_json | last }}", "2"),
        ("{{ 1.26 | round(1) }} {{ 1.2 | round(0, 'ceil') | int }}", "1.3 2"),
        ("{# not seen #}{% raw %}{{ seen }}{% endraw %}", "{{ seen }}"),
        ("{{ 'tea' in body.list }} {{ body.none is none }} {{ body.nope is defined }}", "True True False"),
        ("a\n{%- if true %} b{% endif %}", "a b"),
        ("no template at all", "no template at all"),
    ],
)
def test_what_a_template_says_is_rendered(source, result):
    assert text(source) == result


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ loop.index }}", "123"),
        ("{{ loop.index0 }}", "012"),
        ("{{ loop.revindex }}", "321"),
        ("{{ loop.length }}", "333"),
        ("{{ 'first ' if loop.first }}", "first "),
        ("{{ one }}{% if not loop.last %}, {% endif %}", "a, b, c"),
        ("{{ loop.previtem }}", "ab"),
        ("{{ loop.nextitem }}", "bc"),
    ],
)
def test_a_loop_knows_where_it_is(source, result):
    assert text("{% for one in ['a', 'b', 'c'] %}" + source + "{% endfor %}") == result


@pytest.mark.parametrize("name", ["cycle('a')", "changed(1)"])
def test_a_loop_can_do_nothing(name):
    assert "nothing can be called" in complaint("{% for one in [1] %}{{ loop." + name + " }}{% endfor %}").message


@pytest.mark.parametrize("source", ["{{ nope }}", "{{ body.nope }}", "{{ body.a.b.c }}", "{{ body['x'][3].y }}"])
def test_what_is_not_there_is_empty_at_any_depth(source):
    assert text(f"<{source}>") == "<>"


@pytest.mark.parametrize("filter_", ["tojson", "uuid"])
def test_a_filter_that_needs_a_value_names_the_one_that_is_not_there(filter_):
    assert complaint("{{ body.nope | " + filter_ + " }}").message == "'nope' is undefined"


@pytest.mark.parametrize("source", ["{{ [body.nope] | tojson }}", "{{ {'a': body.nope} | tojson }}"])
def test_a_value_that_is_not_there_is_named_even_inside_another(source):
    assert complaint(source).message == "'nope' is undefined"


def test_json_of_a_value_is_sorted_and_safe_in_html():
    source = "{{ body.object | tojson }} {{ body.quoted | tojson }}"

    assert text(source) == ('{"a b": 1, "items": "shadowed"} "say \\"hi\\"\\n\\\\ \\u003c\\u0026\\u003e \\u0027"')


def test_json_can_be_indented():
    assert text("{{ [1] | tojson(indent=2) }}") == "[\n  1\n]"


@pytest.mark.parametrize(
    "source",
    ["{{ range(3) | tojson }}", "{{ body.list | map('upper') | tojson }}", "{{ (1e308 * 10) | tojson }}"],
)
def test_what_has_no_form_in_json_is_not_made_up(source):
    assert "has no form in JSON" in complaint(source).message


def test_an_id_of_a_value_is_always_the_same():
    first, again, other = (text(source) for source in ("{{ 7 | uuid }}", "{{ '7' | uuid }}", "{{ 8 | uuid }}"))

    assert first == again != other
    assert len(first) == 36


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ('{"a": "{{ body.quoted }}"}', '{"a": "say \\"hi\\"\\n\\\\ <&> \'"}'),
        ("{{ body.object | tojson }}", '{"a b": 1, "items": "shadowed"}'),
        ("{{ body.n }} {{ body.half }} {{ body.yes }} {{ body.none }}", "5 0.5 true null"),
        ("{{ body.list }} {{ body.object }}", '["tea", "cups"] {"a b": 1, "items": "shadowed"}'),
        ('"{{ body.nope }}"', '""'),
        ('"{{ body.list }}"', '"[\\"tea\\", \\"cups\\"]"'),
        ('"{{ body.list | tojson }}"', '"[\\"tea\\", \\"cups\\"]"'),
        ('"{{ body.n }} {{ body.yes }}"', '"5 true"'),
        ('"\\"{{ body.list }}" {{ body.list }}', '"\\"[\\"tea\\", \\"cups\\"]" ["tea", "cups"]'),
        ('"\\\\" {{ body.list }}', '"\\\\" ["tea", "cups"]'),
        ("\\\\ {{ body.list }}", '\\\\ ["tea", "cups"]'),
        ('{% for one in body.list %}"{{ [one] }}"{% endfor %}', '"[\\"tea\\"]""[\\"cups\\"]"'),
        ('"{{ body.name | upper }}"', '"ANN"'),
        ('"{{ body.quoted ~ body.quoted }}"', '"say \\"hi\\"\\n\\\\ <&> \'say \\"hi\\"\\n\\\\ <&> \'"'),
    ],
)
def test_values_inside_json_keep_it_json(source, result):
    assert json_text(source) == result


@pytest.mark.parametrize(
    "source",
    ["{{ (body.name | tojson) + body.quoted }}", "{{ (body.name | tojson) ~ body.quoted }}"],
)
def test_text_put_to_json_is_text_again(source):
    assert '"' not in json_text(source).replace('\\"', "")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("{{ body.name", 1),
        ("one\ntwo\n{% if %}", 3),
        ("one\n{{ body | nope }}", 2),
        ("one\n\n{% include 'x' %}", 3),
        ("one\n{{ '(' * 5 }}{{ " + "(" * 50 + " }}", 2),
    ],
)
def test_a_fault_is_told_with_its_line(source, line):
    error = complaint(source)

    assert error.line == line
    assert str(error).startswith(f"line {line}: ")


@pytest.mark.parametrize(
    "source", ["{{ 1 / 0 }}", "{{ body.name + 1 }}", "{{ 'x' | from_json }}", "{{ [] | max + 1 }}"]
)
def test_what_fails_on_this_data_is_a_fault_of_the_template(source):
    assert complaint(source).message


def test_checking_a_template_renders_nothing():
    check("{{ 1 / 0 }} {{ body.nope | tojson }}")


def test_the_output_is_limited():
    many = {"body": {"text": "x" * 20_000}}
    source = "{% for a in range(100) %}{{ body.text }}{% endfor %}"

    with pytest.raises(TemplateError, match=f"over {MAX_OUTPUT_CHARS:,}"):
        render(source, many)


def test_the_output_may_be_as_large_as_the_limit():
    assert len(render("{{ body }}", {"body": "x" * MAX_OUTPUT_CHARS})) == MAX_OUTPUT_CHARS


@pytest.mark.parametrize(
    ("given", "is_one"),
    [("{{ a }}", True), ("{% if a %}b{% endif %}", True), ("plain", False), ("{ a }", False), ("", False)],
)
def test_text_with_something_to_render_is_a_template(given, is_one):
    assert is_template(given) is is_one


def test_the_same_template_renders_other_data_anew():
    assert [render("{{ name }}", {"name": name}) for name in (ANN["name"], "Ben")] == ["Ann", "Ben"]
