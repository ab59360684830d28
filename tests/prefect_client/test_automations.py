"""`prefect automation …`, and automations as Python objects."""

import json
from pathlib import Path

import pytest
from tests.e2e.stacks import Stack, eventually
from tests.prefect_client.conftest import Prefect, stored_event

NOTHING = {"type": "do-nothing"}
NOTHING_AT_ALL = "00000000-0000-4000-8000-00000000dead"


def document(name: str, **changes: object) -> dict[str, object]:
    trigger = {"type": "event", "posture": "Reactive", "expect": [f"{name}.happened"], "threshold": 1, "within": 0}
    return {"name": name, "description": "made by a test", "trigger": trigger, "actions": [NOTHING], **changes}


@pytest.fixture
def automation(prefect: Prefect, stack: Stack, name: str) -> str:
    """The id of an automation that the client made."""
    said = prefect("automation", "create", "--from-json", json.dumps(document(name)))
    made = said.output.strip().rpartition(" ")[2]
    stack._undo.append(lambda: stack.call("DELETE", f"/automations/{made}"))
    return made


def test_create_from_json(prefect: Prefect, stack: Stack, name: str, automation: str) -> None:
    stored = stack.get(f"/automations/{automation}")

    assert (stored["name"], stored["enabled"], stored["trigger"]["expect"]) == (name, True, [f"{name}.happened"])


def test_create_from_yaml_with_one_of_each_kind(prefect: Prefect, stack: Stack, name: str, here: Path) -> None:
    file = here / "automations.yaml"
    file.write_text(
        f"""
        automations:
          - name: {name}-reactive
            trigger: {{type: event, posture: Reactive, expect: [a.b], match: {{prefect.resource.id: "r.*"}}, threshold: 3, within: 60}}
            actions:
              - type: run-deployment
                source: selected
                deployment_id: {NOTHING_AT_ALL}
                parameters: {{x: {{__prefect_kind: jinja, template: "{{{{ event.payload.n }}}}"}}}}
          - name: {name}-proactive
            trigger: {{type: event, posture: Proactive, after: [a.start], expect: [a.beat], within: 30}}
            actions: [{{type: change-flow-run-state, state: FAILED, name: Stuck, message: late}}, {{type: cancel-flow-run}}]
          - name: {name}-compound
            trigger:
              type: compound
              require: all
              within: 60
              triggers: [{{type: event, posture: Reactive, expect: [a.1]}}, {{type: event, posture: Reactive, expect: [a.2]}}]
            actions: [{{type: do-nothing}}]
          - name: {name}-sequence
            trigger:
              type: sequence
              within: 60
              triggers: [{{type: event, posture: Reactive, expect: [a.1]}}, {{type: event, posture: Reactive, expect: [a.2]}}]
            actions: [{{type: do-nothing}}]
        """  # noqa: E501
    )

    said = prefect("automation", "create", "--from-file", str(file))

    assert "Created 4 automation(s)" in said.output
    for kind in ("reactive", "proactive", "compound", "sequence"):
        shown = prefect("automation", "inspect", f"{name}-{kind}", "--json").document
        assert [one["name"] for one in shown] == [f"{name}-{kind}"]
        stack.call("DELETE", f"/automations/{shown[0]['id']}")


def test_what_is_not_valid_is_refused_with_a_reason(prefect: Prefect, name: str) -> None:
    bad = document(name, trigger={"type": "event", "posture": "Nope", "expect": ["z"]})

    said = prefect("automation", "create", "--from-json", json.dumps(bad), code=1)

    assert "posture" in said.output


def test_ls(prefect: Prefect, name: str, automation: str) -> None:
    said = prefect("automation", "ls")

    assert name in said.output and automation in said.output


def test_inspect_by_name_and_id_in_every_format(prefect: Prefect, name: str, automation: str) -> None:
    assert name in prefect("automation", "inspect", name).output
    assert name in prefect("automation", "inspect", "--id", automation).output
    assert f"name: {name}" in prefect("automation", "inspect", name, "--yaml").output
    assert prefect("automation", "inspect", name, "--json").document[0]["id"] == automation


def test_what_is_not_there_is_not_found(prefect: Prefect, name: str) -> None:
    assert f"Automation '{name}' not found." in prefect("automation", "inspect", name, code=1).output
    prefect("automation", "inspect", "--id", NOTHING_AT_ALL, code=1)
    prefect("automation", "delete", name, code=1)


def test_pause_and_resume_by_name_and_id(prefect: Prefect, stack: Stack, name: str, automation: str) -> None:
    for which in ([name], ["--id", automation]):
        assert "Paused" in prefect("automation", "pause", *which).output
        assert stack.get(f"/automations/{automation}")["enabled"] is False
        assert "Resumed" in prefect("automation", "resume", *which).output
        assert stack.get(f"/automations/{automation}")["enabled"] is True


def test_update(prefect: Prefect, stack: Stack, name: str, automation: str) -> None:
    changed = json.dumps(document(name, description="changed"))

    assert "Updated" in prefect("automation", "update", "--id", automation, "--from-json", changed).output
    assert stack.get(f"/automations/{automation}")["description"] == "changed"


def test_delete_by_name_and_by_id(prefect: Prefect, stack: Stack, name: str, automation: str) -> None:
    assert "Deleted" in prefect("automation", "delete", name).output
    assert stack.call("GET", f"/automations/{automation}").status_code == 404

    again = prefect("automation", "create", "--from-json", json.dumps(document(name))).output.strip().rpartition(" ")[2]
    assert "Deleted" in prefect("automation", "delete", "--id", again).output
    assert stack.call("GET", f"/automations/{again}").status_code == 404


def test_an_event_of_the_command_line_fires_an_automation_of_the_command_line(
    prefect: Prefect, stack: Stack, name: str, automation: str
) -> None:
    stack.settle()

    prefect("event", "emit", f"{name}.happened", "--resource-id", name, "--payload", '{"n": 9}')

    fired = {
        "resource": {"id": [f"prefect.automation.{automation}"]},
        "event": {"name": ["prefect.automation.triggered"]},
    }
    (event,) = eventually(lambda: stack.post("/events/filter", {"filter": fired})["events"], "the firing")
    assert event["payload"]["triggering_event"]["payload"] == {"n": 9}
    assert stored_event(stack, f"{name}.happened")["resource"] == {"prefect.resource.id": name}


def test_automations_as_python_objects(prefect: Prefect, stack: Stack, name: str) -> None:
    said = prefect.python(
        f"""
from prefect.automations import Automation
from prefect.events.actions import DoNothing
from prefect.events.schemas.automations import EventTrigger, Posture

made = Automation(name="{name}", trigger=EventTrigger(expect={{"a.b"}}, posture=Posture.Reactive, threshold=1),
                  actions=[DoNothing()]).create()
read = Automation.read(id=made.id)
assert read.name == Automation.read(name="{name}").name == "{name}"
read.description = "changed"
read.update()
assert Automation.read(id=made.id).description == "changed"
made.disable()
assert Automation.read(id=made.id).enabled is False
made.enable()
assert Automation.read(id=made.id).enabled is True
made.delete()
try:
    Automation.read(id=made.id)
except ValueError:
    print("gone")
"""
    )

    assert said.output.strip().endswith("gone")
