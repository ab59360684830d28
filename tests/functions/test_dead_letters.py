"""Dead letters: looked at through the API, and put back to where they belong."""

import json
from typing import Any

import pytest
from tests.functions.stack import Stack, later
from tests.stories import ANN, NOBODY, clients_csv_notification

from whenflow.aws import wiring
from whenflow.aws.settings import settings

NAMES = {
    "action": "ACTION_DEAD_LETTERS_URL",
    "timer": "TIMER_DEAD_LETTERS_URL",
    "flow-failures": "FLOW_FAILURES_DEAD_LETTERS_URL",
    "tasks": "TASK_DEAD_LETTERS_URL",
    "stream": "STREAM_DEAD_LETTERS_URL",
    "notification": "NOTIFICATION_DEAD_LETTERS_URL",
}


@pytest.fixture
def urls(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The queues of dead letters, and that of failed flows."""
    sqs = wiring.client("sqs")
    made = {name: sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"] for name in NAMES}
    for name, variable in NAMES.items():
        monkeypatch.setenv(f"WHENFLOW_{variable}", made[name])
    failures = sqs.create_queue(QueueName="FlowFailuresQueue")["QueueUrl"]
    monkeypatch.setenv("WHENFLOW_FLOW_FAILURES_QUEUE_URL", failures)
    monkeypatch.setenv("WHENFLOW_TASK_QUEUE_URL", sqs.create_queue(QueueName="TaskQueue")["QueueUrl"])
    settings.cache_clear()
    for cached in (wiring.services, wiring.api, wiring.dead_letters):
        cached.cache_clear()
    return made | {"source of flow-failures": failures}


def dies(url: str, body: Any) -> None:
    wiring.client("sqs").send_message(QueueUrl=url, MessageBody=body if isinstance(body, str) else json.dumps(body))


def waiting(url: str) -> list[Any]:
    messages = wiring.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def place_of(records: list[dict[str, Any]], stream: str) -> dict[str, Any]:
    """What Lambda tells of a batch of a stream that it gave up on."""
    streams = wiring.client("dynamodbstreams")
    arn = streams.list_streams(TableName=stream)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[-1],
            "batchSize": len(numbers),
            "streamArn": arn,
        },
    }


def test_queues_are_listed_with_how_many_there_are(stack, urls):
    dies(urls["timer"], {"held": NOBODY, "attempt": 1})

    listed = {one["name"]: one["messages"] for one in stack.api("GET", "/dead-letters").document}

    assert listed == {"action": 0, "timer": 1, "flow-failures": 0, "tasks": 0, "stream": 0, "notification": 0}


def test_with_each_queue_stands_how_much_is_still_on_its_way_to_be_tried(stack, urls):
    retries = wiring.retry_queue()
    for index in range(3):
        retries.send(NOBODY, index, "busy")

    listed = {one["name"]: one["waiting"] for one in stack.api("GET", "/dead-letters").document}

    assert listed == {"action": 3, "timer": 0, "flow-failures": 0, "tasks": 0, "stream": None, "notification": None}


@pytest.mark.parametrize(
    ("queue", "body", "summary"),
    [
        ("action", {"firing_id": NOBODY, "action_index": 2, "reason": "busy"}, f"action 2 of firing {NOBODY}: busy"),
        ("timer", {"held": NOBODY, "attempt": 0}, f"event {NOBODY}, held or not matched"),
        ("timer", {"trigger_id": "t", "sort": "slot#[]"}, "ring of trigger t"),
        ("tasks", {"task_run_id": NOBODY, "task_key": "app.send"}, f"task app.send, task run {NOBODY}"),
        ("flow-failures", {"requestPayload": {"flow_run_id": NOBODY}}, f"invocation for flow run {NOBODY}"),
        ("notification", clients_csv_notification(), "Object Created"),
        ("action", "no json", "something that is no JSON object"),
    ],
)
def test_a_message_is_shown_with_what_it_was_and_stays(stack, urls, queue, body, summary):
    dies(urls[queue], body)

    for _ in range(2):
        (message,) = stack.api("GET", f"/dead-letters/{queue}").document
        assert (message["summary"], message["body"]) == (summary, body)


@pytest.mark.parametrize("queue", ["action", "timer"])
def test_messages_go_back_to_the_queue_they_came_from_and_are_gone(stack, urls, queue):
    sources = {"action": settings().retry_queue_url, "timer": settings().timer_queue_url}
    bodies = [{"firing_id": NOBODY, "action_index": index} for index in range(12)]
    for body in bodies:
        dies(urls[queue], body)

    outcome = stack.api("POST", f"/dead-letters/{queue}/redrive", {}).document

    assert outcome == {"redriven": 12, "failed": []}
    assert len(waiting(sources[queue]) + waiting(sources[queue])) == 12
    assert stack.api("GET", f"/dead-letters/{queue}").document == []


def test_no_more_are_put_back_than_asked_for(stack, urls):
    for index in range(5):
        dies(urls["action"], {"firing_id": NOBODY, "action_index": index})

    assert stack.api("POST", "/dead-letters/action/redrive", {"limit": 3}).document["redriven"] == 3


def test_a_failed_invocation_goes_back_to_the_tracker(stack, urls):
    body = {"requestPayload": {"flow_run_id": NOBODY}}
    dies(urls["flow-failures"], body)

    stack.api("POST", "/dead-letters/flow-failures/redrive", {})

    assert waiting(urls["source of flow-failures"]) == [body]


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_notification_becomes_its_event(stack, urls, wrapped):
    notification = clients_csv_notification()
    dies(urls["notification"], {"requestPayload": notification} if wrapped else notification)

    assert stack.api("POST", "/dead-letters/notification/redrive", {}).document["redriven"] == 1

    assert stack.names() == ["aws.s3.object-created"]


def test_firings_of_a_stream_are_acted_on(stack, urls):
    slug = stack.welcomes_new_users()
    stack.hook(slug, ANN)
    stack.invoke("matcher", stack.new_records("EventsTable"))
    records = stack.new_records("FiringsTable")["Records"]
    dies(urls["stream"], place_of(records, "FiringsTable"))

    outcome = stack.api("POST", "/dead-letters/stream/redrive", {}).document

    assert outcome == {"redriven": 1, "failed": []}
    stack.invoke("action", stack.retries())
    assert len(stack.invocations.payloads) == 1
    assert "prefect.automation.triggered" in stack.names()


def test_what_was_removed_from_a_table_meanwhile_counts_for_nothing(stack, urls):
    slug = stack.welcomes_new_users()
    stack.hook(slug, ANN)
    stack.invoke("matcher", stack.new_records("EventsTable"))
    (record,) = stack.new_records("FiringsTable")["Records"]
    body = place_of([record], "FiringsTable")
    wiring.dynamodb().delete_item(TableName="FiringsTable", Key=record["dynamodb"]["Keys"])
    body["DDBStreamBatchInfo"]["endSequenceNumber"] = str(int(record["dynamodb"]["SequenceNumber"]) + 1)
    dies(urls["stream"], body)

    stack.api("POST", "/dead-letters/stream/redrive", {})

    assert len(stack.retries()["Records"]) == 1


def test_events_of_a_stream_are_matched(stack, urls):
    slug = stack.welcomes_new_users()
    stack.hook(slug, ANN)
    records = stack.new_records("EventsTable")["Records"]
    of_user = [one for one in records if "user.u-1" in repr(stack.events())]
    dies(urls["stream"], place_of(of_user, "EventsTable"))

    for _ in range(2):
        stack.api("POST", "/dead-letters/stream/redrive", {})
        dies(urls["stream"], place_of(of_user, "EventsTable"))
    with later(30):
        stack.invoke("timer", stack.rings())

    assert len(stack.new_records("FiringsTable")["Records"]) == 1


def test_events_that_were_stored_together_are_each_matched_once(stack, urls):
    trigger = {"posture": "Reactive", "expect": ["prefect.flow-run.Scheduled", "prefect.flow-run.Pending"]}
    slug = stack.welcomes_new_users()
    stack.automation({"name": "runs", "trigger": trigger, "actions": [{"type": "do-nothing"}]})
    stack.hook(slug, ANN)
    stack.invoke("matcher", stack.new_records("EventsTable"))
    stack.invoke("action", stack.new_records("FiringsTable"))
    dies(urls["stream"], place_of(stack.new_records("EventsTable")["Records"], "EventsTable"))

    stack.api("POST", "/dead-letters/stream/redrive", {})
    with later(30):
        stack.invoke("timer", stack.rings())

    assert len(stack.new_records("FiringsTable")["Records"]) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("no json", "not JSON"),
        ("[1]", "no JSON object"),
        ({"x": 1}, "does not say where"),
    ],
)
def test_what_cannot_be_put_back_stays_and_says_why(stack, urls, body, reason):
    dies(urls["stream"], body)

    outcome = stack.api("POST", "/dead-letters/stream/redrive", {}).document

    assert outcome["redriven"] == 0
    assert reason in outcome["failed"][0]["reason"]
    assert len(stack.api("GET", "/dead-letters/stream").document) == 1


def test_records_that_the_stream_has_forgotten_say_so(stack, urls):
    from tests.outages import failing, refusal

    stack.welcomes_new_users()
    records = stack.new_records("EventsTable")["Records"]
    dies(urls["stream"], place_of(records, "EventsTable"))

    with failing(wiring.client("dynamodbstreams"), "GetShardIterator", refusal("TrimmedDataAccessException")):
        outcome = stack.api("POST", "/dead-letters/stream/redrive", {}).document

    assert "24 hours" in outcome["failed"][0]["reason"]


def test_dead_letters_of_another_name_are_not_found(stack, urls):
    assert stack.api("GET", "/dead-letters/nope").status == 404
    assert stack.api("POST", "/dead-letters/nope/redrive", {}).status == 404
