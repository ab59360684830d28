"""`whenflow init`: what it writes can be tested, deployed and applied as it is."""

import json

import pytest
from jsonschema import Draft202012Validator

from whenflow.cli.yaml_documents import parse_yaml
from whenflow.flows.schema import project_schema


def test_what_it_writes_passes_its_tests_and_can_be_deployed_and_applied(cli, product):
    assert cli("init").code == 0

    assert cli("automation", "test", "whenflow.yaml").out.endswith("2 passed, 0 failed\n")
    assert cli("deploy", "--yes").out.endswith("Done: 2 changes.\n")
    assert cli("automation", "apply", "whenflow.yaml", "--yes").out.endswith("Done: 2 changes.\n")
    assert cli("deploy", "--yes").out == "There is nothing to do: 2 the same.\n"
    assert cli("automation", "plan", "whenflow.yaml", "--check").code == 0


def test_it_writes_the_schema_that_the_file_names(cli, tmp_path):
    cli("init")

    document = parse_yaml((tmp_path / "whenflow.yaml").read_text(), "whenflow.yaml")
    schema = json.loads((tmp_path / "whenflow.schema.json").read_text())
    assert schema == json.loads(json.dumps(project_schema()))
    assert list(Draft202012Validator(schema).iter_errors(document)) == []
    assert (tmp_path / "whenflow.yaml").read_text().startswith("# yaml-language-server: $schema=whenflow.schema.json\n")


def test_a_file_that_is_there_stays_as_it_is(cli, tmp_path):
    (tmp_path / "whenflow.yaml").write_text("mine")

    told = cli("init")

    assert told.code == 0
    assert "stays as it is" in told.out
    assert (tmp_path / "whenflow.yaml").read_text() == "mine"
    assert cli("init", "--json").document == {"written": ["whenflow.schema.json"]}


def test_it_begins_a_project_of_the_name_of_its_directory(cli, tmp_path):
    told = cli("init", "sign ups", "--flow", "greet", "--function-arn", "arn:aws:lambda:eu-west-1:1:function:f")

    assert told.code == 0
    document = parse_yaml((tmp_path / "sign ups" / "whenflow.yaml").read_text(), "whenflow.yaml")
    assert document["project"] == "sign-ups"
    (deployment,) = document["deployments"]
    assert deployment["flow_name"] == "greet"
    assert deployment["work_pool"]["job_variables"]["function_arn"].endswith(":f")


@pytest.mark.parametrize("words", [("--flow", "a b"), ("--flow", "a: b"), ("--function-arn", "flows")])
def test_what_would_spoil_the_file_is_refused(cli, tmp_path, words):
    assert cli("init", *words).code == 2
    assert not (tmp_path / "whenflow.yaml").exists()


def test_a_directory_that_cannot_be_is_told(cli, tmp_path):
    (tmp_path / "taken").write_text("")

    told = cli("init", "taken/deeper")

    assert told.code == 1
    assert told.err.startswith("Error: Cannot write")
