"""What a flow's author imports."""

import subprocess
import sys

import pytest
from tests.tables import ROOT

import whenflow


@pytest.mark.parametrize("name", [name for name in whenflow.__all__ if name != "__version__"])
def test_the_sdk_is_found_at_the_top(name):
    assert callable(getattr(whenflow, name))


def test_the_sdk_is_found_where_prefects_users_look_for_it():
    import whenflow.deployments
    import whenflow.events

    assert whenflow.events.emit_event is whenflow.emit_event
    assert whenflow.deployments.run_deployment is whenflow.run_deployment
    for name in whenflow.events.OF_THE_SDK:
        assert getattr(whenflow.events, name).__name__ == name
    for room in (whenflow.events, whenflow.deployments):
        with pytest.raises(AttributeError, match="has no attribute 'nope'"):
            room.nope  # noqa: B018 - looking is the point


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'nope'"):
        whenflow.nope  # noqa: B018 - looking is the point


def test_importing_events_loads_no_sdk():
    code = "import sys, whenflow.events, whenflow.deployments; print({'boto3', 'whenflow.flows'} & set(sys.modules))"

    places = {"PYTHONPATH": str(ROOT / "layers" / "whenflow")}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=places)

    assert answer.stdout.strip() == "set()"


def test_importing_the_package_alone_loads_no_sdk_and_no_aws():
    code = "import sys, whenflow; print({'boto3', 'pydantic', 'jinja2', 'whenflow.flows'} & set(sys.modules))"

    places = {"PYTHONPATH": str(ROOT / "layers" / "whenflow")}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=places)

    assert answer.stdout.strip() == "set()"


def test_a_function_of_flows_loads_neither_the_engine_nor_templates():
    code = (
        "import sys; from whenflow import flow, serve_lambda; from whenflow.aws import wiring; "
        "from whenflow.flows import runtime; runtime.stack(); wiring.task_runs(); "
        "print({'jinja2', 'whenflow.automations', 'whenflow.templating'} & set(sys.modules))"
    )

    tables = {f"WHENFLOW_{name}_TABLE": name for name in ("EVENTS", "STATE", "FIRINGS", "RUNS", "CONFIG")}
    places = {"PYTHONPATH": str(ROOT / "layers" / "whenflow"), "AWS_DEFAULT_REGION": "eu-west-1", **tables}
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=places)

    assert answer.stdout.strip() == "set()"
