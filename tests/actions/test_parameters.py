"""Parameters of a run from the event, typed (SPEC 4.4; cases A7, A8, A10, A16, A23 of 8.7)."""

from typing import Any

import pytest
from tests.actions.conftest import Fire
from tests.stories import BUCKET, order_placed

from whenflow.actions.parameters import context_of, render_parameters
from whenflow.automations import Firing
from whenflow.templating import TemplateError

PAYLOAD = {"n": 5, "b": True, "l": [1], "o": {}, "s": "x", "z": None}


@pytest.fixture
def firing(fire: Fire) -> Firing:
    """Order 7, with something of everything in it."""
    labels = {"prefect.resource.id": "order.7", "prefect.resource.name": "Order 7", "a.b": "dotted"}
    return fire(event=order_placed(resource=labels, related=[BUCKET], payload=PAYLOAD))


def rendered(value: Any, firing: Firing) -> Any:
    return render_parameters(value, context_of(firing, firing.event))


@pytest.mark.parametrize("name", sorted(PAYLOAD))
def test_a7_a_lone_expression_keeps_its_type(firing, name):
    result = rendered("{{ event.payload." + name + " }}", firing)

    assert result == PAYLOAD[name]
    assert type(result) is type(PAYLOAD[name])


def test_a7_text_around_makes_it_text(firing):
    assert rendered("n={{ event.payload.n }}", firing) == "n=5"


def test_a8_the_whole_payload_is_an_object(firing):
    assert rendered("{{ event.payload }}", firing) == PAYLOAD


@pytest.mark.parametrize("value", ["plain", "{ }", "", 5, 2.5, True, None, [], {}, [1, ["a", {"b": None}]]])
def test_a10_what_is_no_template_is_left_alone(firing, value):
    assert rendered(value, firing) == value


def test_templates_are_rendered_at_any_depth(firing):
    tree = {"a": ["{{ event.payload.n }}", [["{{ event.payload.s }}"]], {"b": "{{ event.payload.b }}"}]}

    assert rendered(tree, firing) == {"a": [5, [["x"]], {"b": True}]}


def test_names_of_parameters_are_no_templates(firing):
    assert rendered({"{{ event.payload.s }}": 1}, firing) == {"{{ event.payload.s }}": 1}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("event.id", None),
        ("event.event", "order.placed"),
        ("event.name", "order.placed"),
        ("event.occurred", "2026-11-20T12:00:00Z"),
        ("event.received", "2026-11-20T12:00:00Z"),
        ("event.resource.id", "order.7"),
        ("event.resource.name", "Order 7"),
        ("event.resource['prefect.resource.id']", "order.7"),
        ("event.resource.labels['a.b']", "dotted"),
        ("event.resource.labels.a.b", "dotted"),
        ("event.resource['a.b']", "dotted"),
        ("event.related[0].role", "bucket"),
        ("event.related[0].name", "incoming"),
        ("event.follows", None),
        ("automation.name", "on order"),
        ("automation.id", None),
        ("firing.triggered", "2026-11-20T12:00:00Z"),
    ],
)
def test_a16_all_of_the_event_can_be_asked_for(firing, expression, value):
    expected = {
        "event.id": firing.event.id,
        "automation.id": firing.automation_id,
    }.get(expression, value)

    assert rendered("{{ " + expression + " }}", firing) == expected


def test_the_labels_of_the_firing_can_be_asked_for(world):
    world.automation(
        {
            "name": "each order",
            "trigger": {
                "type": "event",
                "posture": "Reactive",
                "expect": ["order.placed"],
                "for_each": ["prefect.resource.id"],
            },
            "actions": [],
        }
    )
    firing = world.firing(order_placed())

    assert rendered("{{ labels['prefect.resource.id'] }}", firing) == "order.7"


@pytest.mark.parametrize(
    "data",
    [
        "{{ automation.id }}",
        "{% for x in y %}",
        {"__prefect_kind": "workspace_variable", "variable_name": "secret"},
        {"__prefect_kind": "jinja", "template": "{{ automation.id }}"},
        ["{{ 7 * 7 }}"],
    ],
)
def test_a23_what_an_event_carries_stays_data(fire, data):
    firing = fire(event=order_placed(payload={"data": data}))

    assert rendered({"lone": "{{ event.payload.data }}"}, firing) == {"lone": data}


def test_a_value_that_is_not_there_is_empty_within_text(firing):
    assert rendered("<{{ event.payload.nope.deeper }}>", firing) == "<>"


def test_a18_a_value_that_is_not_there_has_no_type(firing):
    with pytest.raises(TemplateError, match="'nope' is undefined"):
        rendered("{{ event.payload.nope }}", firing)


def test_rendering_changes_nothing_that_was_given(firing):
    given = {"a": ["{{ event.payload.n }}"]}

    rendered(given, firing)

    assert given == {"a": ["{{ event.payload.n }}"]}
