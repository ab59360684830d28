"""`prefect deployment …`, `prefect flow …`, `prefect flow-run …`, and what a program does with them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.e2e.stacks import Stack, eventually
from tests.prefect_client.conftest import Prefect

FLOW = "new_user_flow"
NOTHING_AT_ALL = "00000000-0000-4000-8000-00000000dead"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
USER = {"name": "Ann"}
PARAMETERS = {"type": "object", "properties": {name: {"type": "string"} for name in USER}}


@pytest.fixture
def deployment(stack: Stack) -> dict[str, Any]:
    """A deployment of the flow that welcomes new users."""
    return stack.deployment(FLOW, parameter_openapi_schema=PARAMETERS)


def full_name(deployment: dict[str, Any]) -> str:
    return f"{FLOW}/{deployment['name']}"


def run_of(prefect: Prefect, deployment: dict[str, Any], *options: str) -> str:
    """Run a deployment from the command line; return the flow run's id."""
    given = [f"--param={name}={json.dumps(value)}" for name, value in USER.items()]
    said = prefect("deployment", "run", full_name(deployment), *given, *options)
    return str(UUID.findall(said.output)[0])


def finished(stack: Stack, run_id: str) -> Callable[[], Any]:
    def look() -> Any:
        run = stack.get(f"/flow_runs/{run_id}")
        return run if run["state_type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

    return look


def test_deployment_ls(prefect: Prefect, deployment: dict[str, Any]) -> None:
    assert deployment["name"] in prefect("deployment", "ls").output
    assert deployment["name"] in prefect("deployment", "ls", "--flow-name", FLOW).output


def test_deployment_inspect_by_name(prefect: Prefect, deployment: dict[str, Any]) -> None:
    assert deployment["id"] in prefect("deployment", "inspect", full_name(deployment)).output
    assert "not found" in prefect("deployment", "inspect", f"{FLOW}/none", code=1).output


def test_deployment_run_starts_a_run_that_completes(prefect: Prefect, stack: Stack, deployment: dict[str, Any]) -> None:
    run_id = run_of(prefect, deployment, "--tag", "cli")

    run = eventually(finished(stack, run_id), "the end of the run")
    assert (run["state_type"], run["parameters"]) == ("COMPLETED", USER)
    assert "cli" in run["tags"]


def test_deployment_run_later_is_scheduled(prefect: Prefect, stack: Stack, deployment: dict[str, Any]) -> None:
    run_id = run_of(prefect, deployment, "--start-in", "in 5 minutes")

    assert stack.get(f"/flow_runs/{run_id}")["state_type"] == "SCHEDULED"
    assert "scheduled for cancellation" in prefect("flow-run", "cancel", run_id).output


def test_deployment_pause_resume_and_delete(prefect: Prefect, stack: Stack, deployment: dict[str, Any]) -> None:
    name = full_name(deployment)
    prefect("deployment", "schedule", "create", name, "--cron", "0 0 * * *")
    assert "0 0 * * *" in prefect("deployment", "schedule", "ls", name).output
    prefect("deployment", "delete", name)
    assert stack.call("GET", f"/deployments/{deployment['id']}").status_code == 404


def test_flow_ls(prefect: Prefect, deployment: dict[str, Any]) -> None:
    assert FLOW in prefect("flow", "ls").output


def test_flow_runs_are_listed_inspected_and_deleted(prefect: Prefect, stack: Stack, deployment: dict[str, Any]) -> None:
    run_id = run_of(prefect, deployment)
    run = eventually(finished(stack, run_id), "the end of the run")

    assert run_id in prefect("flow-run", "ls").output
    assert run_id in prefect("flow-run", "ls", "--state", "Completed", "--limit", "3").output
    assert run["name"] in prefect("flow-run", "inspect", run_id).output
    assert "already finished" in prefect("flow-run", "watch", run_id).output
    assert "already ended" in prefect("flow-run", "cancel", run_id, code=1).output
    prefect("flow-run", "delete", run_id)
    assert "not found" in prefect("flow-run", "inspect", run_id, code=1).output


def test_flow_run_logs(prefect: Prefect, stack: Stack, deployment: dict[str, Any]) -> None:
    run_id = run_of(prefect, deployment)
    eventually(finished(stack, run_id), "the end of the run")

    def lines_of() -> list[str]:
        return prefect("flow-run", "logs", run_id).output.splitlines()

    lines = eventually(lines_of, "the log")
    assert prefect("flow-run", "logs", run_id, "--head", "--num-logs", "1").output.splitlines() == lines[:1]


def test_deployment_run_can_be_watched_to_the_end(prefect: Prefect, deployment: dict[str, Any]) -> None:
    said = prefect("deployment", "run", full_name(deployment), "--param", 'name="Ann"', "--watch")

    assert "finished successfully" in said.output
    assert "Ann" in said.output  # what the flow logs


def test_a_flow_run_can_be_watched_from_outside(prefect: Prefect, stack: Stack, deployment: dict[str, Any]) -> None:
    at = {"scheduled_time": (datetime.now(UTC) + timedelta(seconds=40)).isoformat()}  # the command is slow to start
    body = {"parameters": USER, "state": {"type": "SCHEDULED", "state_details": at}}
    run = stack.post(f"/deployments/{deployment['id']}/create_flow_run", body)

    assert "finished successfully" in prefect("flow-run", "watch", run["id"]).output


def test_a_flow_run_that_is_not_there_is_not_found(prefect: Prefect) -> None:
    assert "not found" in prefect("flow-run", "inspect", NOTHING_AT_ALL, code=1).output


def test_run_deployment_of_a_program_waits_for_the_end(prefect: Prefect, deployment: dict[str, Any]) -> None:
    said = prefect.python(
        f"""
from prefect.deployments import run_deployment
run = run_deployment("{full_name(deployment)}", parameters={USER!r}, timeout=60, poll_interval=0.2, idempotency_key="k")
again = run_deployment("{full_name(deployment)}", parameters={USER!r}, timeout=0, idempotency_key="k")
print(run.state.type.value, run.id == again.id)
"""
    )

    assert said.output.strip().endswith("COMPLETED True")


def test_a_deployment_of_a_program_with_triggers_leaves_one_set_of_automations_each_as_it_was(
    prefect: Prefect, stack: Stack, name: str
) -> None:
    program = f"""
from prefect import flow
from prefect.events import DeploymentEventTrigger

@flow(name="{name}")
def hello(x: int = 1): ...

trigger = DeploymentEventTrigger(name="t", expect={{"a.b"}}, parameters={{"x": 2}})
deployment = hello.to_deployment("d", triggers=[trigger])
deployment.work_pool_name = "lambda"
deployment.job_variables = {{"function_arn": "{stack.outputs["FlowsFunctionArn"]}"}}
print(deployment.apply())
"""

    def deployed() -> tuple[str, Any]:
        id_ = UUID.findall(prefect.python(program).output)[-1]
        return id_, stack.get(f"/automations/related-to/prefect.deployment.{id_}")

    id_, (trigger,) = deployed()
    prefect("automation", "pause", "--id", trigger["id"])
    again, (same,) = deployed()

    assert again == id_
    assert (same["id"], same["trigger"]["id"]) == (trigger["id"], trigger["trigger"]["id"])
    assert same["owner_resource"] == f"prefect.deployment.{id_}"
    assert (trigger["enabled"], same["enabled"]) == (True, False)
    prefect("deployment", "delete", f"{name}/d")
    assert stack.get(f"/automations/related-to/prefect.deployment.{id_}") == []


def test_a_flow_on_the_users_own_machine_reports_to_the_stack(prefect: Prefect, stack: Stack, name: str) -> None:
    said = prefect.python(
        f"""
from prefect import flow, task

@task
def double(x): return 2 * x

@flow(name="{name}", log_prints=True)
def hello(x: int = 1):
    print("hello from here")
    return double(x)

state = hello(x=4, return_state=True)
print(state.result(), state.state_details.flow_run_id)
"""
    )

    run = stack.get(f"/flow_runs/{UUID.findall(said.output)[-1]}")
    assert (run["state_type"], run["parameters"]) == ("COMPLETED", {"x": 4})
    logs = {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "sort": "TIMESTAMP_ASC"}
    lines = eventually(lambda: [line["message"] for line in stack.post("/logs/filter", logs)], "the log")
    assert "hello from here" in lines


def test_a_flow_within_a_flow_is_a_task_run_that_shows_how_it_went(prefect: Prefect, stack: Stack, name: str) -> None:
    said = prefect.python(
        f"""
from prefect import flow, get_client
from prefect.client.schemas.filters import FlowRunFilter

@flow(name="{name}-child")
def child(x: int): return x

@flow(name="{name}")
def parent(): return child(2)

state = parent(return_state=True)
with get_client(sync_client=True) as client:
    (task_run,) = [one for one in client.read_task_runs() if one.flow_run_id == state.state_details.flow_run_id]
    (run,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_task_run_id={{"any_": [task_run.id]}}))
    print(client.read_task_run(task_run.id).state.type.value, run.id)
"""
    )

    state, child_id = said.output.strip().splitlines()[-1].split()
    assert state == "COMPLETED"
    assert stack.get(f"/flow_runs/{child_id}")["state_type"] == "COMPLETED"


def test_a_flow_waits_for_input_and_goes_on_with_it(prefect: Prefect, stack: Stack, name: str) -> None:
    said = prefect.python(
        f"""
import threading, time
from prefect import flow, pause_flow_run
from prefect.input import RunInput
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

class Person(RunInput):
    name: str

def answer(run_id):
    with get_client(sync_client=True) as client:
        while client.read_flow_run(run_id).state.type.value != "PAUSED":
            time.sleep(0.2)
        time.sleep(0.5)
        refused = client.resume_flow_run(run_id, run_input={{"nobody": 1}})
        print("first:", refused.status.value)
        print("then:", client.resume_flow_run(run_id, run_input={{"name": "Ann"}}).status.value)

@flow(name="{name}")
def hello():
    threading.Thread(target=answer, args=(flow_run.id,)).start()
    print("hello", pause_flow_run(wait_for_input=Person, poll_interval=1, timeout=60).name)

hello()
"""
    )

    assert "first: REJECT" in said.output
    assert "then: ACCEPT" in said.output
    assert "hello Ann" in said.output


def test_the_log_of_a_task_is_shown(prefect: Prefect, name: str) -> None:
    said = prefect.python(
        f"""
from prefect import flow, task, get_run_logger
from prefect.runtime import task_run

@task
def load():
    get_run_logger().info("loading it")
    return task_run.id

@flow(name="{name}")
def hello():
    get_run_logger().info("of the flow")
    return load()

print(hello())
"""
    )
    task_run_id = UUID.findall(said.output)[-1]

    lines = eventually(lambda: _said(prefect, task_run_id), "the log of the task")

    assert "loading it" in lines
    assert "of the flow" not in lines
    assert task_run_id in prefect("task-run", "inspect", task_run_id).output
    assert task_run_id in prefect("task-run", "ls").output


def _said(prefect: Prefect, task_run_id: str) -> str | None:
    output = prefect("task-run", "logs", task_run_id).output
    return output if "loading it" in output else None
