"""A function with flows of a test's own, which has the role of the stack's function for flows and nothing more."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.e2e.stacks import Stack, unique

LAUNCHERS = ("ActionFunctionRole", "TimerFunctionRole")


@contextmanager
def function_of_ones_own(stack: Stack, name: str, code: str, timeout: int) -> Iterator[str]:
    """Deploy code, let the stack launch it, and give its ARN; in the end all of that goes.

    Args:
        stack: On this machine.
        name: What its name holds.
        code: Its `app.py`.
        timeout: Seconds that an invocation may take.
    """
    functions, iam = stack.aws("lambda"), stack.aws("iam")
    known = functions.get_function_configuration(FunctionName=stack.outputs["FlowsFunctionArn"])
    called = f"{stack.name}-{unique(name)}"
    with ExitStack() as undo:
        arn: str = functions.create_function(
            FunctionName=called,
            Code={"ZipFile": _zipped(code)},
            Layers=[layer["Arn"] for layer in known["Layers"]],
            Timeout=timeout,
            **{key: known[key] for key in ("Runtime", "Role", "Handler", "Environment", "MemorySize")},
        )["FunctionArn"]
        undo.callback(functions.delete_function, FunctionName=called)
        failures = stack.aws("sqs").get_queue_attributes(
            QueueUrl=stack.physical_id("FlowFailuresQueue"), AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        functions.put_function_event_invoke_config(
            FunctionName=called, MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": failures}}
        )
        allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
        for role in LAUNCHERS:
            grant = {"RoleName": stack.physical_id(role), "PolicyName": called}
            iam.put_role_policy(**grant, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
            undo.callback(iam.delete_role_policy, **grant)
        yield arn


def _zipped(code: str) -> bytes:
    """Return code as Lambda takes it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", code)
    return content.getvalue()
