"""What cannot be done is refused in words: to the caller, as an event, as a state. Nothing is lost, nothing leaks."""

import httpx2
import pytest
from tests.e2e.stacks import Document, Stack, unique

pytestmark = pytest.mark.stack

MEBIBYTE = 1024 * 1024
NOBODY = "00000000-0000-4000-8000-00000000dead"
TEMPLATE = '{"event": "order.placed", "resource": {"prefect.resource.id": "order.{{ body.number }}"}}'
WEBHOOK_FAILED = "prefect-cloud.webhook.failed"
ACTION_FAILED = "prefect.automation.action.failed"


@pytest.fixture
def order() -> str:
    """An order's resource id."""
    return unique("order")


@pytest.mark.parametrize(
    ("template", "body", "reason"),
    [
        ("order {{ body.number }} was placed", b'{"number": 7}', "The template's result is not valid JSON"),
        ('{"event": "order.placed"}', b'{"number": 7}', "The template's result is not an event"),
        ("{{ body.number / 0 }}", b'{"number": 7}', "The template failed"),
        (TEMPLATE, b'{"number": ', "The body is not valid JSON"),
    ],
    ids=["result is no JSON", "result is no event", "template fails", "body is no JSON"],
)
def test_a_request_that_gives_no_event_is_refused_with_the_reason_and_told_in_the_feed(
    stack: Stack, template: str, body: bytes, reason: str
) -> None:
    webhook = stack.webhook(template)

    answer = stack.hook(webhook, body)

    assert answer.status_code == 400
    assert reason in answer.json()["detail"]
    says_nothing_of_the_inside(answer)
    failed = stack.event(WEBHOOK_FAILED, f"prefect-cloud.webhook.{webhook['id']}")
    assert failed["payload"]["reason"] == answer.json()["detail"]


def test_a_body_over_a_mebibyte_is_refused(stack: Stack) -> None:
    webhook = stack.webhook(TEMPLATE)

    answer = stack.hook(webhook, b'"' + b"x" * MEBIBYTE + b'"')

    assert answer.status_code == 413
    assert "1,048,576" in answer.json()["detail"]
    says_nothing_of_the_inside(answer)


def test_an_unknown_slug_is_not_found(stack: Stack) -> None:
    webhook = stack.webhook(TEMPLATE)

    answer = stack.hook({"url": webhook["url"] + "x"}, {"number": 7})

    assert answer.status_code == 404
    says_nothing_of_the_inside(answer)


def test_the_api_wants_a_key(stack: Stack) -> None:
    answer = stack.http.get(f"{stack.url}/events", headers={"authorization": "Bearer wfk_guessed"})

    assert answer.status_code == 401
    says_nothing_of_the_inside(answer)


def test_an_event_that_is_none_is_refused_with_the_field(stack: Stack) -> None:
    answer = stack.call("POST", "/events", {"event": "order.placed", "resource": {}})

    assert answer.status_code == 422
    assert ["body", "resource"] in [fault["loc"] for fault in answer.json()["exception_detail"]]
    says_nothing_of_the_inside(answer)


def test_a_body_that_is_no_json_is_refused(stack: Stack) -> None:
    answer = stack.call("POST", "/automations", b"{")

    assert answer.status_code == 422
    says_nothing_of_the_inside(answer)


def test_an_automation_whose_deployment_is_gone_says_so_in_the_feed(stack: Stack, order: str) -> None:
    automation = stack.automation("order.placed", order, NOBODY, {})
    stack.settle()

    stack.emit("order.placed", order)

    failed = stack.event(ACTION_FAILED, f"prefect.automation.{automation['id']}")
    assert "404" in failed["payload"]["reason"] and NOBODY in failed["payload"]["reason"]
    assert failed["payload"]["status_code"] == 404
    assert stack.waiting_in("ActionRetryQueue") == 0


def test_a_parameter_that_the_flow_does_not_take_fails_the_run_and_says_which(stack: Stack, order: str) -> None:
    deployment = stack.deployment("new_user_flow", parameters={"colour": "red"})

    run = run_for(stack, order, deployment)

    assert run["state_name"] == "Failed"
    assert "do not fit the flow" in run["state"]["message"] and "colour" in run["state"]["message"]
    told = stack.event("prefect.flow-run.Failed", f"prefect.flow-run.{run['id']}")
    assert told["resource"]["prefect.state-message"] == run["state"]["message"]


def test_a_flow_that_the_function_does_not_serve_crashes_the_run_and_names_those_it_serves(
    stack: Stack, order: str
) -> None:
    run = run_for(stack, order, stack.deployment(unique("flow")))

    assert run["state_name"] == "Crashed"
    assert "process-new-file" in run["state"]["message"]


def test_a_function_that_does_not_exist_fails_the_action_and_crashes_the_run(stack: Stack, order: str) -> None:
    arn = stack.outputs["FlowsFunctionArn"] + "-gone"
    deployment = stack.deployment("new_user_flow", job_variables={"function_arn": arn})

    run = run_for(stack, order, deployment)

    assert run["state_name"] == "Crashed"
    assert "lambda refused to start the flow run" in run["state"]["message"]
    failed = stack.event(ACTION_FAILED, flow_run_id=run["id"])
    assert failed["payload"]["reason"] == run["state"]["message"]
    stack.event("prefect.flow-run.Crashed", f"prefect.flow-run.{run['id']}")
    assert stack.waiting_in("ActionRetryQueue") == 0


def run_for(stack: Stack, order: str, deployment: Document) -> Document:
    """Place an order that a deployment runs for, and return the run when it has ended."""
    stack.automation("order.placed", order, deployment["id"], {"name": "Ann"})
    stack.settle()
    stack.emit("order.placed", order)
    (run,) = stack.ended_runs(deployment)
    return run


def says_nothing_of_the_inside(answer: httpx2.Response) -> None:
    for inside in ("Traceback", 'File "', "botocore", "site-packages", "arn:aws"):
        assert inside not in answer.text
