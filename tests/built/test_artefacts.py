"""What `sam build` made, looked at from outside."""

import importlib.util
import marshal
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from tests.built.stack import RUNTIME, environment
from tests.template.loading import ROOT, functions

pytestmark = pytest.mark.built
LAYERS = ["DependenciesLayer", "WhenflowLayer"]
HASHED, CHECKED = 0b01, 0b10  # flags in the header of a .pyc
AARCH64 = 183  # e_machine in the header of an ELF file


@pytest.mark.parametrize("layer", LAYERS)
def test_every_module_of_a_layer_has_byte_code_that_is_not_checked(built: Path, layer: str) -> None:
    modules = sorted((built / layer / "python").rglob("*.py"))
    headers = [Path(importlib.util.cache_from_source(str(path))).read_bytes()[:8] for path in modules]

    assert modules
    assert {header[:4] for header in headers} == {importlib.util.MAGIC_NUMBER}
    assert {struct.unpack("<I", header[4:])[0] & (HASHED | CHECKED) for header in headers} == {HASHED}


@pytest.mark.parametrize("layer", LAYERS)
def test_byte_code_names_the_place_where_lambda_puts_it(built: Path, layer: str) -> None:
    compiled = list((built / layer / "python").rglob("*.pyc"))
    named = {marshal.loads(path.read_bytes()[16:]).co_filename.partition("/python/")[0] for path in compiled}

    assert named == {"/opt"}


@pytest.mark.parametrize("function", sorted(functions()))
def test_a_function_imports_with_its_layers_and_the_runtime_alone(
    built: Path, lambda_runtime: Path, function: str
) -> None:
    variables = environment(function, dict.fromkeys(_tables(), "table"), "http://127.0.0.1:1", lambda_runtime)

    ended = subprocess.run(
        [sys.executable, "-S", "-c", "import app, whenflow; print(whenflow.__file__); app.handler"],
        cwd=built / function,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stderr == ""
    assert ended.stdout.startswith(str(built / "WhenflowLayer"))


def test_functions_hold_their_code_and_nothing_else(built: Path) -> None:
    for function, properties in functions().items():
        source = ROOT / properties["CodeUri"]
        wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
        held = {path.relative_to(built / function) for path in (built / function).rglob("*") if path.is_file()}

        assert held == wanted, function


def test_a_layer_holds_no_aws_sdk_and_no_tests(built: Path) -> None:
    held = {path.name for layer in LAYERS for path in (built / layer / "python").iterdir()}

    assert not {"boto3", "botocore", "tests", "bin"} & held
    assert {"pydantic", "jinja2", "aws_lambda_powertools", "whenflow"} <= held


def test_the_layers_fit_into_lambda(built: Path) -> None:
    size = sum(path.stat().st_size for layer in LAYERS for path in (built / layer).rglob("*") if path.is_file())

    assert size < 60 * 1024 * 1024


def test_a_layer_for_another_machine_holds_that_machines_code(tmp_path: Path) -> None:
    """The template's default: arm64, whatever this machine is."""
    lock = ROOT / "layers" / "dependencies" / "requirements.txt"
    command = [sys.executable, str(ROOT / "layers" / "build_layer.py"), "--requirements", str(lock)]
    variables = {name: value for name, value in os.environ.items() if name != "WHENFLOW_BUILD_FOR"}

    subprocess.run([*command, "--target", "python3.13-arm64", "--out", str(tmp_path)], check=True, env=variables)

    native = list(tmp_path.rglob("*.so"))
    assert native
    assert all("cpython-313-aarch64" in path.name or ".abi3." in path.name for path in native)
    assert {struct.unpack("<H", path.read_bytes()[18:20])[0] for path in native} == {AARCH64}


def test_the_runtime_of_these_tests_is_one_that_the_template_allows() -> None:
    from tests.template.loading import template

    assert RUNTIME in template()["Parameters"]["Runtime"]["AllowedValues"]


def _tables() -> list[str]:
    return [name for name in ("EventsTable", "StateTable", "FiringsTable", "RunsTable", "ConfigTable")]
