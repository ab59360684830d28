"""Numbers and times for people, and the methods that templates may call."""

from datetime import UTC, datetime, timedelta

import pytest

from whenflow.templating import Context, TemplateError, render

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DATA = {
    "n": 1234567,
    "quoted": "<a>'\"",
    "text": "abc def",
    "pairs": {"a": 1, "b": 2},
    "then": NOW - timedelta(hours=3),
    "list": ["b", "a"],
}


def text(source: str) -> str:
    return render(source, Context(DATA, now=NOW))


def complaint(source: str, context=None) -> str:
    with pytest.raises(TemplateError) as error:
        render(source, DATA if context is None else context)
    return error.value.message


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ n | humanize_intcomma }}", "1,234,567"),
        ("{{ 1234.5678 | humanize_intcomma(2) }}", "1,234.57"),
        ("{{ '1234' | humanize_intcomma }}", "1,234"),
        ("{{ n | humanize_intword }}", "1.2 million"),
        ("{{ n | humanize_intword(format='%.3f') }}", "1.235 million"),
        ("{{ 30000000 | humanize_naturalsize }}", "30.0 MB"),
        ("{{ 30000000|humanize_naturalsize(binary=False, gnu=True) }}", "28.6M"),
        ("{{ 5 | humanize_apnumber }}", "five"),
        ("{{ 0.3 | humanize_fractional }}", "3/10"),
        ("{{ 3 | humanize_ordinal }}", "3rd"),
        ("{{ 500 | humanize_scientific }}", "5.00 x 10²"),
        ("{{ 1500 | humanize_metric('V') }}", "1.50 kV"),
        ("{{ 3725 | humanize_naturaldelta }}", "an hour"),
        ("{{ 3725 | humanize_precisedelta }}", "1 hour, 2 minutes and 5 seconds"),
        ("{{ 0.5 | humanize_precisedelta(minimum_unit='milliseconds') }}", "500 milliseconds"),
        ("{{ 3725 | humanize_precisedelta(suppress=['minutes']) }}", "1 hour and 125 seconds"),
        ("{{ then | humanize_naturaltime }}", "3 hours ago"),
        ("{{ '2026-11-20T11:00:00Z' | humanize_naturaltime }}", "an hour ago"),
        ("{{ 60 | humanize_naturaltime }}", "a minute ago"),
        ("{{ 60 | humanize_naturaltime(future=true) }}", "a minute from now"),
        ("{{ then | humanize_naturalday }}", "today"),
        ("{{ '2026-11-21T09:00:00Z' | humanize_naturalday }}", "tomorrow"),
        ("{{ '2026-11-19T09:00:00Z' | humanize_naturaldate }}", "yesterday"),
        ("{{ '2026-10-01' | humanize_naturalday }}", "Oct 01"),
        ("{{ '2026-10-01' | humanize_naturalday('%d.%m.') }}", "01.10."),
        ("{{ '2025-01-01' | humanize_naturaldate }}", "Jan 01 2025"),
        ("{{ 2048 | filesizeformat }}", "2.0 kB"),
    ],
)
def test_values_are_written_for_people(source: str, result: str):
    assert text(source) == result


def test_how_long_ago_needs_to_know_what_time_it_is():
    assert complaint("{{ then | humanize_naturaltime }}") == "what time it is, is not known here"


@pytest.mark.parametrize(
    "source",
    [
        "{{ 1 | humanize_naturalsize(format='{0.__class__}') }}",
        "{{ 1 | humanize_intword('%s%s') }}",
        "{{ 1 | humanize_intcomma(a=1) }}",
        "{{ 1 | humanize_apnumber(1) }}",
        "{{ then | humanize_naturalday('%') }}",
        "{{ n | humanize_clamp(format='{:>99999999}') }}",
        "{{ n | humanize_activate('de') }}",
    ],
)
def test_what_could_be_misused_is_refused(source: str):
    assert complaint(source, Context(DATA, now=NOW))


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{% for k, v in pairs.items() %}{{ k }}{{ v }}{% endfor %}", "a1b2"),
        ("{{ pairs.keys() | join }} {{ pairs.values() | sum }}", "ab 3"),
        ("{{ pairs.get('a') }} {{ pairs.get('z') }} {{ pairs.get('z', 'none') }}", "1 None none"),
        (
            "{{ text.upper() }} {{ 'ABC'.lower() }} {{ text.title() }} {{ text.capitalize() }}",
            "ABC DEF abc Abc Def Abc def",
        ),
        ("{{ '  a '.strip() }}{{ 'xax'.strip('x') }}", "aa"),
        ("{{ text.split(' ') | last }} {{ text.split() | length }}", "def 2"),
        ("{{ text.startswith('abc') }} {{ text.endswith('abc') }}", "True False"),
        ("{{ text.replace('abc', 'x') }}", "x def"),
        ("{{ then.isoformat() }}", "2026-11-20T09:00:00+00:00"),
        ("{{ then.strftime('%Y-%m-%d %H:%M') }}", "2026-11-20 09:00"),
        ("{{ then }}", "2026-11-20 09:00:00+00:00"),
        ("{{ then | tojson }}", '"2026-11-20T09:00:00Z"'),
        ("{% with a = n %}{{ a }}{% endwith %}{{ a }}", "1234567"),
        ("{{ dict(a=1, b=[2]).b }} {{ dict() | length }}", "[2] 0"),
        ("{{ quoted | e }} {{ '<' | forceescape }}", "&lt;a&gt;&#39;&#34; &lt;"),
        ("{{ '<!-- <p> --> <b>Tom</b>  &amp;\n<i>J' | striptags }}", "Tom & J"),
        ("{{ '<<b>a<!--' | striptags }}", "a<!--"),
        ("{% for g in [[1, 7]] | groupby(0) %}{{ g.grouper }}{{ g.list | length }}{{ g.x }}{% endfor %}", "11"),
        ("{{ list | sort | first }}{{ list | count }}{{ '<' | e }}", "a2&lt;"),
        (
            "{% for key, some in [[1, 7], [2, 8], [1, 9]] | groupby(0) %}{{ key }}:{{ some | length }} {% endfor %}",
            "1:2 2:1 ",
        ),
    ],
)
def test_the_usual_methods_and_filters_work(source: str, result: str):
    assert text(source) == result


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ n.upper() }}", "a int has no upper()"),
        ("{{ text.items() }}", "a str has no items()"),
        ("{{ nope.upper() }}", "'nope' is undefined, and has no upper()"),
        ("{{ then.strftime('%') }}", "this is no format of a time"),
        ("{{ list | sum }}", "only numbers are added up"),
        ("{{ n | items }}", "only an object has items"),
        ("{{ n[1:] }}", "a int has no parts"),
        ("{{ list | map('upper') }}", "perhaps it lacks a `| list`"),
    ],
)
def test_what_a_value_cannot_do_is_told(source: str, reason: str):
    assert reason in complaint(source)


def test_a_namespace_carries_a_value_out_of_a_loop():
    assert (
        text("{% set n = namespace(sum=0) %}{% for i in [1, 2] %}{% set n.sum = n.sum + i %}{% endfor %}{{ n.sum }}")
        == "3"
    )


def test_a_fault_on_the_data_is_told_with_its_line():
    with pytest.raises(TemplateError) as error:
        text("one\ntwo {{ text }}\n{% if true %}\n{{ 1 / 0 }}{% endif %}")

    assert str(error.value) == "line 4: ZeroDivisionError: division by zero"
    assert error.value.as_document("x") == {
        "error": {"line": 4, "message": "ZeroDivisionError: division by zero", "source": "x"}
    }
