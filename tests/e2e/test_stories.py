"""The stories of the README, on the whole stack, with the permissions that the template gives and no others."""

import json

import pytest
from tests.e2e.stacks import Document, Stack, unique

pytestmark = pytest.mark.stack

CSV = b"userid,name\nu-1,Ann\n"
LIFE = ["Scheduled", "Pending", "Running", "Completed"]


def test_a_message_posted_to_a_webhook_runs_a_flow_that_gets_its_parameter_from_it(stack: Stack) -> None:
    customers = unique("customer")
    webhook = stack.webhook(signup_template(customers))
    deployment = stack.deployment("new_user_flow")
    automation = stack.automation(
        "customer.signed-up", f"{customers}.*", deployment["id"], {"name": "{{ event.payload.userid }}"}
    )
    stack.settle()

    assert stack.hook(webhook, {"userid": "u-1", "name": "Ann"}).status_code == 204

    (run,) = stack.ended_runs(deployment)
    event = stack.get(f"/events/{run['event_id']}")
    assert event["event"] == "customer.signed-up"
    assert event["resource"]["prefect.resource.id"] == f"{customers}.u-1"
    assert stack.get(f"/firings/{run['firing_id']}")["automation_id"] == automation["id"]
    assert run["created_by"]["id"] == automation["id"]
    assert run["parameters"] == {"name": "u-1"}
    assert stack.states(run) == LIFE
    assert stack.said(run)[0] == "Sending onboarding campaign to u-1!"


@pytest.mark.parametrize("machine_runs_it", [False, True], ids=["lambda", "step-functions"])
def test_a_file_put_into_the_bucket_runs_a_flow_whose_own_event_runs_another(
    stack: Stack, machine_runs_it: bool
) -> None:
    folder = unique("incoming")
    key, bucket = f"{folder}/clients.csv", stack.outputs["IncomingBucketName"]
    process = stack.deployment("process_new_file", machine=machine_runs_it)
    welcome = stack.deployment("new_user_flow")
    parameters = {"file_name": "{{ event.payload.key }}"}
    stack.automation("aws.s3.object-created", f"s3://{bucket}/{folder}/*", process["id"], parameters)
    stack.automation("custom.file_processed", f"file.{folder}/*", welcome["id"], {"name": "{{ event.resource.id }}"})
    stack.settle()

    stack.upload(key, CSV)

    (followed,) = stack.ended_runs(welcome)
    (processed,) = stack.ended_runs(process)
    uploaded, told = (stack.get(f"/events/{run['event_id']}") for run in (processed, followed))
    assert uploaded["resource"]["prefect.resource.id"] == f"s3://{bucket}/{key}"
    assert processed["parameters"] == {"file_name": key}
    assert stack.states(processed) == LIFE
    assert f"prefect.flow-run.{processed['id']}" in related(told)
    assert followed["parameters"] == {"name": f"file.{key}"}
    assert stack.states(followed) == LIFE


def test_a_flow_that_completes_starts_another_and_that_one_no_more(stack: Stack) -> None:
    first, second = stack.deployment("new_user_flow"), stack.deployment("new_user_flow")
    order = unique("order")
    stack.automation("order.placed", order, first["id"], {"name": "{{ event.resource.id }}"})
    stack.automation(
        "prefect.flow-run.Completed",
        "prefect.flow-run.*",
        second["id"],
        {"name": "after {{ event.resource.name }}"},
        match_related={"prefect.resource.id": f"prefect.deployment.{first['id']}"},
    )
    stack.settle()

    stack.emit("order.placed", order)

    (follow_up,) = stack.ended_runs(second)
    (cause,) = stack.ended_runs(first)
    completed = stack.get(f"/events/{follow_up['event_id']}")
    assert completed["event"] == "prefect.flow-run.Completed"
    assert completed["resource"]["prefect.resource.id"] == f"prefect.flow-run.{cause['id']}"
    assert follow_up["parameters"] == {"name": f"after {cause['name']}"}
    stack.emit("order.placed", order)  # what it starts comes after all that the first one started
    assert len(stack.ended_runs(second, 2)) == len(stack.runs(first, among=20)) == 2


def test_an_event_put_on_the_stacks_own_bus_runs_a_flow(stack: Stack) -> None:
    deployment, number = stack.deployment("new_user_flow"), unique("order")
    stack.automation("*", {"prefect.resource.id": f"*{number}*"}, deployment["id"], {"name": "Bus"})
    stack.settle()

    entry = {
        "EventBusName": stack.outputs["BusName"],
        "Source": "shop.orders",
        "DetailType": "Order Placed",
        "Resources": [f"arn:aws:shop:::order/{number}"],
        "Detail": json.dumps({"number": number}),
    }
    assert stack.aws("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    (run,) = stack.ended_runs(deployment)
    assert run["state_name"] == "Completed"
    assert number in json.dumps(stack.get(f"/events/{run['event_id']}"))


def signup_template(customers: str) -> str:
    """Return the template that makes an event of a message of the signup topic."""
    return (
        f'{{"event": "customer.signed-up", "resource": {{"prefect.resource.id": "{customers}.{{{{ body.userid }}}}"}},'
        ' "payload": {{ body | tojson }} }'
    )


def related(event: Document) -> set[str]:
    """Return the ids of the resources that an event relates to."""
    return {labels["prefect.resource.id"] for labels in event["related"]}
