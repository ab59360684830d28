"""The story of the README, told with the command alone, against the product's own API over HTTP."""

import json
import shlex
import urllib.request

import pytest
from tests.calls import KEY
from tests.cli.product import running_product

from whenflow import flow

TEMPLATE = """{
  "event": "customer.signed-up",
  "resource": {"prefect.resource.id": "customer.{{ body.userid }}"},
  "payload": {"userid": "{{ body.userid }}"}
}"""
AUTOMATION = """
name: greet new customers
trigger:
  type: event
  posture: Reactive
  expect: [customer.signed-up]
  match:
    prefect.resource.id: customer.*
actions:
  - type: run-deployment
    deployment: new_user_flow/main
    parameters:
      name: "{{ event.payload.userid }}"
"""


@pytest.fixture
def product(monkeypatch):
    """The product, empty but for one deployment, and the command pointed at it."""
    with running_product() as (product, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", KEY)
        product.deployment(name="main", flow_name="new_user_flow")
        yield product


@flow
def new_user_flow(name: str) -> str:
    return name


def post(url: str, document: object) -> int:
    request = urllib.request.Request(url, json.dumps(document).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def test_a_webhook_call_starts_a_run_and_the_run_says_why(cli, product, tmp_path):
    (tmp_path / "signup.json").write_text(TEMPLATE)
    (tmp_path / "greet.yaml").write_text(AUTOMATION)

    hook = cli("webhook", "create", "signups", "--template", "@signup.json", "--json").document
    assert "Made the automation greet new customers" in cli("automation", "create", "--from-file", "greet.yaml").out
    assert post(hook["url"], {"userid": "u-17"}) == 204
    product.clock.advance(0.25)
    product.settle(new_user_flow)

    (run,) = cli("flow-run", "ls", "--json").document
    assert run["parameters"] == {"name": "u-17"}
    told = cli("flow-run", "inspect", run["name"]).text
    assert f"Flow run {run['name']} Completed" in told
    assert "deployment new_user_flow/main" in told
    assert "event customer.signed-up on customer.u-17" in told
    assert "firing of the automation greet new customers +0.250 s" in told
    for state in ("Scheduled", "Running", "Completed"):
        assert f" {state}" in told.partition("States")[2]


def test_the_command_that_webhook_create_proposes_makes_an_event(cli, product):
    out = cli("webhook", "create", "signups", "--template", TEMPLATE).out
    words = shlex.split(next(line for line in out.splitlines() if line.startswith("  curl ")))

    assert post(words[2], json.loads(words[-1])) == 204

    assert [event["event"] for event in cli("event", "ls", "--json").document] == ["customer.signed-up"]


def test_an_emitted_event_is_stored_once_per_id_and_listed(cli, product):
    words = ["event", "emit", "hello.said", "--resource-id", "me", "--id", "01a1fa01-3153-758d-b42c-3c4e2e77ea89"]

    first, second = cli(*words), cli(*words)

    assert first.code == second.code == 0
    lines = cli("event", "ls").out.splitlines()
    assert len(lines) == 2
    assert lines[1].split()[-3:] == ["hello.said", "me", "01a1fa01-3153-758d-b42c-3c4e2e77ea89"]


def test_many_events_are_listed_page_by_page_without_gap_or_repetition(cli, product):
    for number in range(7):
        cli("event", "emit", f"count.{number}", "--resource-id", "me")

    listed = cli("event", "ls", "--limit", "5", "--json").document

    assert [event["event"] for event in listed] == [f"count.{number}" for number in (6, 5, 4, 3, 2)]


def test_the_lists_show_what_there_is(cli, product):
    cli("webhook", "create", "signups", "--template", TEMPLATE)
    cli(
        "automation",
        "create",
        "--from-json",
        json.dumps({"name": "idle", "trigger": {"posture": "Reactive"}, "actions": []}),
    )

    assert "signups" in cli("webhook", "ls").out
    assert "idle" in cli("automation", "ls").out
    assert "new_user_flow/main" in cli("deployment", "ls").out
    assert "No flow runs yet" in cli("flow-run", "ls").out


def test_the_secrets_of_a_webhook_are_not_listed(cli, product):
    hook = cli("webhook", "create", "signups", "--template", TEMPLATE, "--json").document

    listed = cli("webhook", "ls").text + cli("webhook", "ls", "--json").text

    assert hook["id"] in listed
    assert hook["slug"] not in listed


def test_a_wrong_key_is_refused(cli, product):
    outcome = cli("flow-run", "ls", "--api-key", "wrong")

    assert outcome.code == 1
    assert "does not accept the API key" in outcome.err
    assert "--api-key" in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["webhook", "create", "w", "--template", "{{ body"], "template: The template is not valid"),
        (["webhook", "create", "", "--template", "{}"], "name: "),
        (["automation", "create", "--from-json", '{"name": "x", "colour": "red"}'], "colour: "),
        (["event", "emit", "x" * 2000, "--resource-id", "r"], "event: "),
        (["event", "emit", "x", "--resource-id", "r", "--related", '{"a": "b"}'], "related.0"),
        (["flow-run", "inspect", "01a1fa01-3153-758d-b42c-3c4e2e77ea89"], "There is no flow run 01a1fa01-"),
        (["flow-run", "inspect", "nobody"], "There is no flow run nobody."),
    ],
)
def test_what_the_api_refuses_is_told_by_field_and_without_a_stack_trace(cli, product, words, said):
    outcome = cli(*words)

    assert outcome.code == 1
    assert said in outcome.err
    assert "Traceback" not in outcome.text
    assert outcome.out == ""
