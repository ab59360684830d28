"""The templates of Prefect's documentation, word for word: existing ones work unchanged."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from whenflow.actions.context import context_of
from whenflow.actions.parameters import check_parameters, render_parameters, render_text
from whenflow.automations.firing import Firing
from whenflow.events import Event
from whenflow.templating import CaseInsensitive, check, render
from whenflow.templating.drafts import check_draft, render_draft

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN, FLOW, DEPLOYMENT, POOL = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3, 4))
MODEL = {"event": "model.refreshed", "resource": {"prefect.resource.id": "product.models.recommendations"}}

DYNAMIC = """{
    "event": "model.refreshed",
    "resource": {
        "prefect.resource.id": "product.models.{{ body.model }}",
        "prefect.resource.name": "{{ body.friendly_name }}",
        "producing-team": "Data Science"
    }
}"""
RUN_STATE = """
Flow run {{ flow_run.name }} entered state {{ flow_run.state.name }}.

    Timestamp: {{ flow_run.state.timestamp }}
    Flow ID: {{ flow_run.flow_id }}
    Flow Run ID: {{ flow_run.id }}
    State message: {{ flow_run.state.message }}
"""
FLOW_AND_DEPLOYMENT = """
Flow run {{ flow_run.name }} for flow {{ flow.name }}
entered state {{ flow_run.state.name }}
with message {{ flow_run.state.message }}

Flow tags: {{ flow_run.tags }}
Deployment name: {{ deployment.name }}
Deployment version: {{ deployment.version }}
Deployment parameters: {{ deployment.parameters }}
"""
WORK_POOL = """
Work pool status alert!

Name: {{ work_pool.name }}
Last polled: {{ work_pool.last_polled }}
"""
RESOURCES = """
Automation: {{ automation.name }}
Description: {{ automation.description }}

Event: {{ event.id }}
Resource:
{% for label, value in event.resource %}
{{ label }}: {{ value }}
{% endfor %}
Related Resources:
{% for related in event.related %}
    Role: {{ related.role }}
    {% for label, value in related %}
    {{ label }}: {{ value }}
    {% endfor %}
{% endfor %}
"""
SUMMARY = """
Flow run {{ flow_run.name }} entered state {{ flow_run.state.name }}.

{%- if flow_run_log_summary %}
AI summary: {{ flow_run_log_summary }}
{%- endif %}
"""
OBJECTS: dict[str, dict[str, Any]] = {
    "flow-run": {
        "id": RUN,
        "name": "brave-otter",
        "flow_id": FLOW,
        "tags": ["x"],
        "parameters": {"name": "n", "value": 1},
    },
    "flow": {"id": FLOW, "name": "etl"},
    "deployment": {"id": DEPLOYMENT, "name": "nightly", "version": "1", "parameters": {"another": 1.1}},
    "work-pool": {"id": POOL, "name": "main", "last_polled": "2026-11-20T11:59:00Z"},
}
LABELS = {
    "prefect.resource.id": f"prefect.flow-run.{RUN}",
    "prefect.state-type": "COMPLETED",
    "prefect.state-name": "Completed",
    "prefect.state-message": "All good",
    "prefect.state-timestamp": "2026-11-20T12:00:00Z",
}
RELATED = tuple(
    {"prefect.resource.id": f"prefect.{kind}.{OBJECTS[kind]['id']}", "prefect.resource.role": kind}
    for kind in ("flow", "deployment", "work-pool")
)
PAYLOAD = {"userid": "u-17", "data": {"bucket": {"name": "incoming"}, "object": {"key": "a.csv"}}}
EVENT = Event(RUN, NOON, "prefect.flow-run.Completed", LABELS, NOON, RELATED, PAYLOAD)
FIRING = Firing(
    id="f",
    automation_id=RUN,
    automation_name="Tell me",
    trigger_id="t",
    triggered=NOON,
    time=NOON,
    event=EVENT,
    actions=(),
    on_event=0,
    labels={},
)
CONTEXT = context_of(FIRING, EVENT, lookup=lambda kind, _id: OBJECTS.get(kind), site="https://ui.example")


def request(body: Any, **headers: str) -> dict[str, Any]:
    return {"method": "POST", "headers": CaseInsensitive(headers), "body": body, "query": {}}


def test_a_static_webhook():
    draft = json.dumps(MODEL)

    check_draft(draft)
    assert render_draft(draft, request("")) == MODEL


def test_a_dynamic_webhook():
    body = {"model": "recommendations", "friendly_name": "Recommendations [Products]"}

    document = render_draft(DYNAMIC, request(body))

    assert document["resource"]["prefect.resource.id"] == "product.models.recommendations"
    assert document["resource"]["prefect.resource.name"] == "Recommendations [Products]"


@pytest.mark.parametrize("name", ["Content-Length", "content-length", "CoNtEnt-LeNgTh"])
def test_headers_in_any_case(name: str):
    assert render("{{ headers['" + name + "'] }}", request("", **{"Content-Length": "7"})) == "7"


def test_a_default_for_what_is_missing():
    assert render("{{ body.friendly_name|default(body.model) }}", request({"model": "m"})) == "m"


def test_a_webhook_that_passes_events_through():
    assert render_draft("{{ body|tojson }}", request(MODEL)) == MODEL


@pytest.mark.parametrize("structured", [True, False])
def test_a_webhook_for_cloud_events(structured: bool):
    attributes = {"specversion": "1.0", "type": "order.placed", "source": "/shop", "id": "17"}
    headers = {} if structured else {f"ce-{name}": value for name, value in attributes.items()}
    body = {**attributes, "data": {"n": 1}} if structured else {"n": 1}

    document = render_draft("{{ body|from_cloud_event(headers) }}", request(body, **headers))

    assert (document["event"], document["resource"]) == ("order.placed", {"prefect.resource.id": "/shop"})
    assert document["payload"] == {"data": {"n": 1}, "cloudevents": attributes}


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            RUN_STATE,
            ("brave-otter entered state Completed.", "2026-11-20 12:00:00+00:00", FLOW, "State message: All good"),
        ),
        (
            FLOW_AND_DEPLOYMENT,
            ("for flow etl", "Flow tags: ['x']", "nightly", "Deployment parameters: {'another': 1.1}"),
        ),
        (WORK_POOL, ("Name: main", "Last polled: 2026-11-20 11:59:00+00:00")),
        (RESOURCES, ("Automation: Tell me", f"prefect.resource.id: prefect.flow-run.{RUN}", "Role: deployment")),
        (SUMMARY, ("brave-otter entered state Completed.",)),
        ("{{ flow_run|ui_url }}", (f"https://ui.example/runs/flow-run/{RUN}",)),
        ("{{ flow_run | tojson(indent=2) }}", ('  "name": "brave-otter"', '"timestamp": "2026-11-20T12:00:00Z"')),
        ("{% for k, v in event.resource.items() %}{{ k }} {% endfor %}", ("prefect.state-type",)),
        ("The file is: {{ 30000000|humanize_naturalsize() }}", ("The file is: 30.0 MB",)),
    ],
)
def test_a_message(source: str, shown: tuple[str, ...]):
    check(source, unknown_later=True)
    text = render_text(source, CONTEXT)

    assert [one for one in shown if one not in text] == []


@pytest.mark.parametrize(
    ("parameters", "result"),
    [
        ({"user_id": "{{ event.payload.userid }}"}, {"user_id": "u-17"}),
        ({"name": "{{event.payload.userid}}"}, {"name": "u-17"}),
        (
            {"bucket": "{{ event.payload.data.bucket.name }}", "key": "{{ event.payload.data.object.key }}"},
            {"bucket": "incoming", "key": "a.csv"},
        ),
        (
            {
                "name": "{{ flow_run.parameters['name'] }}",
                "value": {
                    "__prefect_kind": "json",
                    "value": {"__prefect_kind": "jinja", "template": "{{ flow_run.parameters['value'] | tojson }}"},
                },
                "another": {
                    "__prefect_kind": "json",
                    "value": {"__prefect_kind": "jinja", "template": "{{ deployment.parameters['another'] | tojson }}"},
                },
            },
            {"name": "n", "value": 1, "another": 1.1},
        ),
    ],
)
def test_the_parameters_of_a_run(parameters: dict[str, Any], result: dict[str, Any]):
    assert check_parameters(parameters) == []
    assert render_parameters(parameters, CONTEXT) == result
