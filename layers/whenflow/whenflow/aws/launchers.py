"""Launch targets: what starts the code of a flow run."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.errors import Rejected, Transient
from whenflow.ports import Ids
from whenflow.runs import FlowRun
from whenflow.runs.attempts import execution_name
from whenflow.runs.targets import TYPES, is_express

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_stepfunctions import SFNClient

MAX_INPUT_BYTES = 200 * 1024
NO_KEY = frozenset({"KmsAccessDeniedException", "KmsInvalidStateException"})
"""The machine is encrypted with a key that may not be used, or is switched off."""
WILL_NOT_HELP = frozenset(
    {
        "AccessDeniedException",
        "InvalidArn",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        *NO_KEY,
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

    def stop(self, run: FlowRun) -> bool:
        """Stop a run's code; False where that cannot be done."""
        ...

    def news(self, run: FlowRun) -> dict[str, str] | None:
        """Say how a run's execution is; None where there is none that can be asked about."""
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
        with _answered_by(run):
            self._target(run).launch(run)

    def stop(self, run: FlowRun) -> bool:
        """Stop the run's code; False where its target cannot, or has none of it.

        Raises:
            Transient: Try again.
        """
        try:
            with _answered_by(run):
                return self._target(run).stop(run)
        except Rejected:
            return False

    def news(self, run: FlowRun) -> dict[str, str] | None:
        """Say how the run's execution is; None where there is none that can be asked about.

        Raises:
            Rejected: It may not be asked about.
            Transient: Try again.
        """
        with _answered_by(run, "tell of"):
            return self._target(run).news(run)

    def _target(self, run: FlowRun) -> Target:
        target = self._targets.get(run.target_type)
        if target is None:
            raise Rejected(
                f"There is no work pool '{run.work_pool_name}'; there are {', '.join(sorted(self._targets))}."
            )
        return target()


@contextlib.contextmanager
def _answered_by(run: FlowRun, doing: str = "start") -> Iterator[None]:
    """Turn AWS's errors into ours."""
    try:
        yield
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code in WILL_NOT_HELP:
            raise Rejected(f"{run.work_pool_name} refused to {doing} the flow run: {code}: {message}") from error
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
        payload = _named(run) | {"launch": self._ids.new()}
        self._client.invoke(FunctionName=_variable(run), InvocationType="Event", Payload=json.dumps(payload).encode())

    def stop(self, run: FlowRun) -> bool:  # noqa: ARG002 - of every target
        """Say no: a function that was invoked cannot be stopped. The SDK sees at the next task that it is to stop."""
        return False

    def news(self, run: FlowRun) -> dict[str, str] | None:  # noqa: ARG002 - of every target
        """Say nothing: Lambda knows no invocation by name."""
        return None


class DurableTarget:
    """Invokes a durable function: the execution is named by the run, so that started again it is the same one."""

    def __init__(self, client: "LambdaClient") -> None:
        """Use this client."""
        self._client = client

    def launch(self, run: FlowRun) -> None:
        """Invoke the function of the run's deployment; its ARN must be qualified."""
        name = execution_name(run)
        try:
            self._client.invoke(
                FunctionName=_variable(run),
                InvocationType="Event",
                DurableExecutionName=name,
                Payload=json.dumps(_named(run) | {"launch": name}).encode(),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "DurableExecutionAlreadyStartedException":
                raise

    def stop(self, run: FlowRun) -> bool:  # noqa: ARG002 - of every target
        """Say no: the execution's ARN is not known. The SDK sees at the next step that it is to stop."""
        return False

    def news(self, run: FlowRun) -> dict[str, str] | None:  # noqa: ARG002 - of every target
        """Say nothing, for the same reason."""
        return None


class StepFunctionsTarget:
    """Starts executions named by the flow run. A Standard one, started again, is the same execution, for 90 days.

    Express executions know no such promise: started again, there are two.
    """

    def __init__(self, client: "SFNClient") -> None:
        """Use this client."""
        self._client = client

    def launch(self, run: FlowRun) -> None:
        """Start the execution of the run's deployment. Parameters that do not fit are named, not sent."""
        given: dict[str, Any] = _named(run) | {"parameters": run.parameters}
        if len(json.dumps(given).encode()) > MAX_INPUT_BYTES:
            given = _named(run) | {"parameters_ref": run.id}
        try:
            self._client.start_execution(
                stateMachineArn=_variable(run), name=execution_name(run), input=json.dumps(given, sort_keys=True)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise

    def stop(self, run: FlowRun) -> bool:
        """Stop the execution; False where there is none, or it is an Express one, which cannot be stopped."""
        if is_express(run.job_variables):
            return False
        try:
            self._client.stop_execution(executionArn=_execution_arn(run), cause="The flow run was cancelled.")
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return False
            raise
        return True

    def news(self, run: FlowRun) -> dict[str, str] | None:
        """Say how the execution is; None where there is none, or it is an Express one, which nobody can ask about."""
        if is_express(run.job_variables):
            return None
        try:
            told = self._described(run)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                return None
            raise
        why = {"error": told.get("error"), "cause": told.get("cause")}
        return {"name": told["name"], "status": told["status"], **{name: text for name, text in why.items() if text}}

    def _described(self, run: FlowRun) -> Mapping[str, Any]:
        """Return what Step Functions says of the execution; without error and cause where their key may not be used."""
        arn = _execution_arn(run)
        try:
            return self._client.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NO_KEY:
                raise
        return self._client.describe_execution(executionArn=arn, includedData="METADATA_ONLY")


def _named(run: FlowRun) -> dict[str, Any]:
    """Return what every launch says: which run, and which start of it, if it is not the first."""
    return {"flow_run_id": run.id} | ({"attempt": run.attempt} if run.attempt else {})


def _execution_arn(run: FlowRun) -> str:
    """Return the ARN of the run's execution: of its machine, whichever version or alias of that started it."""
    machine = _variable(run).replace(":stateMachine:", ":execution:").split(":")
    return ":".join((*machine[:7], execution_name(run)))


def _variable(run: FlowRun) -> str:
    name = TYPES[run.target_type]
    value = run.job_variables.get(name)
    if not isinstance(value, str) or not value:
        raise Rejected(f"The deployment's job_variables lack '{name}'.")
    return value
