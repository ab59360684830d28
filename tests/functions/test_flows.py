"""The example flows, as Lambda runs them."""

import json

import pytest
from tests.stories import ANN, NOBODY, ann_signs_up, file_deployment, run_of, welcoming

from whenflow.aws import wiring
from whenflow.aws.settings import settings
from whenflow.errors import NotFound, Rejected
from whenflow.flows import flow, run_deployment, serve_lambda, task


@pytest.fixture
def welcome(stack):
    """Ann's run, launched, and what its function is invoked with."""
    slug = stack.welcomes_new_users()
    stack.hook(slug, ANN)
    stack.invoke("matcher", stack.new_records("EventsTable"))
    stack.invoke("action", stack.new_records("FiringsTable"))
    return stack.invocations.payloads[0]


def lines(stack) -> list[str]:
    return [line.message for line in wiring.runs().logs(stack.run().id)]


def test_a_new_user_is_welcomed(stack, welcome):
    assert stack.invoke("flows", welcome) == {"flow_run_id": stack.run().id, "state": "Completed"}

    assert lines(stack) == [
        "Sending onboarding campaign to Ann!",
        "checking for bounce on email 12345",
        "updating marketing tracker for email 12345",
    ]


def test_the_same_launch_delivered_twice_runs_once(stack, welcome):
    stack.invoke("flows", welcome)

    assert "skipped" in stack.invoke("flows", welcome)
    assert len(lines(stack)) == 3


def test_a_second_launch_of_a_run_that_is_worked_on_is_skipped(stack, welcome):
    wiring.ledger().start(welcome["flow_run_id"], welcome["launch"])

    answer = stack.invoke("flows", welcome | {"launch": "another"})

    assert "another launch" in answer["skipped"]


@pytest.fixture
def process(stack):
    """The run of a new file, as its state machine knows it."""
    deployment = stack.deployment(**file_deployment(work_pool_name="lambda", job_variables={"function_arn": "f"}))
    stack.automation(welcoming(deployment, actions=[run_of(deployment, parameters={"file_name": "clients.csv"})]))
    stack.api("POST", "/events", ann_signs_up().as_document())
    stack.invoke("matcher", stack.new_records("EventsTable"))
    stack.invoke("action", stack.new_records("FiringsTable"))
    return stack.run()


def test_a_new_file_is_processed_and_announced(stack, process):
    stack.invoke("flows", stack.invocations.payloads[0])

    (event,) = (event for event in stack.events() if event.event == "custom.file_processed")
    assert event.resource_id == "file.clients.csv"
    assert event.related[0]["prefect.resource.id"] == f"prefect.flow-run.{process.id}"
    assert lines(stack) == ["Loaded clients.csv into warehouse", "Cleaned up clients.csv"]


@pytest.mark.parametrize(
    ("task", "result"),
    [
        ("load_file_to_warehouse", "Loaded clients.csv into warehouse"),
        ("cleanup", "Cleaned up clients.csv"),
        ("announce_file_processed", None),
    ],
)
def test_each_step_of_the_state_machine_is_served(stack, process, task, result):
    event = {"flow_run_id": process.id, "task": task, "arguments": {"file_name": "clients.csv"}}

    assert stack.invoke("flows", event) == result
    assert stack.run().state.name == "Pending"


SMALL, LARGE = {"file_name": "clients.csv"}, {"file_name": "clients.csv", "notes": "n" * 300_000}


@pytest.mark.parametrize("parameters", [SMALL, LARGE], ids=["in the input", "named in the input"])
def test_the_state_machine_gets_to_its_end_however_large_its_parameters_are(stack, machine, parameters):
    deployment = stack.deployment(**file_deployment(work_pool_name="lambda", job_variables={"function_arn": "f"}))
    made = stack.api("POST", f"/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters}).document
    given = {"parameters": parameters} if parameters is SMALL else {"parameters_ref": made["id"]}

    execution = machine.execute({"flow_run_id": made["id"], **given})

    assert json.loads(execution["output"]) == {
        "loaded": {"result": "Loaded clients.csv into warehouse"},
        "cleaned_up": {"result": "Cleaned up clients.csv"},
        "announced": {"result": None},
    }
    (event,) = (event for event in stack.events() if event.event == "custom.file_processed")
    assert event.resource_id == "file.clients.csv"


def test_what_a_task_raises_is_how_the_execution_of_the_state_machine_fails(stack, machine, process):
    execution = machine.execute({"flow_run_id": process.id, "parameters": {"name": "clients.csv"}})

    assert (execution["status"], execution["error"]) == ("FAILED", "TypeError")
    assert "file_name" in execution["cause"]


def test_an_invocation_that_names_no_run_is_refused(stack):
    with pytest.raises(Rejected, match="This function runs flows"):
        stack.invoke("flows", {"hello": "world"})


def test_a_run_that_is_not_there_is_not_found(stack):
    with pytest.raises(NotFound):
        stack.invoke("flows", {"flow_run_id": NOBODY, "launch": "l"})


def test_an_event_emitted_by_a_function_of_the_stack_goes_to_its_tables(stack):
    from whenflow import emit_event

    told = emit_event("order.placed", {"prefect.resource.id": "order.7"})

    assert stack.events() == [told]


# ---- what flows can do in the stack ----


@task
def leaf(number: int) -> int:
    """Return a number."""
    return number


@flow
def inner(number: int) -> int:
    """Call a task."""
    return leaf(number)


@flow
def outer() -> None:
    """Call a flow, run a deployment, and leave a task to the worker."""
    assert inner(7) == 7
    run_deployment("new-user-flow/welcome", parameters={"name": "Bob"}, timeout=0)
    leaf.delay(8)


def test_a_flow_in_the_stack_nests_flows_runs_deployments_and_delays_tasks(stack, monkeypatch):
    queue = wiring.client("sqs").create_queue(QueueName="TaskQueue")["QueueUrl"]
    monkeypatch.setenv("WHENFLOW_TASK_QUEUE_URL", queue)
    settings.cache_clear()
    wiring.task_queue.cache_clear()
    stack.deployment()
    deployment = stack.deployment(name="outer", flow_name="outer")
    run = stack.api("POST", f"/deployments/{deployment['id']}/create_flow_run", {}).document
    handler = serve_lambda(outer, tasks=[leaf])

    assert handler({"flow_run_id": run["id"], "launch": "l-1"}, None)["state"] == "Completed"
    (message,) = wiring.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    record = {"messageId": message["MessageId"], "body": message["Body"]}
    assert handler({"Records": [record]}, None) == {"batchItemFailures": []}

    rows = stack.api("POST", "/task_runs/filter", {"task_runs": {"flow_run_id": {"any_": [run["id"]]}}}).document
    assert sorted((row["name"], row["state_name"]) for row in rows) == [
        ("inner", "Completed"),
        ("leaf", "Completed"),
        ("new-user-flow/welcome", "Scheduled"),
    ]
    runs = stack.api("POST", "/flow_runs/filter", {}).document
    assert sorted((one["flow_name"], one["state_name"]) for one in runs) == [
        ("inner", "Completed"),
        ("new-user-flow", "Scheduled"),
        ("outer", "Completed"),
    ]
    (child,) = [one for one in runs if one["flow_name"] == "inner"]
    assert stack.api("GET", f"/task_runs/{child['parent_task_run_id']}").document["name"] == "inner"
    settings.cache_clear()
    wiring.task_queue.cache_clear()
