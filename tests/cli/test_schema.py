"""The JSON Schema of files with automations: it is what the models say, and it fits what is written."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from whenflow.automations.schema import file_schema
from whenflow.cli.yaml_documents import parse_yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "schemas" / "automations.schema.json"
EXAMPLES = sorted(file for file in (ROOT / "examples").rglob("*.yaml") if file.name != "whenflow.yaml")
TRIGGER = {"posture": "Reactive", "expect": ["a"]}
RUN = {"type": "run-deployment", "deployment": "flow/main"}


def faults(document):
    return list(Draft202012Validator(file_schema()).iter_errors(document))


def automation(**changes):
    return {"name": "x", "trigger": TRIGGER, "actions": [RUN], **changes}


def test_the_committed_schema_is_that_of_the_models():
    told = "run: whenflow automation schema > schemas/automations.schema.json"

    assert json.loads(FILE.read_text()) == json.loads(json.dumps(file_schema())), told


def test_the_command_writes_it(cli):
    assert cli("automation", "schema").document == json.loads(FILE.read_text())


def test_it_is_a_schema_itself():
    Draft202012Validator.check_schema(file_schema())


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_every_example_fits_and_names_it(file):
    text = file.read_text()

    assert faults(parse_yaml(text, file.name)) == []
    named = text.partition("$schema=")[2].partition("\n")[0]
    assert (file.parent / named).resolve() == FILE


@pytest.mark.parametrize(
    "document",
    [
        automation(),
        [automation(key="one", tests=[{"name": "t"}])],
        {"project": "a", "automations": [automation()], "variables": {"v": [1]}},
        automation(trigger={"type": "event", "posture": "Proactive", "expect": ["a"], "within": "PT5M"}),
        automation(trigger={"type": "sequence", "within": None, "triggers": [TRIGGER, TRIGGER]}),
        automation(actions=[{"type": "send-notification", "block_document": "team", "body": "b"}]),
        automation(actions=[{"type": "call-webhook", "block_document": "hook", "payload": {"a": 1}}]),
        automation(actions_on_trigger=[{"type": "pause-automation", "automation": "y"}]),
    ],
)
def test_what_may_be_written_fits(document):
    assert faults(document) == []


@pytest.mark.parametrize(
    "document",
    [
        automation(trigger=TRIGGER | {"treshold": 3}),
        automation(actions=[RUN | {"paramters": {}}]),
        automation(actions=[{"type": "send-notification", "body": "b"}]),
        automation(actions=[{"type": "fly"}]),
        automation(nmae="y"),
        {"name": "x"},
        {"project": "a.b", "automations": []},
    ],
)
def test_what_may_not_be_written_does_not(document):
    assert faults(document)
