"""The JSON Schemas of files: they are what the models say, and fit what is written."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from whenflow.automations.schema import file_schema
from whenflow.cli.deploy_files import read_deployments
from whenflow.cli.errors import CliError
from whenflow.cli.yaml_documents import parse_yaml
from whenflow.flows.schema import project_schema

ROOT = Path(__file__).parents[2]
FILE = ROOT / "schemas" / "automations.schema.json"
PROJECT_FILE = ROOT / "schemas" / "whenflow.schema.json"
EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))
TRIGGER = {"posture": "Reactive", "expect": ["a"]}
RUN = {"type": "run-deployment", "deployment": "flow/main"}


def faults(document):
    return list(Draft202012Validator(file_schema()).iter_errors(document))


def automation(**changes):
    return {"name": "x", "trigger": TRIGGER, "actions": [RUN], **changes}


@pytest.mark.parametrize(
    ("file", "made", "group"), [(FILE, file_schema, "automation"), (PROJECT_FILE, project_schema, "deployment")]
)
def test_the_committed_schema_is_that_of_the_models_and_the_command_writes_it(cli, file, made, group):
    told = f"run: whenflow {group} schema > {file.relative_to(ROOT)}"

    assert json.loads(file.read_text()) == json.loads(json.dumps(made())), told
    assert cli(group, "schema").document == json.loads(file.read_text())


@pytest.mark.parametrize("made", [file_schema, project_schema])
def test_it_is_a_schema_itself(made):
    Draft202012Validator.check_schema(made())


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_every_example_fits_and_names_it(file):
    text = file.read_text()
    schema = PROJECT_FILE if file.name == "whenflow.yaml" else FILE

    assert list(Draft202012Validator(json.loads(schema.read_text())).iter_errors(parse_yaml(text, file.name))) == []
    named = text.partition("$schema=")[2].partition("\n")[0]
    assert (file.parent / named).resolve() == schema


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


# ---- whenflow.yaml ----

POOL = {"name": "lambda", "job_variables": {"function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:f"}}


def deployment(**changes):
    return {"name": "main", "flow_name": "welcome", "work_pool": POOL, **changes}


def fits(document) -> bool:
    return not list(Draft202012Validator(project_schema()).iter_errors({"deployments": [document]}))


def is_taken(document, tmp_path) -> bool:
    (tmp_path / "whenflow.json").write_text(json.dumps({"deployments": [document]}))
    try:
        return bool(read_deployments("whenflow.json"))
    except CliError:
        return False


@pytest.mark.parametrize(
    "document",
    [
        {"name": "main", "flow_name": "f"},
        deployment(work_pool="lambda"),
        deployment(work_pool_name="lambda", job_variables={"function_arn": "a"}),
        deployment(description="d", version="1", tags=["a"], parameters={"n": 1}, labels={"team": "data"}),
        deployment(paused=True, enforce_parameter_schema=False),
        deployment(concurrency_limit=3),
        deployment(concurrency_limit={"limit": 1, "collision_strategy": "CANCEL_NEW"}),
        deployment(concurrency_options={"collision_strategy": "ENQUEUE", "grace_period_seconds": 60}),
        deployment(schedules=[{"cron": "0 6 * * *", "timezone": "Europe/Berlin", "slug": "daily", "parameters": {}}]),
        deployment(schedules=[{"interval": 3600, "anchor_date": "2026-01-01T00:00:00Z", "active": False}]),
        deployment(schedule={"rrule": "FREQ=DAILY", "max_scheduled_runs": 5}),
        deployment(schedules=[{"schedule": {"cron": "0 6 * * *"}, "slug": "daily", "replaces": "weekly"}]),
        deployment(triggers=[{"expect": ["a"]}]),
        deployment(triggers=[{"posture": "Proactive", "expect": ["a"], "within": "PT5M", "schedule_after": "PT5M"}]),
        deployment(triggers=[{"type": "event", "name": "n", "description": "d", "enabled": False, "expect": ["a"]}]),
        deployment(triggers=[{"require": "all", "within": 60, "triggers": [{"expect": ["a"]}, {"expect": ["b"]}]}]),
        deployment(triggers=[{"type": "sequence", "within": 60, "triggers": [{"expect": ["a"]}, {"expect": ["b"]}]}]),
        deployment(
            triggers=[{"type": "metric", "metric": {"name": "duration", "operator": ">", "threshold": 60}}],
        ),
    ],
)
def test_a_deployment_that_is_taken_fits_the_schema(document, tmp_path):
    assert (fits(document), is_taken(document, tmp_path)) == (True, True)


@pytest.mark.parametrize(
    "document",
    [
        {"name": "main"},
        {"flow_name": "f"},
        deployment(descrption="d"),
        deployment(work_pool={"nmae": "lambda"}),
        deployment(schedules=[{"slug": "daily"}]),
        deployment(schedules=[{"interval": 0}]),
        deployment(concurrency_limit={"limit": 1, "collision_strategy": "WAIT"}),
        deployment(triggers=[{"expct": ["a"]}]),
        deployment(triggers={"expect": ["a"]}),
        deployment(triggers=[{"require": "all", "triggers": [{"expct": ["a"]}]}]),
        deployment(tags="a"),
        deployment(paused="yes"),
    ],
)
def test_a_deployment_that_is_refused_does_not_fit_it(document, tmp_path):
    assert (fits(document), is_taken(document, tmp_path)) == (False, False)


def test_a_file_may_name_its_schema_by_a_key_of_its_own(cli, product, tmp_path):
    project = {"$schema": "whenflow.schema.json", "automations": [automation(actions=[{"type": "do-nothing"}])]}
    (tmp_path / "whenflow.json").write_text(json.dumps(project | {"deployments": [deployment()]}))

    assert cli("automation", "apply", "whenflow.json", "--yes").code == 0
    assert cli("automation", "test", "whenflow.json").code == 2  # there are no tests in it
    assert cli("deploy", "whenflow.json", "--yes").code == 0
