"""Launch targets: what starts the code of a flow run."""

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.errors import Rejected, Transient
from whenflow.ports import Ids
from whenflow.runs import FlowRun
from whenflow.runs.targets import WORK_POOLS

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_stepfunctions import SFNClient

MAX_INPUT_BYTES = 200 * 1024
WILL_NOT_HELP = frozenset(
    {
        "AccessDeniedException",
        "InvalidArn",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "RequestTooLargeException",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
        "ValidationException",
    }
)


class Target(Protocol):
    """Something that starts runs."""

    def launch(self, run: FlowRun) -> None:
        """Start a run's code."""
        ...


class Launchers:
    """Starts a run on the target that its work pool names."""

    def __init__(self, targets: Mapping[str, Callable[[], Target]]) -> None:
        """Know how to get these targets, by work pool; none is made before it is needed."""
        self._targets = targets

    def launch(self, run: FlowRun) -> None:
        """Start the run's code.

        Raises:
            Rejected: There is no such work pool, or its target refuses for good.
            Transient: Try again.
        """
        target = self._targets.get(run.work_pool_name or "")
        if target is None:
            raise Rejected(
                f"There is no work pool '{run.work_pool_name}'; there are {', '.join(sorted(self._targets))}."
            )
        try:
            target().launch(run)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if code in WILL_NOT_HELP:
                raise Rejected(f"{run.work_pool_name} refused to start the flow run: {code}: {message}") from error
            raise Transient(f"{run.work_pool_name}: {code}") from error
        except BotoCoreError as error:
            raise Transient(f"{run.work_pool_name} cannot be reached: {type(error).__name__}") from error


class LambdaTarget:
    """Invokes a function asynchronously. Delivery is at least once; the SDK lets one launch of a run work on it."""

    def __init__(self, client: "LambdaClient", ids: Ids) -> None:
        """Use this client; `ids` tell launches apart."""
        self._client = client
        self._ids = ids

    def launch(self, run: FlowRun) -> None:
        """Invoke the function of the run's deployment."""
        payload = {"flow_run_id": run.id, "launch": self._ids.new()}
        self._client.invoke(FunctionName=_variable(run), InvocationType="Event", Payload=json.dumps(payload).encode())


class StepFunctionsTarget:
    """Starts a Standard execution named by the flow run: started again, it is the same execution, for 90 days."""

    def __init__(self, client: "SFNClient") -> None:
        """Use this client."""
        self._client = client

    def launch(self, run: FlowRun) -> None:
        """Start the execution of the run's deployment."""
        given: dict[str, Any] = {"flow_run_id": run.id, "parameters": run.parameters}
        size = len(json.dumps(given).encode())
        if size > MAX_INPUT_BYTES:
            raise Rejected(
                f"Step Functions takes an input of at most {MAX_INPUT_BYTES:,} bytes; the parameters have {size:,}."
            )
        try:
            self._client.start_execution(
                stateMachineArn=_variable(run), name=run.id, input=json.dumps(given, sort_keys=True)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise


def _variable(run: FlowRun) -> str:
    name = WORK_POOLS[run.work_pool_name or ""]
    value = run.job_variables.get(name)
    if not isinstance(value, str) or not value:
        raise Rejected(f"The deployment's job_variables lack '{name}'.")
    return value
