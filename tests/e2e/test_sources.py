"""Sources on the whole stack: what a new one says holds within a second, and nothing is deployed for it."""

import json
from collections.abc import Iterator

import pytest
from tests.e2e.stacks import Document, Stack, unique

pytestmark = pytest.mark.stack


@pytest.fixture
def sources(stack: Stack) -> Iterator[list[Document]]:
    """The sources that a test makes; they go after it."""
    made: list[Document] = []
    yield made
    for source in made:
        stack.call("DELETE", f"/sources/{source['id']}")


def test_a_source_says_what_becomes_of_an_event_on_the_bus(stack: Stack, sources: list[Document]) -> None:
    order = unique("order")
    template = {"event": "order.placed", "resource": {"prefect.resource.id": "{{ detail.number }}"}}
    sources.append(
        stack.post("/sources", {"name": order, "pattern": {"detail": {"number": [order]}}, "template": template})
    )
    stack.settle()

    entry = {
        "EventBusName": stack.outputs["BusName"],
        "Source": "shop.orders",
        "DetailType": "Order Placed",
        "Detail": json.dumps({"number": order}),
    }
    assert stack.aws("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    event = stack.event("order.placed", order)
    assert event["payload"] == {"number": order}
    named = {one["prefect.resource.role"]: one.get("prefect.resource.name") for one in event["related"]}
    assert named["source"] == order
    assert "aws-event" in named


def test_a_source_says_what_becomes_of_an_object(stack: Stack, sources: list[Document]) -> None:
    folder, bucket = unique("incoming"), stack.outputs["IncomingBucketName"]
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": f"{folder}/"}]}}}
    template = {
        "event": "file.arrived",
        "resource": {"prefect.resource.id": "{{ key }}"},
        "payload": {"in": "{{ bucket }}"},
    }
    sources.append(stack.post("/sources", {"name": folder, "pattern": pattern, "template": template}))
    stack.settle()

    stack.upload(f"{folder}/new clients+ä.csv", b"userid\n")

    assert stack.event("file.arrived", f"{folder}/new clients+ä.csv")["payload"] == {"in": bucket}


def test_a_template_that_fails_is_told_of(stack: Stack, sources: list[Document]) -> None:
    number = unique("order")
    sources.append(
        stack.post(
            "/sources", {"name": number, "pattern": {"detail": {"number": [number]}}, "template": {"event": "x"}}
        )
    )
    stack.settle()

    entry = {
        "EventBusName": stack.outputs["BusName"],
        "Source": "shop.orders",
        "DetailType": "Order Placed",
        "Detail": json.dumps({"number": number}),
    }
    stack.aws("events").put_events(Entries=[entry])

    failed = stack.event("whenflow.source.failed", f"whenflow.source.{sources[0]['id']}")
    assert "resource: Field required" in failed["payload"]["reason"]
