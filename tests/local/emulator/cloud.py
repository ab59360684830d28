"""A running embedded AWS as a test sees it, and tiny functions to put into it."""

import io
import itertools
import json
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import boto3

from whenflow.local import process

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/test"
T = TypeVar("T")
_numbers = itertools.count()


class Cloud:
    """A running embedded AWS, seen from a test."""

    def __init__(self, emulator: process.Emulator) -> None:
        self.emulator = emulator
        self.port = emulator.port

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.emulator.endpoint_url,
            region_name=process.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def function(self, source: str, **settings: Any) -> str:
        """Create a function from its source and return its name."""
        name = unique("function")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", textwrap.dedent(source))
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime=RUNTIME,
            Handler="app.handler",
            Role=ROLE,
            Code={"ZipFile": packed.getvalue()},
            Timeout=20,
            **settings,
        )
        return name

    def table(self) -> tuple[str, str]:
        """Create a table with a stream; return its name and the ARN of the stream."""
        name = unique("table")
        made = self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        return name, made["TableDescription"]["LatestStreamArn"]

    def queue(self, **attributes: str) -> tuple[str, str]:
        """Create a queue; return its URL and its ARN."""
        name = unique("queue")
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{process.REGION}:{ACCOUNT}:{name}"

    def put(self, table: str, *ids: str) -> None:
        """Write items, so that the stream gets a record for each."""
        client = self.client("dynamodb")
        for one in ids:
            client.put_item(TableName=table, Item={"id": {"S": one}})

    def map_stream(self, stream: str, function: str, **settings: Any) -> None:
        """Let a function read a stream from its beginning."""
        self.client("lambda").create_event_source_mapping(
            EventSourceArn=stream,
            FunctionName=function,
            **{"StartingPosition": "TRIM_HORIZON", "BatchSize": 100, **settings},
        )

    def invoke(self, function: str, event: Any) -> tuple[Any, str | None]:
        """Invoke and return the answer, and the kind of error if there is one."""
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def messages(self, url: str) -> list[Any]:
        """Take what is in a queue."""
        got = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in got]


def unique(kind: str) -> str:
    """Return a name that no other test uses."""
    return f"{kind}-{next(_numbers)}"


def eventually(look: Callable[[], T], seconds: float = 10.0) -> T:
    """Look until there is something to see; return the last look."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def lines(path: Path) -> list[str]:
    """Return the lines that functions have written to a file."""
    return path.read_text().splitlines() if path.exists() else []
