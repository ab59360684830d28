"""AWS delivers at least once. Whatever comes again is done once."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from tests.e2e.stacks import FINAL, Document, Stack, all_at_once, eventually, unique

pytestmark = pytest.mark.stack

TIMES = 5
AMONG = 40  # newest runs to look at; the tests here make fewer


@pytest.fixture(scope="module")
def shop() -> str:
    """What the ids of all orders here begin with."""
    return unique("shop")


@pytest.fixture(scope="module")
def deployment(lasting: Stack, shop: str) -> Document:
    """A deployment that runs for every event on these orders, and whose parameter tells for which."""
    made = lasting.deployment("new_user_flow")
    lasting.automation("order.*", f"{shop}.*", made["id"], {"name": "{{ event.resource.id }} {{ event.name }}"})
    lasting.settle()
    return made


@pytest.fixture
def order(shop: str) -> str:
    """An order's resource id."""
    return f"{shop}.{unique('order')}"


def test_an_event_posted_five_times_runs_once(stack: Stack, order: str, deployment: Document) -> None:
    placed = {"id": str(uuid4()), "occurred": datetime.now(UTC).isoformat()}
    stack.emit("order.placed", order, **placed)
    run = run_of(stack, deployment, order, "order.placed")
    all_at_once([lambda: stack.emit("order.placed", order, **placed)] * (TIMES - 1))

    assert all_runs(stack, deployment, order) == ["order.placed"]
    assert stack.states(run).count("Running") == 1


def test_an_event_posted_five_times_at_once_runs_once(stack: Stack, order: str, deployment: Document) -> None:
    placed = {"id": str(uuid4()), "occurred": datetime.now(UTC).isoformat()}

    all_at_once([lambda: stack.emit("order.placed", order, **placed)] * TIMES)

    assert all_runs(stack, deployment, order) == ["order.placed"]


def test_an_event_that_the_stream_delivers_five_times_more_runs_once(
    stack: Stack, order: str, deployment: Document
) -> None:
    event_id = stack.emit("order.placed", order)
    run = run_of(stack, deployment, order, "order.placed")
    item = find_item(stack, "EventsTableName", "key", event_id)

    answers = [invoke(stack, "MatcherFunction", stream_of(item)) for _ in range(TIMES)]

    assert answers == [{"batchItemFailures": []}] * TIMES
    assert all_runs(stack, deployment, order) == ["order.placed"]
    assert stack.get(f"/flow_runs/{run['id']}") == run


def test_a_firing_that_the_stream_delivers_five_times_more_runs_once(
    stack: Stack, order: str, deployment: Document
) -> None:
    stack.emit("order.placed", order)
    run = run_of(stack, deployment, order, "order.placed")
    item = find_item(stack, "FiringsTableName", "id", run["firing_id"])

    answers = all_at_once([lambda: invoke(stack, "ActionFunction", stream_of(item))] * TIMES)

    assert answers == [{"batchItemFailures": []}] * TIMES
    assert all_runs(stack, deployment, order) == ["order.placed"]
    assert stack.get(f"/flow_runs/{run['id']}") == run


def test_a_launch_that_lambda_delivers_again_does_not_run_a_finished_flow_twice(
    stack: Stack, order: str, deployment: Document
) -> None:
    stack.emit("order.placed", order)
    run = run_of(stack, deployment, order, "order.placed")

    answer = invoke(stack, "FlowsFunction", {"flow_run_id": run["id"], "launch": "another"})

    assert "already ended" in answer["skipped"]
    assert stack.get(f"/flow_runs/{run['id']}") == run


def run_of(stack: Stack, deployment: Document, order: str, event: str) -> Document:
    """Wait until the run for an event on an order has ended, and return it."""

    def look() -> Document | None:
        runs = stack.runs(deployment, among=AMONG)
        wanted = (run for run in runs if run["parameters"]["name"] == f"{order} {event}")
        return next((run for run in wanted if run["state_type"] in FINAL), None)

    return eventually(look, f"the run for {event} on {order}")


def all_runs(stack: Stack, deployment: Document, order: str) -> list[str]:
    """Return which events on the order ran the flow. One more is waited for first: it comes after all others."""
    stack.emit("order.archived", order)
    run_of(stack, deployment, order, "order.archived")
    names = [run["parameters"]["name"].split() for run in stack.runs(deployment, among=AMONG)]
    return sorted(event for about, event in names if about == order and event != "order.archived")


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
    keys = {name: image[name] for name in ("bucket", "key", "id") if name in image}
    change = {"Keys": keys, "NewImage": image, "SequenceNumber": "1", "StreamViewType": "NEW_IMAGE"}
    return {"Records": [{"eventSource": "aws:dynamodb", "eventName": "INSERT", "eventID": "1", "dynamodb": change}]}


def invoke(stack: Stack, function: str, event: Document) -> Any:
    """Invoke a function and return its answer."""
    answer = stack.aws("lambda").invoke(FunctionName=stack.physical_id(function), Payload=json.dumps(event).encode())
    text = answer["Payload"].read()
    assert "FunctionError" not in answer, text
    return json.loads(text)


def _json(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
