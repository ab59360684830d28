"""Attacks on the template engine (SECURITY 2): what got out of other sandboxes, and what would use up a machine.

Time is what the process computed, so that a busy machine makes no test fail.
"""

import time
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from whenflow.templating import Context, ResourceView, TemplateError, evaluate, render

MIB = 1024 * 1024
SECONDS = 1.0
MANY = 60_000


def nested(depth: int) -> list[Any]:
    """Return a list in a list in a list."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


BODY: dict[str, Any] = {
    "text": "x" * (MIB - 100),
    "words": "ab " * 300_000,
    "wide": "\U0001f600" * 260_000,
    "html": "<&>'" * 250_000,
    "zeros": "\0" * (MIB - 100),
    "n": 30_000_000,
    "nums": [0] * MANY,
    "lists": [[n % 7] for n in range(MANY)],
    "pairs": {f"k{n}": n for n in range(MANY)},
    "deep": nested(150),
    "digits": "9" * 4000,
    "big": int("9" * 4000),
    "huge": 1e308,
}
EVENT = {"occurred": datetime(2026, 11, 20, tzinfo=UTC), "resource": ResourceView({"prefect.resource.id": "r"})}
CONTEXT = Context({"body": BODY, "event": EVENT, "headers": {}}, now=datetime(2026, 11, 20, tzinfo=UTC))


def often(inner: str) -> str:
    """Return a template that does something 10,000 times."""
    return "{% for i in range(100) %}{% for j in range(100) %}" + inner + "{% endfor %}{% endfor %}"


def again(assignment: str, first: str = "'xxxxxxxxxx'", end: str = "{{ a | length }}") -> str:
    """Return a template that makes `a` out of `a` 40 times."""
    return "{% set a = " + first + " %}" + ("{% set a = " + assignment + " %}") * 40 + end


def kept(value: str) -> str:
    """Return a template that keeps as many values as it can."""
    return "".join("{% set a" + str(n) + " = " + value + " %}" for n in range(250))


ESCAPES = {
    "2016-10745 str.format": "{{ '{0.__class__.__mro__}'.format(body) }}",
    "2019-10906 str.format_map": "{{ '{a.__class__}'.format_map({'a': body}) }}",
    "2024-56326 format kept in a variable": "{% set f = '{0.__class__}'.format %}{{ f(body) }}",
    "2024-56326 format through a filter": "{{ ['{0.__class__}'] | map('format', body) | list }}",
    "2025-27516 format through attr": "{{ ('{0.__class__}' | attr('format'))(body) }}",
    "2025-27516 attr through map": "{{ ['x'] | map('attr', 'format') | list }}",
    "2024-22195 xmlattr": "{{ {'a onload=x': 1} | xmlattr }}",
    "2020-28493 urlize": "{{ body.text | urlize }}",
    "2024-56201 include by name": "{% include '\\n{{ x }}' %}",
    "module of a template": "{% import body.text as x %}",
    "self": "{{ self.__init__.__globals__ }}",
    "a function's globals": "{{ range.__globals__ }}",
    "loop": "{% for a in [1] %}{{ loop.__class__ }}{{ loop._iterator }}{% endfor %}",
    "namespace": "{% set n = namespace(a=1) %}{{ n.__class__ }}{{ n._Namespace__attrs }}{{ n['__init__'] }}",
    "undefined": "{{ nope.__class__.__mro__ }}{{ nope._undefined_exception }}",
    "cycler": "{{ cycler.__init__.__globals__.os }}",
    "lipsum": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "a list's class": "{{ [].__class__.__base__.__subclasses__() }}",
    "a view's innards": "{{ event.resource.look_up }}{{ event.resource.labels._prefix }}{{ event.resource.kind }}",
    "a time's innards": "{{ event.occurred.tzinfo }}{{ event.occurred.__reduce__ }}",
    "a group's innards": "{{ (body.lists | groupby(0) | first)._make }}",
    "a block's context": "{% block x scoped %}{{ super() }}{% endblock %}",
    "an inner variable": "{{ environment }}{{ context }}{{ undefined }}{{ cond_expr_undefined }}{{ t_1 }}{{ l_0_a }}",
    "a function as a name": "{{ body.text[range] | tojson }}",
    "a function as a key": "{{ {range: 1} }}",
    "a function as an undefined name": "{{ body.nope[range].upper() }}{{ body.text[range].upper() }}",
    "an inner function": "{{ ['a'] | map('method') | list }}{{ ['a'] | map('written') | list }}",
}


@pytest.mark.parametrize("source", ESCAPES.values(), ids=ESCAPES.keys())
def test_nothing_gets_out(source: str):
    for for_json in (False, True):
        try:
            text = render(source, CONTEXT, for_json=for_json)
        except TemplateError as error:
            assert not any(word in error.message for word in ("<class", "object at", "/lib/", "Traceback"))
        else:
            assert text == ""


EXHAUSTING = {
    "numbers only": "{{ 'a' * 30000000 }}",
    "format": "{{ '%30000000d' % 1 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "plus": again("a + a"),
    "tilde": again("a ~ a"),
    "lists added": again("a + a", "[1, 2]"),
    "lists in lists": again("[a, a]"),
    "lists in lists, shown": again("[a, a]", end="{{ a }}"),
    "tuples in tuples, compared": again("(a, a)", end="{{ a == a }}"),
    "objects in objects, as JSON": again("{'a': a, 'b': a}", end="{{ a | tojson }}"),
    "squares": again("a * a", "9999999999"),
    "one text in many places": "{% set s = body.text %}{{ [" + "s," * 4_000 + "] }}",
    "one text in many places, joined": "{% set s = body.text %}{{ [" + "s," * 4_000 + "] | join }}",
    "one text often, put together": "{% set s = body.text %}{{ " + "s ~ " * 2_000 + "s }}",
    "namespace, texts": "{% set n = namespace(a='xxxx') %}" + "{% set n.a = n.a ~ n.a %}" * 40,
    "namespace, lists": "{% set n = namespace(a=['x']) %}" + "{% set n.a = [n.a, n.a] %}" * 40,
    "namespace, in a loop": "{% set n = namespace(a='x') %}" + often("{% set n.a = n.a + n.a %}"),
    "namespace in itself": "{% set n = namespace() %}{% set n.a = n %}{{ n }}",
    "namespaces in namespaces": again("namespace(a=a, b=a)", "namespace()", "{{ [a] | string }}"),
    "replace": "{{ body.text | replace('x', body.text) }}",
    "replace nothing": "{{ body.text | replace('', body.text) }}",
    "replace, the method": "{{ body.text.replace('x', body.text) }}",
    "join": "{{ body.lists | join(body.text) }}",
    "many numbers joined": "{{ body.nums | join(body.words) }}",
    "indent": "{{ body.lists | tojson(indent=100000000) }}",
    "escapes of HTML": "{{ body.html | tojson }}",
    "escapes of JSON": "{{ body.zeros | tojson }}",
    "escapes of Python": "{{ [body.zeros] }}",
    "digits of round": "{{ 1.5 | round(1000000000) }}",
    "digits of int": "{% set a = body.text | replace('x', '1') | int(0, 2) %}{{ a }}",
    "a set to be trimmed": "{{ body.text | trim(body.wide) }}",
    "a set to be stripped": "{{ body.text.strip(body.wide) }}",
    "split": "{{ body.text.split('x') }}",
    "split at blanks": "{{ body.words.split() }}",
    "text as a list": "{{ body.text | list }}",
    "comments to be stripped": "{{ ('<!---->' ~ body.text | replace('x', '<')) | striptags }}"
    + often("{{ body.html | striptags }}"),
    "sum of lists": "{{ body.lists | sum(start=[]) }}",
    "nested JSON": "{{ body.text | replace('x', '[') | from_json }}",
    "humanized digits": "{{ body.digits | humanize_intcomma }}",
    "humanized number": "{{ body.big | humanize_intcomma }}",
    "humanized places": "{{ 1.5 | humanize_intcomma(1000000000) }}",
    "humanized format": "{{ 1 | humanize_naturalsize(format='%1000000000f') }}",
    "humanized precision": "{{ 1 | humanize_scientific(precision=1000000000) }}",
    "format of a day": "{{ event.occurred.strftime('%1000000000Y') }}",
    "width of truncate": "{{ body.text | truncate(10, true, body.text) }}",
    "a long loop": often("{% set x = body.text | upper %}"),
    "a long loop, titles": often("{% set x = body.words | title %}"),
    "a long loop, words": often("{{ body.words | wordcount }}"),
    "a long loop, URLs": often("{{ body.html | urlencode }}"),
    "a long loop, slices": often("{% set x = body.text[1:] %}"),
    "a long loop, slices backwards": often("{% set x = body.nums[::-1] %}"),
    "a long loop, comparing": often("{% if body.nums == body.lists %}x{% endif %}"),
    "a long loop, searching": often("{% if 'zz' in body.nums %}x{% endif %}"),
    "a long loop, testing": often("{% if body.text is upper %}x{% endif %}"),
    "a long loop, methods": often("{{ body.text.startswith(body.text) }}"),
    "a long loop, JSON": often("{{ body.lists | tojson | from_json | length }}"),
    "a long loop, sorting": often("{{ body.lists | sort | length }}"),
    "a long loop, groups": often("{{ body.lists | groupby(0) | length }}"),
    "a long loop, unique": often("{{ body.nums | unique | list }}"),
    "a long loop, pairs": often("{% set x = body.pairs | dictsort %}"),
    "a long loop, ids": often("{{ body.text | uuid }}"),
    "a long loop, output": often("{{ body.text }}"),
    "a long loop, a list that grows": "{% set n = namespace(a=[]) %}" + often("{% set n.a = n.a + [i, j] %}"),
    "a loop over data in a loop over data": "{% for a in body.nums %}{% for b in body.nums %}{% endfor %}{% endfor %}",
    "a loop that says much": "{% for a in body.nums %}" + "{% if a.b.c %}x{% endif %}" * 300 + "{% endfor %}",
    "a filter on a loop": "{% for a in body.nums if a.b.c.d.e.f %}x{% endfor %}" * 10,
    "a long attribute": "{{ body.nums | map(attribute='" + "a." * 7_000 + "a') | list }}",
    "select, comparing": "{{ body.nums | select('eq', body.nums) | list }}",
    "select, searching": "{{ body.pairs | select('in', body.text) | list | length }}" * 200,
    "a cloud event": often("{{ body | from_cloud_event(body) }}"),
    "dots": "{{ a" + ".b" * 8_000 + " }}",
    "a long sum": "{{ 1" + "+1" * 8_000 + " }}",
    "a long pipe": "{{ a" + "|upper" * 2_600 + " }}",
    "many ands": "{{ 1" + " and 1" * 2_300 + " }}",
    "ifs in ifs": "{% if a %}" * 800 + "{% endif %}" * 600,
    "conditions in conditions": "{{ " + "1 if 1 else " * 1_300 + "2 }}",
    "a long comparison": "{{ 1" + " < 1" * 3_500 + " }}",
    "a long list": "{{ [" + "1," * 8_000 + "] | length }}",
    "minus": "{{ " + "-" * 9_000 + "1 }}",
    "brackets": "{{ a" + "[0]" * 5_000 + " }}",
    "constants": "{{ 'aaaaaaaaaaaaaaaaaaaa'" + "|replace('a','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')" * 6 + " }}",
}


# Hypothesis listens to the garbage collector: the clock may ring there, where Python warns and goes on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("source", EXHAUSTING.values(), ids=EXHAUSTING.keys())
def test_nothing_uses_up_the_machine(source: str):
    began = time.process_time()
    with pytest.raises(TemplateError):
        render(source, CONTEXT)

    assert time.process_time() - began < SECONDS


HARMLESS = {
    "many outputs": "{{ a }}" * 1_600,
    "many elifs": "{% if a %}" + "{% elif a %}x" * 900 + "{% endif %}",
    "many sets": "{% set a = 1 %}" * 1_000,
    "a long text": "{{ body.text }}",
    "data passed through": "{{ body.nums | tojson }}",
    "deep data": "{{ body.deep }}",
    "a long loop": often("{{ i }}"),
}


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_large_and_allowed_is_quick_enough(source: str):
    began = time.process_time()
    render(source, CONTEXT)

    assert time.process_time() - began < SECONDS


KEEPING = {
    "texts": kept("body.text | upper"),
    "wide texts": kept("body.wide | upper"),
    "lists": kept("body.nums | list"),
    "slices": kept("body.nums[1:]"),
    "pairs": kept("body.pairs | dictsort"),
    "words": kept("body.words.split('b')"),
    "doubled": again("a ~ a"),
    "one text in many places": EXHAUSTING["one text in many places"],
}


@pytest.mark.parametrize("source", KEEPING.values(), ids=KEEPING.keys())
def test_no_template_takes_more_than_a_quarter_of_the_smallest_function(source: str):
    tracemalloc.start()
    try:
        with pytest.raises(TemplateError):
            render(source, CONTEXT)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 128 * MIB


def test_a_body_of_a_megabyte_passes_through():
    numbers = [0] * (MIB // 2 - 10)

    assert len(render("{{ body | tojson }}", {"body": {"text": "é" * (MIB - 100)}}, for_json=True)) > MIB - 100
    with pytest.raises(TemplateError, match="over 1,048,576"):
        render("{{ body | tojson }}", {"body": numbers}, for_json=True)
    assert evaluate("{{ body | length }}", {"body": numbers}) == len(numbers)


@pytest.mark.parametrize("name", ["environment", "context", "resolve", "undefined", "concat", "Markup", "missing"])
def test_what_compiled_code_calls_by_name_is_no_name_of_a_template(name: str):
    assert render("<{{ " + name + " }}>", {}) == "<>"
    assert render("<{% set " + name + " = 'x' %}{{ " + name + " ~ 'y' }}>", {}) == "<xy>"
