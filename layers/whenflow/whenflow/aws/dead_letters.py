"""Dead letters: what could not be done, and putting it back to where it belongs.

`StartMessageMoveTask` would move messages unseen and all at once; here each is sent to where it came from, and deleted
when that is done. Done twice, it does no harm: every handler may run twice.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from whenflow.aws.event_items import TELLS, TOLD
from whenflow.errors import NotFound, Rejected, Transient

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

BATCH = 10
HIDDEN_SECONDS = 60
MAX_PAGES = 100
GONE = frozenset({"ExpiredIteratorException", "ResourceNotFoundException", "TrimmedDataAccessException"})
COUNTED: "list[QueueAttributeNameType]" = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
]
WHAT = {
    "action": "actions that failed again and again",
    "timer": "rings of windows and of held events",
    "flow-failures": "invocations of flows that Lambda gave up on",
    "tasks": "background tasks that no worker could work on",
    "stream": "places in a stream: events that could not be matched, firings that could not be acted on",
    "notification": "notifications that EventBridge could not hand over",
}


@dataclass(frozen=True, slots=True)
class Places:
    """Where dead letters come from.

    Attributes:
        dead_letters: URL of each dead-letter queue, by its name in `WHAT`.
        sources: URL of the queue that each of those belongs to, where there is one.
        receive: Takes in a notification of EventBridge.
    """

    dead_letters: Mapping[str, str]
    sources: Mapping[str, str]
    receive: Callable[[Mapping[str, Any]], object]


class SqsDeadLetters:
    """The dead letters of the stack."""

    def __init__(self, client_of: Callable[[str], Any], places: Places) -> None:
        """Work on these queues; a service's client is made when it is first needed."""
        self._client_of = client_of
        self._places = places

    @property
    def _sqs(self) -> "SQSClient":
        client: SQSClient = self._client_of("sqs")
        return client

    @property
    def _streams(self) -> Any:
        return self._client_of("dynamodbstreams")

    def queues(self) -> list[dict[str, Any]]:
        """Return each queue of dead letters: `name`, `what`, and about how many `messages` are in it.

        `waiting` is about how many wait in the queue that it belongs to, are being worked on, or are held back until
        their time; None where there is no such queue.
        """
        with _reachable():
            return [
                {"name": name, "what": WHAT[name], "messages": self._count(url), "waiting": self._waiting(name)}
                for name, url in self._places.dead_letters.items()
            ]

    def peek(self, queue: str, limit: int) -> list[dict[str, Any]]:
        """Return messages of a queue, which stay in it: `id`, `sent` (seconds since 1970), `summary` and `body`.

        Raises:
            NotFound: There is no such queue.
        """
        url = self._url(queue)
        with _reachable():
            received = list(self._receive(url, limit))
            for message in received:
                self._let_go(url, message)
        return [_shown(message) for message in received]

    def redrive(self, queue: str, limit: int) -> dict[str, Any]:
        """Put messages back to where they belong; return how many, and why others could not be.

        Raises:
            NotFound: There is no such queue.
        """
        url, redriven, failed = self._url(queue), 0, []
        with _reachable():
            for message in list(self._receive(url, limit)):
                try:
                    self._put_back(queue, _body(message))
                except (Rejected, Transient) as error:
                    failed.append({"id": message["MessageId"], "reason": str(error)})
                    self._let_go(url, message)
                    continue
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                redriven += 1
        return {"redriven": redriven, "failed": failed}

    def _put_back(self, queue: str, body: Mapping[str, Any]) -> None:
        if queue == "stream":
            for source, message in self._records_of(body):
                self._send(self._places.sources[source], message)
        elif queue == "notification":
            given = body.get("requestPayload", body)
            self._places.receive(given)
        else:
            self._send(self._places.sources[queue], body)

    def _records_of(self, body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the queue and the message that stand for each record of a batch that a stream gave up on."""
        batch = body.get("DDBStreamBatchInfo")
        if not isinstance(batch, dict):
            raise Rejected("This message does not say where in which stream it belongs.")
        for record in self._read(batch):
            if record["eventName"] != "INSERT":
                continue
            keys, image = record["dynamodb"]["Keys"], record["dynamodb"].get("NewImage", {})
            if TOLD in image:
                continue  # the record that tells of it does
            if "bucket" in keys:  # the events table: an event is matched as one that was held
                earlier = image.get(TELLS, {"S": ""})["S"].split()
                for id_ in (*earlier, keys["key"]["S"].rpartition("#")[2]):
                    yield "timer", {"held": id_, "attempt": 0}
            else:
                yield "action", {"firing_id": keys["id"]["S"]}

    def _read(self, batch: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            iterator: str | None = self._streams.get_shard_iterator(
                StreamArn=batch["streamArn"],
                ShardId=batch["shardId"],
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=batch["startSequenceNumber"],
            )["ShardIterator"]
            found: list[dict[str, Any]] = []
            for _ in range(MAX_PAGES):
                page = self._streams.get_records(ShardIterator=iterator or "")
                for record in page["Records"]:
                    if int(record["dynamodb"]["SequenceNumber"]) > int(batch["endSequenceNumber"]):
                        return found
                    found.append(dict(record))
                    if record["dynamodb"]["SequenceNumber"] == batch["endSequenceNumber"]:
                        return found
                iterator = page.get("NextShardIterator")
                if not iterator:
                    return found
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in GONE:
                raise Rejected("The stream has forgotten these records: it remembers for 24 hours.") from error
            raise Transient(f"The stream cannot be read: {code}") from error
        except BotoCoreError as error:
            raise Transient(f"The stream cannot be read: {type(error).__name__}") from error
        raise Transient("The records were not found within the time there was.")

    def _receive(self, url: str, limit: int) -> Iterator[Any]:
        """Yield messages, each once, hidden from others for a minute."""
        seen: set[str] = set()
        while len(seen) < limit:
            answer = self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(BATCH, limit - len(seen)),
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
            new = [one for one in answer.get("Messages", []) if one["MessageId"] not in seen]
            if not new:
                return
            seen.update(one["MessageId"] for one in new)
            yield from new

    def _let_go(self, url: str, message: Any) -> None:
        self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    def _send(self, url: str, message: Mapping[str, Any]) -> None:
        with _reachable():
            self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))

    def _waiting(self, name: str) -> int | None:
        source = self._places.sources.get(name)
        return self._count(source) if source else None

    def _count(self, url: str) -> int:
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=COUNTED)["Attributes"]
        return sum(int(found.get(name, 0)) for name in COUNTED)

    def _url(self, queue: str) -> str:
        if queue not in self._places.dead_letters:
            raise NotFound(f"There are no dead letters '{queue}'; there are {', '.join(self._places.dead_letters)}.")
        return self._places.dead_letters[queue]


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn AWS's errors into one that may be tried again."""
    try:
        yield
    except ClientError as error:
        raise Transient(f"The dead letters cannot be reached: {error.response['Error']['Code']}") from error
    except BotoCoreError as error:
        raise Transient(f"The dead letters cannot be reached: {type(error).__name__}") from error


def _body(message: Mapping[str, Any]) -> dict[str, Any]:
    try:
        body = json.loads(message["Body"])
    except ValueError:
        raise Rejected("The message is not JSON.") from None
    if not isinstance(body, dict):
        raise Rejected("The message is no JSON object.")
    return body


def _shown(message: Mapping[str, Any]) -> dict[str, Any]:
    try:
        body: Any = _body(message)
    except Rejected:
        body = message["Body"]
    sent = int(message["Attributes"]["SentTimestamp"]) / 1000
    return {"id": message["MessageId"], "sent": sent, "summary": _summary(body), "body": body}


def _summary(body: Any) -> str:
    """Say in a few words what a message is."""
    if not isinstance(body, dict):
        return "something that is no JSON object"
    if "firing_id" in body:
        reason = f": {body['reason']}" if body.get("reason") else ""
        return f"action {body.get('action_index', 'all')} of firing {body['firing_id']}{reason}"
    if "task_run_id" in body:
        return f"task {body.get('task_key')}, task run {body['task_run_id']}"
    if "held" in body:
        return f"event {body['held']}, held or not matched"
    if "trigger_id" in body:
        return f"ring of trigger {body['trigger_id']}"
    if isinstance(batch := body.get("DDBStreamBatchInfo"), dict):
        table = str(batch.get("streamArn", "")).partition("table/")[2].partition("/")[0]
        return f"{batch.get('batchSize', '?')} records of {table}"
    if isinstance(given := body.get("requestPayload"), dict) and "flow_run_id" in given:
        return f"invocation for flow run {given['flow_run_id']}"
    return str(body.get("detail-type") or "a message")
