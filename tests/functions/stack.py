"""The functions of the stack, invoked through their real handlers, over tables on moto."""

import base64
import importlib.util
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import time_machine
from tests.calls import Answer, call, hook_call, read
from tests.invocations import Invocations
from tests.stories import signup_webhook, welcome_deployment, welcoming
from tests.tables import ROOT, template

from whenflow.aws import wiring
from whenflow.aws.keys import create_api_key
from whenflow.events import Event
from whenflow.runs import FlowRun

SET_UP = re.compile(r"whenflow\..+\.(created|updated|deleted)")
Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Context:
    """What Lambda tells a handler about the invocation."""

    function_name: str
    aws_request_id: str = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    memory_limit_in_mb: int = 512

    def get_remaining_time_in_millis(self) -> int:
        """Return how much time the invocation has left."""
        return 840_000

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:eu-west-1:123456789012:function:{self.function_name}"


def functions() -> list[str]:
    """Return the names of the folders of all functions that the template has."""
    resources = template()["Resources"].values()
    properties = [one["Properties"] for one in resources if one["Type"] == "AWS::Serverless::Function"]
    return sorted(one["CodeUri"].removeprefix("functions/") for one in properties)


@lru_cache
def handler_of(name: str) -> Handler:
    """Return the handler that the template names for a function."""
    path = ROOT / "functions" / name / "app.py"
    spec = importlib.util.spec_from_file_location(f"functions_{name}_app", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    file, _, attribute = template()["Globals"]["Function"]["Handler"].partition(".")
    assert file == path.stem
    handler: Handler = getattr(module, attribute)
    return handler


class Stack:
    """What somebody sees who uses the stack: requests and answers, events and runs.

    Attributes:
        invocations: What Lambda was asked to run.
    """

    def __init__(self, queues: Mapping[str, str]) -> None:
        self.invocations = Invocations(wiring.client("lambda"))
        self.key = create_api_key(wiring.config(), "tests", wiring.clock(), wiring.ids())
        self._queues = queues
        self._read: dict[str, str | None] = {}
        self._ran = 0

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Invoke a function."""
        return handler_of(name)(event, Context(name))

    def api(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """Call the API."""
        headers = {"authorization": f"Bearer {self.key}"}
        return read(self.invoke("api", call(method, f"/api{path}", body, headers=headers, **options)))

    def hook(self, slug: str, body: Any = None, **options: Any) -> Answer:
        """Call a webhook."""
        return read(self.invoke("webhook", hook_call(slug, body, **options)))

    def webhook(self, **changes: Any) -> str:
        """Set up the signup webhook; return its slug."""
        slug: str = self.api("POST", "/webhooks", signup_webhook(**changes)).document["slug"]
        return slug

    def deployment(self, **changes: Any) -> dict[str, Any]:
        """Set up the deployment that welcomes new users."""
        made: dict[str, Any] = self.api("POST", "/deployments", welcome_deployment(**changes)).document
        return made

    def automation(self, document: dict[str, Any]) -> dict[str, Any]:
        """Set an automation up."""
        made: dict[str, Any] = self.api("POST", "/automations", document).document
        return made

    def welcomes_new_users(self) -> str:
        """Set the signup story up; return the slug of its webhook."""
        self.automation(welcoming(self.deployment()))
        return self.webhook()

    def events(self) -> list[Event]:
        """Return all events, oldest first, but those that tell what was set up."""
        return [event for event in self.all_events() if not SET_UP.fullmatch(event.event)]

    def all_events(self) -> list[Event]:
        """Return all events, oldest first."""
        return list(wiring.events().newest(200).events)[::-1]

    def names(self) -> list[str]:
        """Return the names of all events, oldest first."""
        return [event.event for event in self.events()]

    def run(self) -> FlowRun:
        """Return the one flow run that there is."""
        (run,) = wiring.runs().newest(10)
        return run

    def new_records(self, table: str) -> dict[str, Any]:
        """Return what a table's stream holds since it was last read, as Lambda hands it to a function."""
        streams = wiring.client("dynamodbstreams")
        (stream,) = streams.list_streams(TableName=table)["Streams"]
        (shard,) = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
        last = self._read.get(table)
        where = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last}
            if last
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        iterator = streams.get_shard_iterator(StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], **where)
        records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        if records:
            self._read[table] = records[-1]["dynamodb"]["SequenceNumber"]
        inserted = [as_lambda_sees_it(record) for record in records if record["eventName"] == "INSERT"]
        return {"Records": inserted}

    def retries(self) -> dict[str, Any]:
        """Return what is in the retry queue a minute later, as Lambda hands it to the action function."""
        with later(60):
            return {"Records": self._messages("ActionRetryQueue")}

    def rings(self) -> dict[str, Any]:
        """Return the rings that are due now, as Lambda hands them to the timer function."""
        return {"Records": self._messages("TimerQueue")}

    def sweep(self) -> Any:
        """Invoke the timer as the schedule does."""
        return self.invoke("timer", {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}})

    def _messages(self, queue: str) -> list[dict[str, Any]]:
        """Take the messages that are due now out of a queue."""
        sqs, url = wiring.client("sqs"), self._queues[queue]
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for one in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return [queue_record(one["Body"], one["MessageId"]) for one in messages]

    def waiting_invocations(self) -> list[dict[str, Any]]:
        """Take what Lambda was asked to run and has not run yet."""
        waiting = self.invocations.payloads[self._ran :]
        self._ran += len(waiting)
        return waiting

    def settle(self) -> None:
        """Deliver streams and invocations until nothing happens any more."""
        while True:
            events = self.new_records("EventsTable")
            if events["Records"]:
                assert self.invoke("matcher", events) == {"batchItemFailures": []}
            firings = self.new_records("FiringsTable")
            if firings["Records"]:
                assert self.invoke("action", firings) == {"batchItemFailures": []}
            waiting = self.waiting_invocations()
            for payload in waiting:
                self.invoke("flows", payload)
            if not (events["Records"] or firings["Records"] or waiting):
                return


def later(seconds: float) -> time_machine.travel:
    """Return a context in which it is some seconds later."""
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds))


def queue_record(body: str, message_id: str = "059f36b4-87a3-44ab-83d2-661975830a7d", receives: int = 1) -> Any:
    """Return a message as Lambda hands it over."""
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt of {message_id}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "eventSource": "aws:sqs",
    }


def as_lambda_sees_it(record: dict[str, Any]) -> dict[str, Any]:
    """Turn a stream record of boto3 into one of Lambda: bytes are in base 64, times are numbers."""

    def plain(value: Any) -> Any:
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()

    converted: dict[str, Any] = json.loads(json.dumps(record, default=plain))
    return converted
