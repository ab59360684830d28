"""What a flow's author imports."""

import subprocess
import sys

import pytest
from tests.tables import ROOT

import whenflow


@pytest.mark.parametrize("name", ["emit_event", "flow", "get_run_logger", "serve_lambda", "task"])
def test_the_sdk_is_found_at_the_top(name):
    assert callable(getattr(whenflow, name))


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        whenflow.nope  # noqa: B018 - looking is the point


def test_importing_the_package_alone_loads_no_sdk_and_no_aws():
    code = "import sys, whenflow; print({'boto3', 'pydantic', 'jinja2', 'whenflow.flows'} & set(sys.modules))"

    places = {"PYTHONPATH": str(ROOT / "layers" / "whenflow")}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=places)

    assert answer.stdout.strip() == "set()"
