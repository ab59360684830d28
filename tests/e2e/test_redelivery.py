"""AWS delivers at least once. Whatever comes again is done once."""

import base64
import json
from typing import Any

import pytest
from tests.e2e.stacks import Document, Stack, all_at_once, unique

pytestmark = pytest.mark.stack

TIMES = 5


@pytest.fixture
def order() -> str:
    """An order's resource id."""
    return unique("order")


@pytest.fixture
def deployment(stack: Stack, order: str) -> Document:
    """A deployment that runs for every event on the order."""
    made = stack.deployment("new_user_flow")
    stack.automation("order.*", order, made["id"], {"name": "{{ event.name }}"})
    stack.settle()
    return made


def test_an_event_posted_five_times_runs_once(stack: Stack, order: str, deployment: Document) -> None:
    placed = {"id": "", "occurred": "2026-11-20T12:00:00Z"}
    placed["id"] = stack.emit("order.placed", order)
    (run,) = stack.ended_runs(deployment)
    all_at_once([lambda: stack.emit("order.placed", order, **placed)] * (TIMES - 1))

    assert all_runs(stack, order, deployment) == ["order.placed"]
    assert stack.states(run).count("Running") == 1


def test_an_event_posted_five_times_at_once_runs_once(stack: Stack, order: str, deployment: Document) -> None:
    placed = {"id": "0e2efd13-8e5d-4a3c-9f10-" + order[-8:].rjust(12, "0"), "occurred": "2026-11-20T12:00:00Z"}

    all_at_once([lambda: stack.emit("order.placed", order, **placed)] * TIMES)

    assert all_runs(stack, order, deployment) == ["order.placed"]


def test_an_event_that_the_stream_delivers_five_times_more_runs_once(
    stack: Stack, order: str, deployment: Document
) -> None:
    event_id = stack.emit("order.placed", order)
    (run,) = stack.ended_runs(deployment)
    item = find_item(stack, "EventsTableName", "key", event_id)

    answers = [invoke(stack, "MatcherFunction", stream_of(item)) for _ in range(TIMES)]

    assert answers == [{"batchItemFailures": []}] * TIMES
    assert all_runs(stack, order, deployment) == ["order.placed"]
    assert stack.get(f"/flow_runs/{run['id']}") == run


def test_a_firing_that_the_stream_delivers_five_times_more_runs_once(
    stack: Stack, order: str, deployment: Document
) -> None:
    stack.emit("order.placed", order)
    (run,) = stack.ended_runs(deployment)
    item = find_item(stack, "FiringsTableName", "id", run["firing_id"])

    answers = all_at_once([lambda: invoke(stack, "ActionFunction", stream_of(item))] * TIMES)

    assert answers == [{"batchItemFailures": []}] * TIMES
    assert all_runs(stack, order, deployment) == ["order.placed"]
    assert stack.get(f"/flow_runs/{run['id']}") == run


def test_a_launch_that_lambda_delivers_again_does_not_run_a_finished_flow_twice(
    stack: Stack, order: str, deployment: Document
) -> None:
    stack.emit("order.placed", order)
    (run,) = stack.ended_runs(deployment)

    answer = invoke(stack, "FlowsFunction", {"flow_run_id": run["id"], "launch": "another"})

    assert "already ended" in answer["skipped"]
    assert stack.get(f"/flow_runs/{run['id']}") == run


def all_runs(stack: Stack, order: str, deployment: Document) -> list[str]:
    """Return which events ran the flow so far. One more event on the order is waited for: it comes after all others."""
    stack.emit("order.archived", order)
    done = stack.ended_runs(deployment, 2)
    names = sorted(run["parameters"]["name"] for run in done)
    names.remove("order.archived")
    return names


def find_item(stack: Stack, table: str, attribute: str, id_: str) -> Document:
    """Return the item of a table whose key ends with an id."""
    pages = (
        stack.aws("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stack.outputs[table],
            FilterExpression="contains(#a, :id)",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues={":id": {"S": id_}},
        )
    )
    (item,) = (item for page in pages for item in page["Items"])
    return dict(item)


def stream_of(item: Document) -> Document:
    """Return what a stream hands to a function when this item was inserted."""
    image = {name: {kind: _json(value) for kind, value in typed.items()} for name, typed in item.items()}
    change = {"NewImage": image, "SequenceNumber": "1", "StreamViewType": "NEW_IMAGE"}
    return {"Records": [{"eventSource": "aws:dynamodb", "eventName": "INSERT", "eventID": "1", "dynamodb": change}]}


def invoke(stack: Stack, function: str, event: Document) -> Any:
    """Invoke a function and return its answer."""
    answer = stack.aws("lambda").invoke(FunctionName=stack.physical_id(function), Payload=json.dumps(event).encode())
    text = answer["Payload"].read()
    assert "FunctionError" not in answer, text
    return json.loads(text)


def _json(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
