"""The house: locks, targets and settings that have to agree with each other."""

import re
import tomllib
from typing import Any

import pytest
from tests.template.loading import ROOT, of_type, template

OVERRIDE = ".override.txt"
LOCKS = [
    *sorted(path for path in (ROOT / "requirements").glob("*.txt") if not path.name.endswith(OVERRIDE)),
    ROOT / "layers" / "dependencies" / "requirements.txt",
]
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(lock: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(lock.read_text()):
        found.setdefault(name, set()).add(version)
    return found


def asked(path: str) -> set[str]:
    lines = (line.strip() for line in (ROOT / path).read_text().splitlines())
    return {line for line in lines if line and not line.startswith(("#", "-"))}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_lock_pins_everything_by_hash_and_names_no_place(lock: Any) -> None:
    text = lock.read_text()
    blocks = re.split(r"\n(?=[a-z])", text)

    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_layer_holds_what_the_project_says_it_needs() -> None:
    assert asked("layers/dependencies/requirements.in") == set(project()["project"]["dependencies"])


def test_the_layer_leaves_out_what_the_runtime_brings() -> None:
    assert not {"boto3", "botocore", "s3transfer", "urllib3"} & pins(LOCKS[-1]).keys()


def test_the_layers_lock_does_not_depend_on_the_machine() -> None:
    """pip reads a marker for the machine that builds, not for the Lambda function; both have CPython."""
    markers = re.findall(r" ; (.*?)(?: \\)?$", LOCKS[-1].read_text(), re.MULTILINE)

    assert all(
        re.fullmatch(r"(\w+_implementation|implementation_name) != 'PyPy'", part)
        for one in markers
        for part in one.split(" and ")
    )


@pytest.mark.parametrize("name", ["local.txt", "dev.txt"])
def test_laptop_and_lambda_run_the_same_versions(name: str) -> None:
    here, there = pins(ROOT / "requirements" / name), pins(LOCKS[-1])

    assert {package: here[package] for package in there} == there


def test_the_embedded_aws_is_pinned_for_what_is_adapted_in_it() -> None:
    extras = project()["project"]["optional-dependencies"]

    assert "ministack==1.5.33" in extras["local"]
    assert pins(ROOT / "requirements" / "local.txt")["ministack"] == {"1.5.33"}


def test_a_layer_can_be_built_for_every_choice_of_the_parameters() -> None:
    parameters = template()["Parameters"]
    wanted = {
        f"{runtime}-{architecture}"
        for runtime in parameters["Runtime"]["AllowedValues"]
        for architecture in parameters["Architecture"]["AllowedValues"]
    }

    assert wanted == {path.parent.name for path in (ROOT / "layers" / "targets").glob("*/Makefile")}


@pytest.mark.parametrize("name", sorted(of_type("AWS::Serverless::LayerVersion")))
def test_a_layer_is_built_by_the_makefile_of_the_choice(name: str) -> None:
    metadata = template()["Resources"][name]["Metadata"]

    assert metadata["BuildMethod"] == "makefile"
    assert metadata["ContextPath"] == {"Fn::Sub": "layers/targets/${Runtime}-${Architecture}"}
    assert metadata["BuildArchitecture"] == {"Ref": "Architecture"}
    assert f"build-{name}:" in (ROOT / "layers" / "layers.mk").read_text()


def test_make_deploy_builds_for_the_templates_defaults() -> None:
    parameters = template()["Parameters"]
    [line] = [
        line
        for line in (ROOT / "Makefile").read_text().splitlines()
        if "BUILD_FOR=lambda" in line and "$(MAKE)" in line
    ]

    assert f"RUNTIME={parameters['Runtime']['Default']} " in line
    assert f"ARCH={parameters['Architecture']['Default']} " in line


def test_every_output_says_what_it_is() -> None:
    assert all(output["Description"] for output in template()["Outputs"].values())
    assert {"ApiUrl", "HooksUrl", "UiUrl", "ApiId", "IncomingBucketName", "BusName"} <= template()["Outputs"].keys()


def test_versions_agree() -> None:
    from whenflow import __version__

    metadata = template()["Metadata"]["AWS::ServerlessRepo::Application"]

    assert __version__ == project()["project"]["version"] == metadata["SemanticVersion"]
