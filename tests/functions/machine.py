"""The stack's state machine, executed by moto: each of its tasks is an invocation of the function for flows."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from tests.functions.stack import Stack
from tests.tables import ROOT

from whenflow.aws import wiring

DEFINITION = ROOT / "statemachines" / "process_new_file.asl.json"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:flows"
PATIENCE_SECONDS = 30


class Machine:
    """A state machine that is executed for real, by another's interpreter of its language."""

    def __init__(self) -> None:
        self._machines = wiring.client("stepfunctions")
        role = wiring.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        definition = DEFINITION.read_text().replace("${FlowsFunctionArn}", FUNCTION)
        made = self._machines.create_state_machine(name="process_new_file", definition=definition, roleArn=role)
        self._arn = made["stateMachineArn"]

    def execute(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Execute it with an input, and return how the execution is described in the end."""
        started = self._machines.start_execution(stateMachineArn=self._arn, input=json.dumps(given))
        for _ in range(PATIENCE_SECONDS * 100):
            told: dict[str, Any] = self._machines.describe_execution(executionArn=started["executionArn"])
            if told["status"] != "RUNNING":
                return told
            time.sleep(0.01)
        raise TimeoutError(f"the execution still runs after {PATIENCE_SECONDS} s")


@pytest.fixture
def machine(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine of process_new_file, whose tasks call the stack's function for flows."""
    from moto.core.config import default_user_config  # here, for the interpreter takes two seconds to load
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

    def invoked(parameters: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        assert parameters["FunctionName"] == FUNCTION
        try:
            answer = stack.invoke("flows", json.loads(parameters["Payload"]))
        except Exception as error:  # as Lambda does: whatever code raises is the answer
            raised = {"errorMessage": str(error), "errorType": type(error).__name__}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": raised}
        return {"StatusCode": 200, "Payload": json.loads(json.dumps(answer))}

    monkeypatch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
    monkeypatch.setattr(lambda_eval_utils, "_invoke_lambda_function", invoked)
    return Machine()
