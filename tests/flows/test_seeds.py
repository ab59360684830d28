"""The code of the talks and articles that Whenflow comes from, with `whenflow` for `prefect`."""

import time

import pytest

from whenflow import flow, task
from whenflow.deployments import run_deployment
from whenflow.events import DeploymentEventTrigger, emit_event

# ---- "a new user signs up" ----


@task
def send_welcome_email(name: str = "will") -> None:
    print(f"Sending onboarding campaign to {name}!")


@task
def check_for_bounce(email_id: int = 12345) -> None:
    print(f"checking for bounce on email {email_id}")


@task
def update_marketing_tracker(email_id: int = 12345):
    print(f"updating marketing tracker for email {email_id}")


@flow
def new_user_flow(name: str) -> None:
    send_welcome_email(name)
    check_for_bounce()
    update_marketing_tracker()


# ---- "a file is uploaded" ----


@task
def load_file_to_warehouse(file_name: str):
    return f"Loaded {file_name} into warehouse"


@task
def cleanup(file_name: str):
    return f"Cleaned up {file_name}"


@flow
def process_new_file(file_name: str):
    loaded = load_file_to_warehouse(file_name)
    cleanup(file_name)
    # Emit a custom event noting successful processing
    emit_event(event="custom.file_processed", resource={"prefect.resource.id": f"file.{file_name}"})
    return loaded


# ---- "workflow patterns" ----


@flow
def fetch_cat_fact():
    return "cats purr"


@flow
def fetch_dog_fact():
    return "dogs bark"


@flow(log_prints=True)
def animal_facts():
    cat_fact = fetch_cat_fact()
    dog_fact = fetch_dog_fact()
    print(f"cat: {cat_fact} \ndog: {dog_fact}")


@flow
def run_deployment_from_flow():
    print("Running deployment from a flow")
    run_deployment(name="pipeline/my-first-managed-deployment", parameters={"lat": 1, "lon": 2}, timeout=0)


@flow(log_prints=True)
def downstream_flow(ticker: str = "AAPL") -> str:
    print(f"got {ticker}")
    return ticker


downstream_deployment_trigger = DeploymentEventTrigger(
    name="Upstream Flow - Pipeline",
    enabled=True,
    match_related={"prefect.resource.id": "prefect.flow.*"},
    expect={"prefect.flow-run.Completed"},
)


@task
def my_background_task(name: str):
    print(f"Hello, {name}!")
    time.sleep(0)


@pytest.mark.parametrize("where", ["alone", "connected"])
def test_flows_called_by_hand_do_what_they_did(request, where, capsys):
    if where == "connected":
        request.getfixturevalue("connected")

    new_user_flow(name="will")
    animal_facts()

    assert "Sending onboarding campaign to will!" in capsys.readouterr().out


def test_the_events_of_a_file_are_told(connected):
    assert process_new_file("clients.csv") == "Loaded clients.csv into warehouse"

    (event,) = connected.events.named("custom.file_processed")
    assert event.resource_id == "file.clients.csv"
    assert "prefect.flow-run.Completed" in connected.events.names()


def test_each_nested_flow_is_seen_as_its_own_run(connected):
    animal_facts()

    names = {run.flow_name: run.state.name for run in connected.runs.newest(10)}
    assert names == dict.fromkeys(["animal-facts", "fetch-cat-fact", "fetch-dog-fact"], "Completed")


def test_a_deployment_is_run_from_a_flow(connected):
    connected.deployment(flow_name="pipeline", name="my-first-managed-deployment")

    run_deployment_from_flow()

    (run,) = [one for one in connected.runs.newest(10) if one.flow_name == "pipeline"]
    assert run.parameters == {"lat": 1, "lon": 2}


def test_a_task_runs_alone_and_in_the_background(connected):
    my_background_task("Ann")
    my_background_task.delay("Agrajag")

    assert [one["parameters"] for one in connected.task_queue.sent] == [{"name": "Agrajag"}]
