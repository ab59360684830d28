"""State machines: every task ends, is tried again, and its failure is told."""

import json
import re
from typing import Any

import pytest
from tests.template.loading import ROOT, of_type

MACHINES = of_type("AWS::Serverless::StateMachine")
TRIED_AGAIN = {"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.TooManyRequestsException"}


def definition(machine: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / MACHINES[machine]["DefinitionUri"]).read_text())
    return loaded


TASKS = [
    (machine, name)
    for machine in sorted(MACHINES)
    for name, state in definition(machine)["States"].items()
    if state["Type"] == "Task"
]


def test_every_file_is_a_machine() -> None:
    files = {f"statemachines/{path.name}" for path in (ROOT / "statemachines").iterdir()}

    assert files == {machine["DefinitionUri"] for machine in MACHINES.values()}


@pytest.mark.parametrize("machine", sorted(MACHINES))
def test_a_machine_ends_in_time_and_knows_its_substitutions(machine: str) -> None:
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition(machine))))

    assert 0 < definition(machine)["TimeoutSeconds"] <= 24 * 3600
    assert used == MACHINES[machine]["DefinitionSubstitutions"].keys()


@pytest.mark.parametrize("machine", sorted(MACHINES))
def test_every_state_can_be_reached(machine: str) -> None:
    states = definition(machine)["States"]
    reached, ahead = set(), [definition(machine)["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += [states[name]["Next"]] if "Next" in states[name] else []
            ahead += [catch["Next"] for catch in states[name].get("Catch", [])]

    assert reached == states.keys()


@pytest.mark.parametrize(("machine", "name"), TASKS)
def test_a_task_has_a_time_limit_a_retry_and_a_catch(machine: str, name: str) -> None:
    state = definition(machine)["States"][name]
    retried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
    [catch] = state["Catch"]

    assert state["TimeoutSeconds"] > 0
    assert retried >= TRIED_AGAIN
    assert catch["ErrorEquals"] == ["States.ALL"]
    assert definition(machine)["States"][catch["Next"]]["Type"] == "Fail"


@pytest.mark.parametrize(("machine", "name"), TASKS)
def test_a_task_passes_the_whole_input_on_in_jsonpath_and_names_a_task_that_the_flows_function_serves(
    machine: str, name: str
) -> None:
    payload = dict(definition(machine)["States"][name]["Parameters"]["Payload"])
    flows = (ROOT / "functions" / "flows" / "app.py").read_text()
    called = payload.pop("task")

    assert payload == {"input.$": "$$.Execution.Input"}
    assert re.search(rf"^def {called}\(", flows, re.MULTILINE)
    assert re.search(rf"serve_lambda\([^)]*\b{called}\b", flows)


@pytest.mark.parametrize("machine", sorted(MACHINES))
def test_a_machine_is_logged_without_what_is_in_it(machine: str) -> None:
    logging = MACHINES[machine]["Logging"]

    assert logging["Level"] in {"ERROR", "ALL"}
    assert logging["IncludeExecutionData"] is False
