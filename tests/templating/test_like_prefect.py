"""Small rules of Prefect's engine, found by running random templates beside it (tests/reference)."""

import pytest

from whenflow.templating import TemplateError, evaluate, render

DATA = {"names": ["Zoe", "amy"], "nothing": None, "yes": True, "html": "<b>"}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ yes | humanize_intcomma }}", "1"),
        ("{{ names | humanize_apnumber }}", "['Zoe', 'amy']"),
        ("{{ nothing | humanize_fractional }}", "None"),
        ("{{ names | truncate(5) }}", "['Zoe', 'amy']"),
        ("{{ html | e | e }}", "&lt;b&gt;"),
        ("{{ html | e | forceescape }}", "&amp;lt;b&amp;gt;"),
        ("{{ [html] | tojson | e }}", '["\\u003cb\\u003e"]'),
        ('{{ "o\'neil".title() }} {{ "o\'neil" | title }}', "O'Neil O'neil"),
        ("{{ range(5)[1:3] | list }}", "[1, 2]"),
        ("{% if nothing %}{{ 1 | nobody_knows }}{% else %}x{% endif %}", "x"),
        ("{{ 1 | nobody_knows if nothing else 'x' }}", "x"),
        ("{% if nothing %}{{ 1 is nobody_knows }}{% endif %}x", "x"),
    ],
)
def test_a_template_gives_what_prefect_gives(source: str, result: str):
    assert render(source, DATA) == result


@pytest.mark.parametrize(
    "source",
    [
        "{{ nothing | humanize_naturalsize }}",
        "{{ nope | humanize_intcomma }}",
        "{{ 5 | truncate(2) }}",
        "{{ nothing[:] }}",
        "{{ names['a':] }}",
        "{{ names | flow_run_id }}",
        "{{ 1 | nobody_knows }}",
    ],
)
def test_a_template_fails_where_prefect_fails(source: str):
    with pytest.raises(TemplateError):
        render(source, DATA)


def test_what_is_short_enough_stays_what_it_is_when_cut():
    assert evaluate("{{ names | truncate(5) }}", DATA) == ["Zoe", "amy"]
