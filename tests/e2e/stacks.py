"""A deployed stack as its user sees it: the REST API, webhooks, the bucket; and the queues that ought to stay empty."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import boto3
import httpx2

T = TypeVar("T")
Document = dict[str, Any]
PAGE = 200
SPARE = 10  # one test follows the other, so that its runs are among the newest
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
DEAD_LETTERS = (
    "ActionDeadLetters",
    "TimerDeadLetters",
    "FlowFailuresDeadLetters",
    "StreamDeadLetters",
    "NotificationDeadLetters",
)
LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 90.0
KNOWN_AFTER_SECONDS = 1.2  # the hot functions look for new webhooks and automations once a second
BUSY = (httpx2.TransportError,)


@dataclass
class Stack:
    """A stack, wherever it runs.

    Attributes:
        url: Of the REST API.
        outputs: Of the CloudFormation stack.
        make_client: Makes a client of an AWS service.
    """

    name: str
    url: str
    api_key: str
    outputs: Mapping[str, str]
    make_client: Callable[[str], Any]
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=60, trust_env=False))
    _undo: list[Callable[[], object]] = field(default_factory=list)
    _ids: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    def aws(self, service: str) -> Any:
        """Return the client of an AWS service."""
        if service not in self._clients:
            self._clients[service] = self.make_client(service)
        return self._clients[service]

    def close(self) -> None:
        """Close all connections."""
        self.http.close()
        for client in self._clients.values():
            client.close()

    def move_to(self, other: "Stack") -> None:
        """Go on with the connections of another; what was set up is remembered."""
        self.url, self.api_key, self.http = other.url, other.api_key, other.http
        self.make_client, self._clients = other.make_client, other._clients

    # ---- calls ----

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        """Call the API with the key; a body of bytes is sent as it is."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.api_key}", "content-type": "application/json"}
        return self.http.request(method, self.url + path, content=content, headers=headers, **options)

    def get(self, path: str, **query: Any) -> Any:
        """Return what is at a path."""
        return _document(self.call("GET", path, params=query))

    def post(self, path: str, body: Any) -> Any:
        """Send a document and return the answer."""
        return _document(self.call("POST", path, body))

    def emit(self, event: str, resource: str, **more: Any) -> str:
        """Emit an event and return its id."""
        document = {
            "id": str(uuid.uuid4()),
            "occurred": datetime.now(UTC).isoformat(),
            "event": event,
            "resource": {"prefect.resource.id": resource},
            **more,
        }
        self.post("/events", document)
        return str(document["id"])

    def hook(self, webhook: Mapping[str, Any], body: Any, content_type: str = "application/json") -> httpx2.Response:
        """Post to a webhook, as its caller would: without our key."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(webhook["url"], content=content, headers={"content-type": content_type})

    # ---- what is set up, and goes again after the test ----

    def webhook(self, template: str, **more: Any) -> Document:
        """Make a webhook."""
        return self._make("/webhooks", {"name": unique("hook"), "template": template, **more})

    def deployment(self, flow: str, machine: bool = False, **more: Any) -> Document:
        """Make a deployment of an example flow, on Lambda or as the state machine."""
        pool, variable, output = (
            ("step-functions", "state_machine_arn", "ProcessNewFileStateMachineArn")
            if machine
            else ("lambda", "function_arn", "FlowsFunctionArn")
        )
        target = {"work_pool_name": pool, "job_variables": {variable: self.outputs[output]}}
        return self._make("/deployments", {"name": unique("deployment"), "flow_name": flow, **target, **more})

    def automation(
        self, expect: str, match: str | Document, deployment_id: str, parameters: Document, **trigger: Any
    ) -> Document:
        """Make an automation that runs a deployment."""
        specification = {"prefect.resource.id": match} if isinstance(match, str) else match
        immediate = {"type": "event", "posture": "Reactive", "expect": [expect], "match": specification, **trigger}
        run = {"type": "run-deployment", "deployment_id": deployment_id, "parameters": parameters}
        return self._make("/automations", {"name": unique("automation"), "trigger": immediate, "actions": [run]})

    def upload(self, key: str, body: bytes) -> None:
        """Put an object into the bucket."""
        place = {"Bucket": self.outputs["IncomingBucketName"], "Key": key}
        self.aws("s3").put_object(**place, Body=body)
        self._undo.append(lambda: self.aws("s3").delete_object(**place))

    def settle(self) -> None:
        """Give what was just set up time to be known everywhere."""
        time.sleep(KNOWN_AFTER_SECONDS)  # a promise of the product, not a guess: there is nothing to look at

    @contextmanager
    def tidied(self) -> Iterator["Stack"]:
        """Remove in the end what is set up meanwhile."""
        before = len(self._undo)
        yield self
        while len(self._undo) > before:
            self._undo.pop()()

    def _make(self, path: str, document: Document) -> Document:
        made: Document = self.post(path, document)
        self._undo.append(lambda: self.call("DELETE", f"{path}/{made['id']}"))
        return made

    # ---- what happened ----

    def events(self, pages: int = 100) -> Iterator[Document]:
        """Yield events, newest first."""
        query: Document = {}
        for _ in range(pages):
            page = self.get("/events", limit=PAGE, **query)
            yield from page["events"]
            if not page["next_page"]:
                return
            query = {"page_token": page["next_page"]}

    def event(self, name: str, resource: str = "", **payload: Any) -> Document:
        """Wait for an event of a name, on a resource, with a payload that holds these values; return it."""

        def look() -> Document | None:
            for event in self.events(pages=1):
                about = event["resource"]["prefect.resource.id"]
                if event["event"] == name and resource in ("", about) and payload.items() <= event["payload"].items():
                    return event
            return None

        return eventually(look, f"the event {name} {resource} {payload or ''}")

    def runs(self, deployment: Mapping[str, Any], among: int) -> list[Document]:
        """Return the runs of a deployment among so many of the newest runs of all."""
        found: list[Document] = []
        for offset in range(0, among, PAGE):
            page = self.post("/flow_runs/filter", {"limit": min(PAGE, among - offset), "offset": offset})
            found += [run for run in page if run["deployment_id"] == deployment["id"]]
        return found

    def ended_runs(self, deployment: Mapping[str, Any], count: int = 1, patience: float = 0) -> list[Document]:
        """Wait until a deployment has that many runs and all have ended; return them, newest first."""

        def look() -> list[Document] | None:
            runs = self.runs(deployment, among=count + SPARE)
            return runs if len(runs) >= count and all(run["state_type"] in FINAL for run in runs) else None

        return eventually(look, f"the end of {count} runs of {deployment['flow_name']}", patience)

    def states(self, run: Mapping[str, Any]) -> list[str]:
        """Return the names of the states of a run, oldest first."""
        return [state["name"] for state in self.get("/flow_run_states", flow_run_id=run["id"])]

    def said(self, run: Mapping[str, Any]) -> list[str]:
        """Return what a flow printed."""
        lines = self.post("/logs/filter", {"logs": {"flow_run_id": {"any_": [run["id"]]}}})
        return [line["message"] for line in lines]

    # ---- queues ----

    def waiting_in(self, queue: str) -> int:
        """Return how many messages a queue holds, the hidden ones included; it is named by its logical id."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        held = self.aws("sqs").get_queue_attributes(QueueUrl=self.physical_id(queue), AttributeNames=names)
        return sum(int(held["Attributes"][name]) for name in names)

    def dead_letters(self) -> dict[str, int]:
        """Return how many dead letters lie in each queue that has any."""
        counts = {name: self.waiting_in(name) for name in DEAD_LETTERS}
        return {name: count for name, count in counts.items() if count}

    def physical_id(self, logical_id: str) -> str:
        """Return what AWS calls a resource of the template: the name of a function, the URL of a queue."""
        if not self._ids:
            listed = self.aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
            resources = (one for page in listed for one in page["StackResourceSummaries"])
            self._ids.update({one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources})
        return self._ids[logical_id]


def deployed_on_aws(name: str) -> Iterator[Stack]:
    """Yield a stack in the account of the present AWS credentials, with an API key that lasts as long as the tests."""
    from whenflow.aws.config_store import DynamoConfigStore
    from whenflow.aws.keys import KIND, create_api_key, key_hash
    from whenflow.aws.system import SystemClock, SystemIds

    def client(service: str) -> Any:
        return boto3.client(service)  # type: ignore[call-overload]

    described = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    keys = DynamoConfigStore(client("dynamodb"), outputs["ConfigTableName"])
    key = create_api_key(keys, "tests/e2e", SystemClock(), SystemIds(shards=1))
    try:
        url = os.environ.get("WHENFLOW_E2E_URL") or outputs["ApiUrl"]
        yield (stack := Stack(name, url, key, outputs, client))
        stack.close()
    finally:
        keys.delete(KIND, key_hash(key))


def eventually(look: Callable[[], T | None], what: str, patience: float = 0) -> T:
    """Look until there is something to see. A call that meets a function starting anew is no reason to give up."""
    deadline = time.monotonic() + (patience or float(os.environ.get("WHENFLOW_E2E_PATIENCE", PATIENCE_SECONDS)))
    trouble: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if (seen := look()) is not None:
                return seen
        except (ServerTrouble, *BUSY) as error:
            trouble = error
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"Waited in vain for {what}" + (f"; last trouble: {trouble!r}" if trouble else ""))


def all_at_once(calls: list[Callable[[], T]], workers: int = 64) -> list[T]:
    """Make calls beside each other and return their results in order."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda call: call(), calls))


def unique(kind: str) -> str:
    """Return a name that no other test has."""
    return f"{kind}-{uuid.uuid4().hex[:8]}"


class ServerTrouble(Exception):
    """The API could not answer now."""


def _document(answer: httpx2.Response) -> Any:
    if answer.status_code >= 500:
        raise ServerTrouble(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}")
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None
