"""The story of the README with a real Kafka: each message of a topic becomes one event and one run, whatever dies."""

import os
import time
from collections import Counter

import pytest
from tests.e2e.stacks import Document, Stack, eventually, unique
from tests.kafka.cluster import Kafka

from whenflow.webhooks.presets import PRESETS

pytestmark = pytest.mark.stack

MESSAGES = int(os.environ.get("WHENFLOW_KAFKA_MESSAGES", "1000"))
SIGNED_UP = "customer.signed-up"
PATIENCE = 900


def signup_template(customers: str) -> str:
    """Return the template of the README."""
    return (
        f'{{"event": "{SIGNED_UP}", "resource": {{"prefect.resource.id": "{customers}.{{{{ body.userid }}}}"}},'
        ' "payload": {{ body | tojson }} }'
    )


# Kafka's own transform writes into each message where it lies; that tells deliveries apart, whatever they hold.
DELIVERY_ID = "{{ body._topic }}/{{ body._partition }}/{{ body._offset }}"


def connector(topic: str, url: str, **more: str) -> dict[str, str]:
    """Return the settings of the sink."""
    return {
        **more,
        "name": "signups-to-whenflow",
        "connector.class": "whenflow.kafka.HttpSink",
        "tasks.max": "3",
        "topics": topic,
        "http.api.url": url,
        "consumer.override.auto.offset.reset": "earliest",
        "transforms": "place",
        "transforms.place.type": "org.apache.kafka.connect.transforms.InsertField$Value",
        "transforms.place.topic.field": "_topic",
        "transforms.place.partition.field": "_partition",
        "transforms.place.offset.field": "_offset",
    }


def test_every_message_is_one_event_and_one_run_although_the_connector_is_killed_half_way(
    stack: Stack, kafka: Kafka, capsys: pytest.CaptureFixture[str]
) -> None:
    topic, customers = unique("signups"), unique("customer")
    webhook = stack.webhook(signup_template(customers), delivery_id=DELIVERY_ID)
    deployment = stack.deployment("new_user_flow")
    stack.automation(SIGNED_UP, f"{customers}.*", deployment["id"], {"name": "{{ event.payload.userid }}"})
    stack.settle()
    users = [f"u-{number}" for number in range(MESSAGES)]
    started = time.monotonic()

    kafka.produce(topic, ((user, {"userid": user}) for user in users))
    kafka.connect(connector(topic, webhook["url"]))
    eventually(lambda: kafka.posts().total() >= MESSAGES // 2 or None, "half of the messages", PATIENCE)
    kafka.kill_worker()
    kafka.connect(connector(topic, webhook["url"]))
    eventually(lambda: len(kafka.posts()) == MESSAGES or None, "all of the messages", PATIENCE)
    delivered = time.monotonic()
    runs = stack.ended_runs(deployment, MESSAGES, PATIENCE)
    ended = time.monotonic()

    kafka.kill_worker()
    posts = kafka.posts()
    events = [event for event in stack.events() if event["event"] == SIGNED_UP]
    about = Counter(event["resource"]["prefect.resource.id"] for event in events)
    assert about == Counter(f"{customers}.{user}" for user in users)
    assert Counter(run["parameters"]["name"] for run in runs) == Counter(users)
    assert {run["event_id"] for run in runs} == {event["id"] for event in events}
    assert {run["state_name"] for run in runs} == {"Completed"}
    assert len({_place(event) for event in events}) == MESSAGES
    assert any(count > 1 for count in posts.values()), "nothing was delivered twice: the kill proved nothing"
    assert stack.dead_letters() == {}
    with capsys.disabled():
        print(
            f"\nkafka: messages={MESSAGES} posts={posts.total()} events={len(events)} runs={len(runs)} "
            f"delivered_seconds={delivered - started:.0f} ended_seconds={ended - started:.0f}"
        )


def test_the_preset_takes_messages_from_a_sink_that_knows_the_secret(stack: Stack, kafka: Kafka) -> None:
    topic, preset = unique("orders"), PRESETS["kafka"]
    webhook = stack.webhook(preset.template, delivery_id=preset.delivery_id, auth=dict(preset.auth))
    stack.settle()
    numbers = range(30)

    kafka.produce(topic, ((f"k-{number}", {"number": number}) for number in numbers))
    kafka.connect(connector(topic, webhook["url"], headers=f"Authorization: Bearer {webhook['secret']}"))
    eventually(lambda: sum(1 for place in kafka.posts() if place[0] == topic) == len(numbers) or None, "all messages")
    kafka.kill_worker()

    events = [event for event in stack.events() if event["resource"].get("kafka.topic") == topic]
    assert sorted(event["payload"]["number"] for event in events) == list(numbers)
    assert {event["event"] for event in events} == {"kafka.record-received"}
    assert {event["resource"]["prefect.resource.id"] for event in events} <= {f"kafka://{topic}/{n}" for n in range(3)}


def _place(event: Document) -> tuple[str, int, int]:
    payload = event["payload"]
    return payload["_topic"], payload["_partition"], payload["_offset"]
