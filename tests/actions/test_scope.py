"""What templates of actions may look up beside the firing and its event."""

import json
from dataclasses import replace

import pytest
from tests.stories import NOBODY, ann_signs_up, order_placed
from tests.world import SITE, World

from whenflow.flows import flow, task
from whenflow.limits.inputs import LimitInput
from whenflow.runs import FlowRun


@task
def greet(name: str) -> None:
    """Do nothing."""


@flow
def new_user_flow(name: str) -> None:
    """Greet."""
    greet(name)


@pytest.fixture
def run(world: World) -> FlowRun:
    """A run that waits to be worked on."""
    world.welcomes_new_users()
    world.happens(ann_signs_up())
    return world.run()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("automation.description", "greets"),
        ("automation.trigger.posture.value", "Reactive"),
        ("flow.name", "new-user-flow"),
        ("deployment.name", "welcome"),
        ("deployment.work_pool_name", "lambda"),
        ("work_pool.name", "lambda"),
        ("work_pool.type", "lambda"),
        ("work_queue.name", "default"),
        ("flow_run.parameters.name", "Ann"),
        ("[{{ task_run.name }}]", "[]"),
        ("[{{ concurrency_limit.name }}]", "[]"),
    ],
)
def test_whatever_the_event_of_a_run_relates_to_can_be_looked_up(world, fire, said, run, expression, value):
    (scheduled,) = world.events.named("prefect.flow-run.Scheduled")
    text = expression if "{{" in expression else "{{ " + expression + " }}"
    firing = fire({"type": "do-nothing"}, event=order_placed(9))
    stored = world.config.get("automation", firing.automation_id)
    world.config.replace("automation", firing.automation_id, stored | {"description": "greets"})
    target = world.config.all("block-document")[0]
    action = {"type": "send-notification", "block_document_id": target["id"], "subject": "-", "body": text}

    world.dispatcher.dispatch(replace(firing, event=scheduled, actions=[action]))

    assert json.loads(world.http.sent[-1].body or b"")["text"] == f"-\n{value}"


def test_the_limit_of_an_event_of_slots_can_be_looked_up(world):
    limit = world.limits.registry.create(LimitInput(name="database", limit=3))

    assert (world.scope.lookup("concurrency-limit", limit.id) or {})["limit"] == 3
    assert world.scope.lookup("concurrency-limit", NOBODY) is None


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("flow_run | ui_url", "/runs/flow-run/{run}"),
        ("deployment | ui_url", "/deployments/deployment/{deployment}"),
        ("event | ui_url", "/events/event/2026-11-20/{event}"),
        ("event.resource | ui_resource_events_url", "/events?resource=prefect.flow-run.{run}"),
    ],
)
def test_messages_link_to_the_pages(world, said, run, expression, path):
    (scheduled,) = world.events.named("prefect.flow-run.Scheduled")
    event = replace(scheduled, id=ann_signs_up(id="00000000-0000-4000-8000-00000000cafe").id)

    wanted = path.format(run=run.id, deployment=run.deployment_id, event=event.id)
    assert said("{{ " + expression + " }}", event) == SITE + wanted


def test_the_task_run_of_an_event_can_be_looked_up(world, said):
    world.welcomes_new_users()
    world.events.put(ann_signs_up())
    world.settle(new_user_flow)
    (completed,) = world.events.named("prefect.task-run.Completed")

    event = replace(completed, id=order_placed(9).id)
    assert said("{{ task_run.name }}: {{ task_run.task_key }}", event).startswith("greet")


def test_of_the_automation_what_is_stored_now_is_shown_under_the_name_of_then(world, fire, said):
    firing = fire({"type": "do-nothing"})
    stored = world.config.get("automation", firing.automation_id)
    world.config.replace("automation", firing.automation_id, stored | {"name": "renamed", "tags": ["eu"]})
    target = world.config.all("block-document")[0]
    text = "{{ automation.name }} {{ automation.tags[0] }}"
    action = {"type": "send-notification", "block_document_id": target["id"], "subject": "-", "body": text}

    world.dispatcher.dispatch(replace(firing, actions=[action]))

    assert json.loads(world.http.sent[-1].body or b"")["text"] == "-\non order eu"


CITY = "{{ variables.city }} {{ automation | ui_url }}"


@pytest.mark.parametrize(
    "action",
    [
        {"type": "send-notification", "subject": "-", "body": CITY},
        {"type": "send-notification", "subject": CITY, "body": "-"},
        {"type": "send-email-notification", "emails": ["a@b.example"], "subject": CITY, "body": "-"},
        {"type": "send-email-notification", "emails": ["a@b.example"], "subject": "-", "body": CITY},
        {"type": "call-webhook", "payload": CITY},
        {"type": "declare-incident", "title": CITY, "summary": "-"},
        {"type": "declare-incident", "title": "-", "summary": CITY},
    ],
)
def test_every_text_of_an_action_sees_variables_and_the_address_of_the_ui(world, fire, action):
    world.config.create("variable", "city", {"id": "city", "name": "city", "value": "Oslo", "tags": []})
    type_ = "webhook" if action["type"] == "call-webhook" else "slack-webhook"
    url = {"url": "https://hooks.slack.com/services/x"}
    target = world.targets.create({"name": "team", "type": type_, "data": url})
    firing = fire(action | {"block_document_id": target["id"]})

    world.dispatcher.dispatch(firing)

    sent = repr([request.body for request in world.http.sent]) + repr(world.mailer.sent)
    assert f"Oslo {SITE}/automations/automation/{firing.automation_id}" in sent


def test_the_url_of_a_webhook_sees_them_too(world, fire):
    world.config.create("variable", "city", {"id": "city", "name": "city", "value": "Oslo", "tags": []})
    url = "https://shop.example/{{ variables.city | urlencode }}"
    target = world.targets.create({"name": "shop", "type": "webhook", "data": {"url": url}})

    world.dispatcher.dispatch(fire({"type": "call-webhook", "block_document_id": target["id"], "payload": "-"}))

    assert [request.url for request in world.http.sent] == ["https://shop.example/Oslo"]
