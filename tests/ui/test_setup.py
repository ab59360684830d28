"""The lists of what the user set up, and their pages."""

import json
import re
from html import unescape

import pytest
import yaml

from whenflow.automations import automation_from_document
from whenflow.events import named_id
from whenflow.testing import an_automation
from whenflow.webhooks.model import webhook_from_document


def commands(seen):
    """Return the blocks of a page that are to be copied."""
    return [unescape(block) for block in re.findall(r'<pre class="code">(.*?)</pre>', seen.body, re.DOTALL)]


def test_without_automations_there_is_a_file_to_begin_with_that_is_valid(browser):
    document, command = commands(browser.get("/ui/automations"))

    automation = yaml.safe_load(document)
    (action,) = automation["actions"]
    assert action.pop("deployment") == "new_user_flow/lambda"
    automation_from_document(automation | {"actions": [action | {"deployment_id": named_id("x")}]})
    assert command == "whenflow automation create --from-file automation.yaml"


def test_the_file_to_begin_with_names_a_deployment_that_there_is(world, browser):
    world.deployed("o'clock: x", "odd")
    world.deployed("nightly", "export")

    assert "deployment: export/nightly\n" in commands(browser.get("/ui/automations"))[0]


def test_without_webhooks_there_is_a_command_that_makes_a_valid_one(browser):
    import shlex

    (command,) = commands(browser.get("/ui/webhooks"))

    words = shlex.split(command)
    assert words[:5] == ["whenflow", "webhook", "create", "signups", "--template"]
    webhook_from_document({"name": words[3], "template": words[5]})
    assert json.loads(words[5])["event"] == "user.signed-up"


def test_without_deployments_it_is_said_how_they_come_about(browser):
    import shlex

    from whenflow.deployments.model import DeploymentInput

    up, call = commands(browser.get("/ui/deployments"))

    assert up == "make up"
    DeploymentInput.model_validate_json(shlex.split(call.replace("\\\n", " "))[-1])


def test_automations_say_when_and_then(world, browser):
    deployment = world.deployed()
    run_it = {"type": "run-deployment", "deployment_id": deployment}
    automation = world.automated(
        an_automation("welcome", actions=[run_it], expect=["user.signed-up", "user.came-back"])
    )

    seen = browser.get("/ui/automations")

    assert "welcome user.came-back, user.signed-up run-deployment: new_user_flow/main" in seen.text
    assert f'href="/ui/automations/{automation.id}"' in seen.body
    assert f'href="/ui/deployments/{deployment}"' in seen.body


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"type": "run-deployment", "deployment_id": named_id("gone")}, "run-deployment: a deployment that is gone"),
        ({"type": "run-deployment", "source": "inferred"}, "run-deployment: the event's own"),
        ({"type": "do-nothing"}, "do-nothing"),
    ],
)
def test_actions_without_a_known_deployment_are_told_in_words(world, browser, action, said):
    world.automated(an_automation(actions=[action], expect=[]))

    text = browser.get("/ui/automations").text

    assert f"any event {said}" in text


def test_an_automation_that_is_off_says_so(world, browser):
    automation = world.automated(an_automation("idle", enabled=False))

    assert "idle off" in browser.get("/ui/automations").text
    assert '<span class="state cancelled">off</span>' in browser.get(f"/ui/automations/{automation.id}").body


def test_an_automation_shows_trigger_and_actions_as_they_are(world, browser):
    automation = world.automated(an_automation("a", match={"prefect.resource.id": "order.*"}))

    text = browser.get(f"/ui/automations/{automation.id}").text

    assert '"prefect.resource.id": "order.*"' in text
    assert '"type": "do-nothing"' in text


def test_webhooks_are_listed_without_anything_secret(world, browser):
    id_ = world.hooked(description="from the shop")
    world.hooked("old", enabled=False)

    seen, page = browser.get("/ui/webhooks"), browser.get(f"/ui/webhooks/{id_}")

    assert "signups from the shop on 1 h ago" in seen.text
    assert "old off" in seen.text
    assert "hash-of-the-slug" not in seen.body + page.body
    assert '{"event": "x"}' in page.text


def test_a_webhook_shows_how_deliveries_are_told_apart(world, browser):
    id_ = world.hooked(delivery_id="{{ headers['x-delivery'] }}")

    assert "Delivery id {{ headers['x-delivery'] }}" in browser.get(f"/ui/webhooks/{id_}").text


def test_a_webhook_whose_template_is_an_object_shows_it_as_json(world, browser):
    id_ = world.hooked(template={"event": "user.{{ body.name }}", "resource": {"prefect.resource.id": "Zoë"}})

    seen = browser.get(f"/ui/webhooks/{id_}").text

    assert '"event": "user.{{ body.name }}"' in seen
    assert '"prefect.resource.id": "Zoë"' in seen


def test_deployments_are_listed_by_name_with_their_target(world, browser):
    world.deployed("main", "zeta")
    id_ = world.deployed(
        "main", "alpha", work_pool_name="step-functions", job_variables={"state_machine_arn": "arn:sm"}
    )

    seen = browser.get("/ui/deployments")

    assert "alpha/main step-functions arn:sm" in seen.text
    assert seen.body.index("alpha/main") < seen.body.index("zeta/main")
    assert f'href="/ui/deployments/{id_}"' in seen.body


def test_of_job_variables_only_the_target_is_shown(world, browser):
    variables = {"function_arn": "arn:aws:lambda:x", "env": {"DB_PASSWORD": "hunter2"}}
    id_ = world.deployed(job_variables=variables, parameters={"language": "en"}, tags=["t1"])

    body = browser.get("/ui/deployments").body + browser.get(f"/ui/deployments/{id_}").body

    assert "hunter2" not in body and "DB_PASSWORD" not in body
    assert "arn:aws:lambda:x" in body
    assert "language" in body and "t1" in body
