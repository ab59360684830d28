"""Actions on the whole stack: what they call, pause and stop, with the permissions that the template gives."""

import pytest
from pytest_httpserver import HTTPServer
from tests.e2e.stacks import Document, Stack, eventually, unique

from whenflow.deployments.pools import queue_id_of

pytestmark = pytest.mark.stack

SECRET = "Bearer canary-in-the-header"
EXECUTED = "prefect.automation.action.executed"


def on(event: str, resource: str, *actions: Document) -> Document:
    """An automation that does this."""
    trigger = {
        "type": "event",
        "posture": "Reactive",
        "expect": [event],
        "match": {"prefect.resource.id": resource},
    }
    return {"name": unique("automation"), "trigger": trigger, "actions": list(actions)}


def test_a_webhook_is_called_with_its_secret_and_the_answer_is_told(
    stack: Stack, httpserver: HTTPServer, machine: object
) -> None:
    httpserver.expect_request("/orders/7").respond_with_data("thanks", status=202)
    order = unique("order")
    data = {
        "url": httpserver.url_for("/orders/") + "{{ event.payload.number }}",
        "headers": {"Authorization": SECRET},
        "allow_private_urls": True,
    }
    target = stack.post("/notification-targets", {"name": unique("shop"), "type": "webhook", "data": data})
    payload = {"n": "{{ event.payload.number }}"}
    calling = {"type": "call-webhook", "block_document_id": target["id"], "payload": payload}
    automation = stack.post("/automations", on("order.placed", order, calling))
    stack.settle()
    try:
        stack.emit("order.placed", order, payload={"number": 7})

        told = stack.event(EXECUTED, f"prefect.automation.{automation['id']}")
        (request, _) = httpserver.log[0]
        assert request.headers["authorization"] == SECRET
        assert request.get_json() == {"n": "7"}
        assert (told["payload"]["status_code"], told["payload"]["response_body"]) == (202, "thanks")
        assert "canary" not in str(told) + str(stack.get(f"/notification-targets/{target['id']}"))
    finally:
        stack.call("DELETE", f"/automations/{automation['id']}")
        assert stack.call("DELETE", f"/notification-targets/{target['id']}").status_code == 204


def test_an_action_pauses_an_automation_and_a_work_queue(stack: Stack) -> None:
    order, queue = unique("order"), queue_id_of("step-functions")
    other = stack.post("/automations", on("nothing.happens", unique("none")))
    pausing = [
        {"type": "pause-automation", "source": "selected", "automation_id": other["id"]},
        {"type": "pause-work-queue", "source": "selected", "work_queue_id": queue},
    ]
    resuming = {"type": "resume-work-queue", "source": "selected", "work_queue_id": queue}
    made = [
        stack.post("/automations", on("order.placed", order, *pausing)),
        stack.post("/automations", on("order.paid", order, resuming)),
    ]
    stack.settle()
    try:
        stack.emit("order.placed", order)
        eventually(lambda: not stack.get(f"/automations/{other['id']}")["enabled"] or None, "the automation is off")
        assert stack.event("prefect.work-queue.paused", f"prefect.work-queue.{queue}")

        stack.emit("order.paid", order)
        assert stack.event("prefect.work-queue.ready", f"prefect.work-queue.{queue}")
    finally:
        for automation in (other, *made):
            stack.call("DELETE", f"/automations/{automation['id']}")


def test_a_circle_of_runs_is_stopped_and_told(stack: Stack) -> None:
    order, deployment = unique("order"), stack.deployment("new_user_flow")
    document = on("prefect.flow-run.Completed", "prefect.flow-run.*")
    document["trigger"]["match_related"] = {"prefect.resource.id": f"prefect.deployment.{deployment['id']}"}
    run = {
        "type": "run-deployment",
        "source": "selected",
        "deployment_id": deployment["id"],
        "parameters": {"name": "x"},
    }
    circle = stack.post("/automations", {**document, "actions": [run]})
    start = stack.post("/automations", on("order.placed", order, run))
    stack.settle()
    try:
        stack.emit("order.placed", order)

        stopped = stack.event("whenflow.automation.loop-stopped", f"prefect.automation.{circle['id']}")
        assert len(stopped["payload"]["firings"]) == 17
        assert stack.get(f"/automations/{circle['id']}")["enabled"] is False
        assert len(stack.ended_runs(deployment, 16)) == 16
    finally:
        for automation in (circle, start):
            stack.call("DELETE", f"/automations/{automation['id']}")


def test_dead_letters_can_be_looked_at(stack: Stack) -> None:
    queues = stack.get("/dead-letters")

    assert {one["name"] for one in queues} == {"action", "timer", "flow-failures", "tasks", "stream", "notification"}
    for one in queues:
        assert stack.get(f"/dead-letters/{one['name']}") == []
        outcome = stack.post(f"/dead-letters/{one['name']}/redrive", {})
        assert outcome == {"redriven": 0, "failed": []}
