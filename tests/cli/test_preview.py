"""`whenflow automation preview`, against the product's own API: what is shown is what would be done."""

import json
from typing import Any

import pytest
from tests.stories import NOBODY, ann_signs_up

from whenflow.flows import flow

GREET: dict[str, Any] = {
    "name": "greet",
    "trigger": {"type": "event", "posture": "Reactive", "expect": ["user.signed-up"]},
    "actions": [
        {
            "type": "run-deployment",
            "deployment": "new_user_flow/main",
            "parameters": {"name": "{{ event.payload.name }}", "all": "{{ event.payload }}"},
        }
    ],
}


@flow
def new_user_flow(name: str, all: dict[str, str]) -> str:
    return name


@pytest.fixture(autouse=True)
def _deployed(product):
    product.deployment(name="main", flow_name="new_user_flow")


@pytest.fixture
def event(product):
    """Ann has signed up, before there was an automation."""
    stored = ann_signs_up()
    product.events.put(stored)
    product.settle()
    return stored


def test_it_shows_the_very_parameters_that_the_run_then_has(cli, product, event):
    made = cli("automation", "create", "--from-json", json.dumps(GREET), "--json").document

    (action,) = cli("automation", "preview", "--automation", "greet", "--event", event.id, "--json").document["actions"]
    assert action["outcome"] == "executed"
    (would,) = action["would"]

    assert product.runs.newest(10) == []
    product.events.put(ann_signs_up(id="0190163d-8694-7000-8000-00000000abcd"))
    product.settle(new_user_flow)
    assert made["name"] == "greet"
    assert would["parameters"] == dict(product.run().parameters)
    assert would["deployment"] == "new_user_flow/main"


def test_nothing_is_done(cli, product, event):
    cli("automation", "create", "--from-json", json.dumps(GREET))
    before = list(product.events.stored)

    assert cli("automation", "preview", "-a", "greet", "-e", event.id).code == 0

    assert list(product.events.stored) == before
    assert product.runs.newest(10) == []
    assert product.launcher.launched == []


def test_a_draft_in_a_file_needs_not_be_stored(cli, product, event, tmp_path):
    (tmp_path / "greet.json").write_text(json.dumps(GREET | {"tests": [], "key": "greet"}))

    told = cli("automation", "preview", "-a", "greet.json", "-e", event.id)

    assert told.code == 0, told.err
    assert "1. run-deployment would run new_user_flow/main parameters" in told.text
    assert 'name: "Ann"' in told.text
    assert cli("automation", "ls", "--json").document == []


def test_what_would_fail_is_told_with_its_reason(cli, product, event):
    bad = GREET["actions"][0] | {"parameters": {"x": "{{ event.payload.nothing | tojson }}"}}
    cli("automation", "create", "--from-json", json.dumps(GREET | {"actions": [bad]}))

    told = cli("automation", "preview", "-a", "greet", "-e", event.id)

    assert told.code == 1
    assert "would fail: Unable to render parameters" in told.out


def test_a_message_is_shown_as_it_would_be_sent(cli, product, event):
    cli("notification", "create", "team", "slack-webhook", "url=https://hooks.slack.com/services/T0/B0/secret")
    message = {
        "type": "send-notification",
        "block_document": "team",
        "subject": "{{ event.resource.name }} is here",
        "body": "Hello\n{{ event.payload.userid }}",
    }
    cli("automation", "create", "--from-json", json.dumps(GREET | {"actions": [message]}))

    told = cli("automation", "preview", "-a", "greet", "-e", event.id)

    assert told.code == 0, told.text
    assert "would send to team" in told.out
    assert "subject: Ann is here" in told.out
    assert "      u-1\n" in told.out
    assert "secret" not in told.out
    assert product.http.sent == []


def test_an_event_that_alone_does_not_suffice_is_said_to(cli, product, event):
    twice = GREET | {"trigger": GREET["trigger"] | {"threshold": 2, "for_each": ["prefect.resource.id"]}}
    cli("automation", "create", "--from-json", json.dumps(twice))

    told = cli("automation", "preview", "-a", "greet", "-e", event.id)

    assert "This event alone does not make it fire" in told.out
    assert "for prefect.resource.id user.u-1" in told.out
    assert 'name: "Ann"' in told.out


def test_an_automation_that_is_to_be_paused_is_not(cli, product, event):
    cli("automation", "create", "--from-json", json.dumps(GREET))
    pausing = GREET | {"name": "pauser", "actions": [{"type": "pause-automation", "automation": "greet"}]}
    cli("automation", "create", "--from-json", json.dumps(pausing))

    told = cli("automation", "preview", "-a", "pauser", "-e", event.id)

    assert "would switch the automation greet off" in told.out
    assert cli("automation", "inspect", "greet", "--json").document["enabled"] is True


def test_time_closes_a_window_without_an_event(cli, product):
    silent = GREET["trigger"] | {"posture": "Proactive", "within": 60}
    action = GREET["actions"][0] | {"parameters": {"a": "{{ automation.name }}"}}
    cli("automation", "create", "--from-json", json.dumps(GREET | {"trigger": silent, "actions": [action]}))

    (shown,) = cli("automation", "preview", "-a", "greet", "--no-event", "--json").document["actions"]

    assert shown["would"][0]["parameters"]["a"] == "greet"


@pytest.mark.parametrize("words", [[], ["--event", NOBODY, "--no-event"]])
def test_the_event_is_given_in_one_way(cli, product, words):
    assert cli("automation", "preview", "-a", "greet", *words).code == 2


def test_an_event_that_is_not_there_is_named(cli, product):
    cli("automation", "create", "--from-json", json.dumps(GREET))

    told = cli("automation", "preview", "-a", "greet", "-e", NOBODY)

    assert told.code == 1
    assert f"There is no event {NOBODY}" in told.err
