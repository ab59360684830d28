"""Building and deploying the real template."""

import re
from pathlib import Path

import pytest

from whenflow.local import stack
from whenflow.local.errors import LocalError
from whenflow.local.room import Room
from whenflow.local.seed import example_deployments


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A checkout whose build is a script of the test."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".aws-sam").mkdir()
    (tmp_path / "sam").touch()
    monkeypatch.setenv("WHENFLOW_SAM", str(tmp_path / "sam"))
    return Room(tmp_path)


def script(room: Room, text: str) -> None:
    path = room.root / "scripts" / "build.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_the_template_knows_the_parameters_of_this_machine() -> None:
    template, target = Path("template.yaml").read_text(), stack.this_machine()

    assert re.search(rf"AllowedValues: \[.*{target.runtime}.*\]", template)
    assert re.search(rf"AllowedValues: \[.*{target.architecture}.*\]", template)
    for name in re.findall(r"(\w+)=", target.parameters):
        assert re.search(rf"^  {name}:$", template, re.MULTILINE)


def test_the_build_is_named_by_what_went_into_it(room: Room) -> None:
    script(room, 'echo "$@" > .aws-sam/build.key')
    one, other = stack.Target("python3.11", "x86_64"), stack.Target("python3.12", "x86_64")

    assert stack.build(room, one) == stack.build(room, one) != stack.build(room, other)


def test_a_build_that_fails_says_what_the_tool_said(room: Room) -> None:
    script(room, "echo no such requirement >&2; exit 3")

    with pytest.raises(LocalError, match=r"The build failed \(build.sh ended with 3\):\n  no such requirement"):
        stack.build(room, stack.this_machine())


def test_without_the_sam_cli_the_error_says_what_to_do(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHENFLOW_SAM", "/nowhere/sam")

    with pytest.raises(LocalError, match="The SAM CLI is missing .*make up"):
        stack.build(room, stack.this_machine())


def test_the_examples_run_in_lambda_and_in_step_functions() -> None:
    examples = example_deployments({"FlowsFunctionArn": "function", "ProcessNewFileStateMachineArn": "machine"})

    assert {f"{one['flow_name']}/{one['name']}": one["job_variables"] for one in examples} == {
        "new_user_flow/lambda": {"function_arn": "function"},
        "process_new_file/lambda": {"function_arn": "function"},
        "process_new_file/step-functions": {"state_machine_arn": "machine"},
    }


def test_the_template_has_the_outputs_that_are_read() -> None:
    template = Path("template.yaml").read_text().partition("\nOutputs:\n")[2]

    for output in ("FlowsFunctionArn", "ProcessNewFileStateMachineArn", "IncomingBucketName", "ConfigTableName"):
        assert re.search(rf"^  {output}:$", template, re.MULTILINE)
