"""`ANY /api/{proxy+}`: the API over real stores; its routes are tested in tests/api."""

import random

import pytest
from tests.calls import call, read
from tests.outages import failing, unreachable
from tests.stories import (
    NOBODY,
    file_deployment,
    order_document,
    run_of,
    signup_webhook,
    welcome_deployment,
    welcoming,
)

from whenflow.aws import wiring


def test_an_event_is_stored_and_shown(stack):
    assert stack.api("POST", "/events", order_document()).status == 204

    shown = stack.api("GET", f"/events/{order_document()['id']}").document
    assert (shown["event"], shown["payload"]) == ("order.placed", {"number": 7})
    assert stack.api("GET", "/events").document["events"] == [shown]


def test_a_key_is_asked_for(stack):
    answer = read(stack.invoke("api", call("GET", "/api/events")))

    assert answer.status == 401


def test_a_key_that_was_removed_does_not_open_any_more(stack):
    from whenflow.aws.keys import KIND, key_hash

    wiring.config().delete(KIND, key_hash(stack.key))

    assert stack.api("GET", "/events").status == 401


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/webhooks", signup_webhook()),
        ("/automations", welcoming({"id": NOBODY})),
        ("/deployments", welcome_deployment()),
        ("/deployments", file_deployment()),
    ],
)
def test_what_is_set_up_is_there_until_it_is_removed(stack, path, document):
    created = stack.api("POST", path, document)
    where = f"{path}/{created.document['id']}"

    assert created.status == 201
    assert [one["id"] for one in stack.api("POST", f"{path}/filter", {}).document] == [created.document["id"]]
    assert stack.api("GET", where).status == 200
    assert stack.api("DELETE", where).status == 204
    assert stack.api("GET", where).status == 404
    assert stack.api("POST", f"{path}/filter", {}).document == []


def test_runs_can_be_listed_when_there_are_none(stack):
    assert stack.api("POST", "/flow_runs/filter", {}).document == []


def test_a_table_that_cannot_be_reached_asks_for_another_try(stack):
    with failing(wiring.dynamodb(), "Query", unreachable()):
        answer = stack.api("GET", "/events")

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_an_event_that_fits_no_item_goes_the_whole_way(stack):
    import random

    noise = random.Random(7).randbytes(500_000).hex()
    parameters = {"name": "{{ event.payload.noise | length }}"}
    deployment = stack.deployment()
    stack.automation(
        welcoming(
            deployment,
            trigger={"type": "event", "posture": "Reactive", "expect": ["order.placed"]},
            actions=[run_of(deployment, parameters=parameters)],
        )
    )

    answer = stack.api("POST", "/events", [order_document(7, payload={"noise": noise})])
    stack.settle()

    assert answer.status == 204
    assert stack.run().parameters == {"name": 1_000_000}
    (shown,) = stack.api("POST", "/events/filter", {"filter": {"event": {"name": ["order.placed"]}}}).document["events"]
    assert shown["payload"] == {"noise": noise}


def test_a_deployment_with_many_large_triggers_is_deployed_again(stack):
    owner = f"prefect.deployment.{NOBODY}"
    large = [
        welcoming(stack.deployment(), name=f"n{number}", description=random.Random(number).randbytes(12_000).hex())
        for number in range(40)
    ]
    for one in large:
        assert stack.api("POST", "/automations", one | {"owner_resource": owner}).status == 201

    assert stack.api("DELETE", f"/automations/owned-by/{owner}").status < 300

    assert stack.api("POST", "/automations/count", {}).document == 0
