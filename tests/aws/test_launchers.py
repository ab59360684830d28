"""Starting the code of a run, on Lambda and Step Functions."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.invocations import Invocations
from tests.outages import failing, refusal, unreachable
from tests.stories import ann_signs_up, file_deployment, run_of, welcoming
from tests.world import World

from whenflow.aws.launchers import DurableTarget, LambdaTarget, Launchers, StepFunctionsTarget
from whenflow.deployments.pools import pool_id_of
from whenflow.errors import Rejected, Transient
from whenflow.runs import FlowRun

POOL = {"name": "steps", "type": "lambda-durable", "is_paused": False, "base_job_template": {}}


def launched(world: World, **deployment: Any) -> FlowRun:
    """Ann's run of a deployment, as the launcher gets it."""
    made = world.deployment(**deployment)
    world.automation(welcoming(made, actions=[run_of(made, parameters={"file_name": "clients.csv"})]))
    world.happens(ann_signs_up())
    return world.launcher.launched[0]


@pytest.fixture
def lambda_client(aws: None) -> Any:
    """A client of Lambda."""
    import boto3

    return boto3.client("lambda")


@pytest.fixture
def machine(aws: None) -> tuple[Any, str]:
    """A client of Step Functions, and a state machine."""
    import boto3

    role = boto3.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client = boto3.client("stepfunctions")
    return client, client.create_state_machine(name="m", definition="{}", roleArn=role)["stateMachineArn"]


def on_lambda(client, ids) -> Launchers:
    return Launchers({"lambda": lambda: LambdaTarget(client, ids)})


def on_step_functions(client) -> Launchers:
    return Launchers({"step-functions": lambda: StepFunctionsTarget(client)})


def test_a_function_is_invoked_with_the_run_and_a_launch_of_its_own(world, ids, lambda_client):
    run = launched(world)
    heard = Invocations(lambda_client)

    on_lambda(lambda_client, ids).launch(run)
    on_lambda(lambda_client, ids).launch(run)

    first, second = heard.payloads
    assert first["flow_run_id"] == second["flow_run_id"] == run.id
    assert first["launch"] != second["launch"]


def test_a_function_is_invoked_asynchronously_where_the_deployment_says(world, ids, lambda_client):
    run = launched(world)
    heard = Invocations(lambda_client)

    on_lambda(lambda_client, ids).launch(run)

    assert [(call["FunctionName"], call["InvocationType"]) for call in heard.calls] == [
        ("arn:aws:lambda:eu-west-1:123456789012:function:flows", "Event")
    ]


def test_an_execution_is_named_by_the_run_and_gets_its_parameters(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    on_step_functions(client).launch(run)

    (execution,) = client.list_executions(stateMachineArn=arn)["executions"]
    started = client.describe_execution(executionArn=execution["executionArn"])
    assert execution["name"] == run.id
    assert json.loads(started["input"]) == {"flow_run_id": run.id, "parameters": {"file_name": "clients.csv"}}


def test_a_run_launched_twice_on_step_functions_is_one_execution(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    on_step_functions(client).launch(run)
    on_step_functions(client).launch(run)

    assert len(client.list_executions(stateMachineArn=arn)["executions"]) == 1


def test_an_execution_that_is_over_already_is_not_started_again_and_no_fault(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    with failing(client, "StartExecution", refusal("ExecutionAlreadyExists")):
        on_step_functions(client).launch(run)

    assert client.list_executions(stateMachineArn=arn)["executions"] == []


def test_a_state_machine_that_is_not_there_refuses_for_good(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn + "-gone"}))

    with pytest.raises(Rejected, match="StateMachineDoesNotExist"):
        on_step_functions(client).launch(run)


def test_parameters_too_large_for_step_functions_are_named_and_not_sent(world, machine):
    client, arn = machine
    defaults = {"text": "x" * 210_000}
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}, parameters=defaults))

    on_step_functions(client).launch(run)

    (execution,) = client.list_executions(stateMachineArn=arn)["executions"]
    started = client.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(started["input"]) == {"flow_run_id": run.id, "parameters_ref": run.id}


def test_another_start_of_a_run_is_another_execution(world, machine):
    client, arn = machine
    run = replace(launched(world, **file_deployment(job_variables={"state_machine_arn": arn})), attempt=2)

    on_step_functions(client).launch(run)

    (execution,) = client.list_executions(stateMachineArn=arn)["executions"]
    assert execution["name"] == f"{run.id}-2"


def test_an_execution_is_stopped(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))
    on_step_functions(client).launch(run)

    assert on_step_functions(client).stop(run) is True

    (execution,) = client.list_executions(stateMachineArn=arn)["executions"]
    assert execution["status"] == "ABORTED"


def test_an_execution_that_is_not_there_is_not_stopped_and_no_fault(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    assert on_step_functions(client).stop(run) is False


def test_an_express_execution_cannot_be_stopped(world, machine):
    client, arn = machine
    variables = {"state_machine_arn": arn, "state_machine_type": "EXPRESS"}
    run = launched(world, **file_deployment(job_variables=variables))

    assert on_step_functions(client).stop(run) is False


def test_a_standard_execution_is_asked_how_it_is(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))
    on_step_functions(client).launch(run)

    assert on_step_functions(client).news(run) == {"name": run.id, "status": "RUNNING"}

    on_step_functions(client).stop(run)
    told = on_step_functions(client).news(run)
    assert told is not None
    assert told["status"] == "ABORTED"


def test_an_execution_that_failed_tells_why(world, machine, monkeypatch):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))
    told = {"name": run.id, "status": "FAILED", "error": "NoSuchFile", "cause": "missing.csv", "input": "secret"}
    monkeypatch.setattr(client, "describe_execution", lambda **_: told)

    assert on_step_functions(client).news(run) == {
        "name": run.id,
        "status": "FAILED",
        "error": "NoSuchFile",
        "cause": "missing.csv",
    }


@pytest.mark.parametrize("qualifier", ["", ":7", ":live"])
def test_an_execution_is_found_whichever_version_or_alias_of_its_machine_started_it(
    world, machine, monkeypatch, qualifier
):
    client, arn = machine
    run = replace(launched(world, **file_deployment(job_variables={"state_machine_arn": arn + qualifier})), attempt=2)
    monkeypatch.setattr(
        client, "describe_execution", lambda **given: {"name": given["executionArn"], "status": "FAILED"}
    )

    told = on_step_functions(client).news(run)

    assert told is not None
    assert told["name"] == arn.replace(":stateMachine:", ":execution:") + f":{run.id}-2"


def test_nothing_is_known_of_an_execution_that_is_not_there(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    assert on_step_functions(client).news(run) is None


@pytest.mark.parametrize("code", ["AccessDeniedException", "KmsAccessDeniedException", "KmsInvalidStateException"])
def test_an_execution_that_may_not_be_asked_about_is_refused_for_good(world, machine, code):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    with failing(client, "DescribeExecution", refusal(code)), pytest.raises(Rejected, match=code):
        on_step_functions(client).news(run)


def test_an_execution_whose_key_may_not_be_used_still_tells_how_it_is(world, machine, monkeypatch):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    def describe(**given: Any) -> dict[str, str]:
        if given.get("includedData") != "METADATA_ONLY":
            raise refusal("KmsAccessDeniedException")
        return {"name": run.id, "status": "FAILED"}

    monkeypatch.setattr(client, "describe_execution", describe)

    assert on_step_functions(client).news(run) == {"name": run.id, "status": "FAILED"}


def test_a_question_in_a_time_of_need_is_asked_again(world, machine):
    client, arn = machine
    run = launched(world, **file_deployment(job_variables={"state_machine_arn": arn}))

    with failing(client, "DescribeExecution", refusal("ThrottlingException")), pytest.raises(Transient):
        on_step_functions(client).news(run)


def test_express_executions_and_invocations_are_not_asked_about(world, ids, machine, lambda_client):
    client, arn = machine
    run = launched(world)
    express = replace(
        run, target="step-functions", job_variables={"state_machine_arn": arn, "state_machine_type": "EXPRESS"}
    )

    assert on_step_functions(client).news(express) is None
    assert on_lambda(lambda_client, ids).news(run) is None
    assert DurableTarget(lambda_client).news(run) is None


def test_a_function_that_was_invoked_cannot_be_stopped(world, ids, lambda_client):
    assert on_lambda(lambda_client, ids).stop(launched(world)) is False


def test_a_durable_function_is_invoked_as_an_execution_named_by_the_run(world, lambda_client):
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:flows:live"
    world.config.create("work-pool", pool_id_of("steps"), {**POOL, "id": pool_id_of("steps")})
    run = launched(world, work_pool_name="steps", job_variables={"function_arn": arn})
    heard = Invocations(lambda_client)

    Launchers({"lambda-durable": lambda: DurableTarget(lambda_client)}).launch(run)

    (call,) = heard.calls
    assert (call["FunctionName"], call["DurableExecutionName"]) == (arn, run.id)


@pytest.mark.parametrize(
    "code",
    [
        "AccessDeniedException",
        "InvalidArn",
        "InvalidParameterValueException",
        "InvalidRequestContentException",
        "RequestTooLargeException",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
        "ValidationException",
    ],
)
def test_what_trying_again_does_not_help_is_a_refusal(world, ids, lambda_client, code):
    run = launched(world)

    with failing(lambda_client, "Invoke", refusal(code)), pytest.raises(Rejected, match=code):
        on_lambda(lambda_client, ids).launch(run)


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ServiceException", "ResourceNotReadyException"])
def test_what_passes_is_worth_another_try(world, ids, lambda_client, code):
    run = launched(world)

    with failing(lambda_client, "Invoke", refusal(code)), pytest.raises(Transient, match=code):
        on_lambda(lambda_client, ids).launch(run)


def test_a_service_that_cannot_be_reached_is_worth_another_try(world, ids, lambda_client):
    run = launched(world)

    with failing(lambda_client, "Invoke", unreachable()), pytest.raises(Transient, match="cannot be reached"):
        on_lambda(lambda_client, ids).launch(run)


def test_a_work_pool_that_is_not_there_is_a_refusal_that_names_those_that_are(world, machine):
    run = launched(world)

    with pytest.raises(Rejected, match=r"no work pool 'lambda'; there are step-functions"):
        on_step_functions(machine[0]).launch(run)


def test_a_run_without_its_target_is_refused(world, ids, lambda_client):
    made = world.deployment()
    action = run_of(made, parameters={}, job_variables={"function_arn": ""})
    world.automation(welcoming(made, actions=[action]))
    world.happens(ann_signs_up())

    with pytest.raises(Rejected, match="lack 'function_arn'"):
        on_lambda(lambda_client, ids).launch(world.launcher.launched[0])
