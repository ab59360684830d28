"""Headers and resources as templates see them."""

import pytest

from whenflow.templating import CaseInsensitive, ResourceView, Word, render

HEADERS = CaseInsensitive({"X-Event": "Signup", "Content-Type": "application/json"})
ORDER = ResourceView(
    {
        "prefect.resource.id": "order.7",
        "prefect.resource.name": "Order 7",
        "prefect.resource.role": "order",
        "a.b": "dotted",
        "a.b.c": "deeper",
        "plain": "label",
    }
)


def text(source: str) -> str:
    return render(source, {"headers": HEADERS, "resource": ORDER})


@pytest.mark.parametrize(
    "source",
    [
        "{{ headers['x-event'] }}",
        "{{ headers['X-EVENT'] }}",
        "{{ headers['X-Event'] }}",
        "{{ headers.x_event }}",
        "{{ headers.X_Event }}",
    ],
)
def test_a_header_is_found_whatever_the_case_of_its_name(source):
    assert text(source) == "Signup"


def test_a_header_that_is_not_there_is_empty():
    assert text("<{{ headers['x-nope'] }}{{ headers.nope }}>") == "<>"


@pytest.mark.parametrize("name", ["x-event", "X-Event"])
def test_a_header_can_be_asked_for(name):
    assert text("{{ '" + name + "' in headers }}") == "True"


def test_what_is_no_name_is_no_header():
    names: list[object] = [7, None, ("x-event",)]

    assert not any(name in HEADERS for name in names)


def test_headers_are_plain_json():
    assert text("{{ headers | tojson }}") == '{"content-type": "application/json", "x-event": "Signup"}'


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ resource['prefect.resource.id'] }}", "order.7"),
        ("{{ resource.id }}", "order.7"),
        ("{{ resource.name }}", "Order 7"),
        ("{{ resource.role }}", "order"),
        ("{{ resource.plain }}", "label"),
        ("{{ resource['a.b'] }}", "dotted"),
        ("{{ resource.labels['a.b'] }}", "dotted"),
        ("{{ resource.labels.a.b }}", "dotted"),
        ("{{ resource.labels.a.b.c }}", "deeper"),
        ("<{{ resource.labels.a.b.nope }}>", "<>"),
        ("{{ resource.labels.a.b | tojson }}", '"dotted"'),
        ("{{ resource.labels.prefect.resource.id }}", "order.7"),
        ("{{ resource.labels.plain }}", "label"),
        ("<{{ resource.nope }}{{ resource.labels.nope.deeper }}>", "<>"),
        ("{{ resource | length }}", "6"),
    ],
)
def test_a_resource_answers_to_its_labels_and_their_short_names(source, result):
    assert text(source) == result


def test_the_name_of_a_resource_without_one_is_none():
    resource = ResourceView({"prefect.resource.id": "x"})

    assert render("<{{ r.name }}>", {"r": resource}) == "<None>"
    assert render("<{{ r.name or r.id }}>", {"r": resource}) == "<x>"


def test_the_conveniences_of_a_resource_come_before_labels_of_their_names():
    resource = ResourceView({"prefect.resource.id": "x", "id": "own", "name": "own"})

    assert render("{{ r.id }} {{ r.name }} {{ r['id'] }}", {"r": resource}) == "x None own"


def test_as_text_a_word_has_the_name_of_the_few_it_is_one_of():
    word = Word("FAILED", "StateType")

    assert render("{{ w }} {{ w.value }} {{ w | tojson }} {{ w == 'FAILED' }}", {"w": word}) == (
        'StateType.FAILED FAILED "FAILED" True'
    )


def test_a_resource_is_plain_json():
    assert (
        render("{{ r | tojson }}", {"r": ResourceView({"prefect.resource.id": "x"})}) == '{"prefect.resource.id": "x"}'
    )
