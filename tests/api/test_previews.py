"""What the actions would do, over HTTP: by the code that does it, and nothing is done."""

import pytest
from tests.stories import NOBODY, ann_signs_up, order_document, welcoming

EVENT = ann_signs_up()
MESSAGE = {"type": "send-email-notification", "emails": ["a@example.com"], "subject": "{{ event.name }}", "body": "b"}


@pytest.fixture
def stored(world):
    """The event is stored."""
    world.events.put(EVENT)
    return EVENT


def snapshot(world):
    return (list(world.events.stored), world.config.version("automation"), world.config.version("deployment"))


def test_a_stored_automation_is_previewed_on_a_stored_event(api, world, stored):
    automation = world.welcomes_new_users()
    before = snapshot(world)

    answer = api("POST", f"/automations/{automation.id}/preview", {"event_id": stored.id})

    assert answer.status == 200
    assert answer.document["fires"] is True
    (action,) = answer.document["actions"]
    assert (action["index"], action["type"], action["on"]) == (0, "run-deployment", "event")
    assert action["would"][0]["effect"] == "create-flow-run"
    assert snapshot(world) == before
    assert world.runs.newest(1) == []


def test_what_is_previewed_is_what_is_then_done(api, world):
    automation = world.welcomes_new_users()
    world.events.put(EVENT)
    (action,) = api("POST", f"/automations/{automation.id}/preview", {"event_id": EVENT.id}).document["actions"]

    world._match_and_act(EVENT)

    run = world.run()
    would = action["would"][0]
    assert would["parameters"] == dict(run.parameters)
    assert would["job_variables"] == dict(run.job_variables)
    assert would["tags"] == list(run.tags)


def test_a_draft_and_an_event_come_with_the_request(api, world):
    draft = welcoming(world.deployment())

    answer = api("POST", "/automations/preview", {"automation": draft, "event": order_document()})

    assert answer.status == 200
    assert answer.document["fires"] is False
    assert answer.document["actions"][0]["type"] == "run-deployment"


def test_actions_on_the_firing_itself_see_its_own_event(api, world, stored):
    draft = welcoming(world.deployment(), actions=[MESSAGE], actions_on_trigger=[MESSAGE], actions_on_resolve=[MESSAGE])

    actions = api("POST", "/automations/preview", {"automation": draft, "event_id": stored.id}).document["actions"]

    assert [one["on"] for one in actions] == ["event", "trigger", "resolve"]
    assert [one["would"][0]["subject"] for one in actions] == [
        "user.signed-up",
        "prefect.automation.triggered",
        "prefect.automation.resolved",
    ]
    assert world.mailer.sent == []


def test_templates_see_variables_and_what_they_mention(api, world, stored):
    api("POST", "/variables", {"name": "greeting", "value": "Hello"})
    text = "{{ variables.greeting }}, {{ automation.name }}: {{ automation | ui_url }}"
    draft = welcoming(world.deployment(), actions=[MESSAGE | {"body": text}])

    (action,) = api("POST", "/automations/preview", {"automation": draft, "event_id": stored.id}).document["actions"]

    assert action["would"][0]["body"].startswith("Hello, welcome new users: https://whenflow.example/ui/")


def test_each_failure_is_told_in_its_place(api, world, stored):
    gone = {"type": "run-deployment", "source": "selected", "deployment_id": NOBODY}
    draft = welcoming(world.deployment(), actions=[gone, {"type": "cancel-flow-run"}, MESSAGE])

    actions = api("POST", "/automations/preview", {"automation": draft, "event_id": stored.id}).document["actions"]

    assert [one["outcome"] for one in actions] == ["failed", "failed", "executed"]
    assert "there is no deployment" in actions[0]["reason"]
    assert actions[1]["reason"] == "No flow run could be inferred"


def test_a_pause_is_shown_and_not_stored(api, world, stored):
    deployment = world.deployment()
    pause = {"type": "pause-deployment", "source": "selected", "deployment_id": deployment["id"]}
    draft = welcoming(deployment, actions=[pause])

    (action,) = api("POST", "/automations/preview", {"automation": draft, "event_id": stored.id}).document["actions"]

    assert action["would"] == [
        {"effect": "update", "kind": "deployment", "name": deployment["name"], "changes": {"paused": True}}
    ]
    assert not api("GET", f"/deployments/{deployment['id']}").document["paused"]


def test_a_run_is_not_cancelled_and_the_rules_of_states_hold(api, world):
    world.welcomes_new_users()
    world.events.put(EVENT)
    world._match_and_act(EVENT)
    run = world.run()
    about_run = order_document(resource={"prefect.resource.id": f"prefect.flow-run.{run.id}"})
    resume = {"type": "resume-flow-run"}
    draft = welcoming({"id": run.deployment_id})

    cancelled, resumed = api(
        "POST",
        "/automations/preview",
        {"automation": draft | {"actions": [{"type": "cancel-flow-run"}, resume]}, "event": about_run},
    ).document["actions"]

    assert cancelled["would"][0]["effect"] == "set-flow-run-state"
    assert (resumed["outcome"], resumed["would"]) == ("failed", [])
    assert world.runs.get(run.id).state.type == run.state.type


@pytest.mark.parametrize(
    "body", [{}, {"event_id": EVENT.id, "event": None}, {"event_id": EVENT.id, "extra": 1}, {"event": {"event": 1}}]
)
def test_a_request_that_says_no_event_or_too_much_is_refused_with_the_place(api, world, body):
    automation = world.welcomes_new_users()

    answer = api("POST", f"/automations/{automation.id}/preview", body)

    assert answer.status == 422
    assert answer.document["exception_detail"]


def test_a_draft_that_is_not_valid_is_refused_as_if_it_were_created(api):
    answer = api("POST", "/automations/preview", {"automation": {"name": "x"}, "event": None})

    assert answer.status == 422


@pytest.mark.parametrize("path", [f"/automations/{NOBODY}/preview", "/automations/nobody/preview"])
def test_an_automation_that_is_not_there_is_not_found(api, path):
    assert api("POST", path, {"event": None}).status == 404


def test_an_event_that_is_not_there_is_not_found(api, world):
    automation = world.welcomes_new_users()

    assert api("POST", f"/automations/{automation.id}/preview", {"event_id": NOBODY}).status == 404
