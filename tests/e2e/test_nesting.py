"""Flows that run in the stack, and start others: nested, as deployments, and tasks in the background.

Their function has the role that the template gives to FlowsFunction; the local stack lets it do that and no more.
"""

from collections.abc import Iterator

import pytest
from tests.e2e.functions import function_of_ones_own
from tests.e2e.stacks import Document, Stack, eventually, unique

pytestmark = pytest.mark.stack

CODE = """
from whenflow import flow, run_deployment, serve_lambda, task

@task
def look_up(name: str) -> str:
    return name.title()

@task
def send_welcome_email(name: str) -> None:
    "The task of functions/flows, whose workers read the stack's queue of tasks."

@flow(log_prints=True)
def greets(name: str) -> str:
    return "Hello, " + look_up(name)

@flow(log_prints=True)
def onboards(names: list[str], deployment: str) -> None:
    for name in names:
        print(greets(name))
    name = {"__prefect_kind": "workspace_variable", "variable_name": names[0]}
    run = run_deployment(deployment, parameters={"name": name}, poll_interval=1)
    print("The other one is " + run.state.name)
    print(send_welcome_email.delay(names[0]).id)

@flow
def waits(deployment: str) -> None:
    run_deployment(deployment, parameters={}, poll_interval=1)

@flow
def lingers() -> None:
    import time
    for _ in range(600):
        time.sleep(0.1)
        look_up("ann")

handler = serve_lambda(onboards, waits, lingers)
"""


@pytest.fixture(scope="module")
def function(lasting: Stack, ground: object) -> Iterator[str]:
    """The function of these flows."""
    if getattr(ground, "machine", None) is None:
        pytest.skip("deploys a function of its own, so it is for the local stack only")
    with function_of_ones_own(lasting, "Nesting", CODE, 120) as arn:
        yield arn


def deployed(stack: Stack, function: str, flow: str, **more: object) -> Document:
    """Make a deployment of a flow of the function."""
    target = {"work_pool_name": "lambda", "job_variables": {"function_arn": function}}
    return stack._make("/deployments", {"name": unique("nesting"), "flow_name": flow, **target, **more})


def started(stack: Stack, deployment: Document, /, **parameters: object) -> Document:
    """Start a run of a deployment."""
    made: Document = stack.post(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
    return made


def task_runs_of(stack: Stack, run_id: str) -> list[Document]:
    """Return the task runs of a run."""
    found: list[Document] = stack.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
    return found


def test_a_flow_in_lambda_nests_flows_runs_a_deployment_and_leaves_a_task_to_a_worker(
    stack: Stack, function: str
) -> None:
    person = unique("ann").replace("-", "_")
    stack.post("/variables", {"name": person, "value": "Ann of the variables"})
    other = stack.deployment("new_user_flow", concurrency_limit=1)
    onboarding = deployed(stack, function, "onboards")

    made = started(stack, onboarding, names=[person, "bob"], deployment=f"new-user-flow/{other['name']}")
    (run,) = stack.ended_runs(onboarding)

    assert (run["id"], run["state_name"]) == (made["id"], "Completed"), run["state"]["message"]
    *greetings, told, task_run_id = stack.said(run)
    assert greetings == [f"Hello, {person.title()}", "Hello, Bob"]
    assert told == "The other one is Completed"
    stands_for = {row["id"]: (row["name"], row["state_name"]) for row in task_runs_of(stack, run["id"])}
    nested = [one for one in stack.post("/flow_runs/filter", {"limit": 50}) if one["parent_task_run_id"] in stands_for]
    assert sorted((one["flow_name"], one["state_name"]) for one in nested) == [
        ("greets", "Completed"),
        ("greets", "Completed"),
        (other["flow_name"], "Completed"),
    ]
    (by_deployment,) = [one for one in nested if one["deployment_id"] == other["id"]]
    assert by_deployment["parameters"] == {"name": "Ann of the variables"}
    assert stack.said(by_deployment)[0] == "Sending onboarding campaign to Ann of the variables!"
    worked_on = eventually(lambda: ended(stack, task_run_id), "a task that has been worked on in the background")
    assert (worked_on["state_name"], worked_on["run_count"]) == ("Completed", 1)
    assert stack.waiting_in("TaskDeadLetters") == 0


def test_a_flow_that_is_cancelled_takes_the_run_with_it_that_it_waits_for(stack: Stack, function: str) -> None:
    lingering, waiting = deployed(stack, function, "lingers"), deployed(stack, function, "waits")
    run = started(stack, waiting, deployment=lingering["id"])

    def is_running() -> Document | None:
        return next((one for one in stack.runs(lingering, among=20) if one["state_name"] == "Running"), None)

    eventually(is_running, "the run that the other waits for")
    stack.post(f"/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})

    (child,) = stack.ended_runs(lingering)
    (parent,) = stack.ended_runs(waiting)
    assert (parent["state_name"], child["state_name"]) == ("Cancelled", "Cancelled")


def test_the_state_machine_of_the_stack_takes_parameters_that_do_not_fit_its_input(stack: Stack) -> None:
    process = stack.deployment("process_new_file", machine=True)
    name = unique("large")

    started(stack, process, file_name=name, notes="n" * 300_000)

    (run,) = stack.ended_runs(process)
    assert (run["state_name"], len(run["parameters"]["notes"])) == ("Completed", 300_000)
    assert stack.event("custom.file_processed", f"file.{name}")


def ended(stack: Stack, task_run_id: str) -> Document | None:
    """Return a task run once it has ended."""
    answer = stack.call("GET", f"/task_runs/{task_run_id}")
    row: Document = answer.json()
    return row if answer.is_success and row["state_type"] in {"COMPLETED", "FAILED", "CRASHED"} else None
