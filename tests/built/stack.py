"""What `sam build` made, and the tables it needs, for tests that run it as Lambda would."""

import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import distribution
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
from tests.template.loading import ROOT, functions, of_type, template

from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.event_store import DynamoEventStore
from whenflow.aws.firing_store import DynamoFiringStore
from whenflow.aws.run_store import DynamoRunStore
from whenflow.aws.system import SystemClock, SystemIds
from whenflow.local import process
from whenflow.runs import RunLedger

BUILD = ROOT / ".aws-sam" / "build"
SAM = ROOT / ".venv-sam"
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
ARCHITECTURE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
# What Lambda's own Python brings; nothing else of the test environment may be seen by a function.
IN_THE_RUNTIME = re.findall(r"^([\w-]+)==", (ROOT / "requirements" / "lambda-runtime.txt").read_text(), re.MULTILINE)
SHARDS = 4
_numbers = count()


def build() -> Path:
    """Build, unless the last build was of these files."""
    subprocess.run([ROOT / "scripts" / "build.sh", RUNTIME, ARCHITECTURE, "host"], check=True, cwd=ROOT)
    return BUILD


def emulator_of_lambda() -> Path:
    """Return AWS's Runtime Interface Emulator, which comes with the SAM CLI."""
    [found] = SAM.glob(f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}")
    return found


def runtime_packages(folder: Path) -> Path:
    """Fill a folder with what Lambda's own Python brings, out of the test environment."""
    for name in IN_THE_RUNTIME:
        brought = distribution(name)
        tops = {file.parts[0] for file in brought.files or [] if not file.parts[0].startswith(("..", "/"))}
        for top in tops - {"__pycache__"}:
            (folder / top).symlink_to(Path(str(brought.locate_file(top))))
    return folder


def environment(function: str, named: dict[str, str], endpoint_url: str, runtime: Path) -> dict[str, str]:
    """Return the environment that the template and Lambda give a function; tables and queues are `named`."""
    variables = functions()[function]["Environment"]["Variables"]
    given = {name: _resolved(value, named) for name, value in variables.items()}
    task = BUILD / function
    layers = [BUILD / layer / "python" for layer in ("DependenciesLayer", "WhenflowLayer")]
    return {
        **given,
        **process.CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(functions()[function]["MemorySize"]),
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(functions()[function]["Timeout"]),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_FORMAT": functions()[function]["LoggingConfig"]["LogFormat"],
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_REGION": process.REGION,
        "AWS_DEFAULT_REGION": process.REGION,
        "LAMBDA_TASK_ROOT": str(task),
        "NO_PROXY": process.HOST,
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",  # as in Lambda, where the folder is read-only
        "PYTHONPATH": os.pathsep.join(str(path) for path in (task, *layers, runtime)),
    }


def _resolved(value: Any, named: dict[str, str]) -> str:
    """Return what a variable would be in a stack called whenflow, whose parameters are as they are by default."""
    if not isinstance(value, dict):
        return str(value)
    if "Fn::If" in value:
        return _resolved(value["Fn::If"][2], named)
    if "Fn::Sub" in value:
        return str(value["Fn::Sub"])
    name = value["Ref"]
    defaults = {one: str(about.get("Default", "")) for one, about in template()["Parameters"].items()}
    queues = {one: f"https://sqs.invalid/{one}" for one in of_type("AWS::SQS::Queue")}
    own = {"EventShards": str(SHARDS), "AWS::StackName": "whenflow", "EventsBucket": "whenflow-events"}
    return (defaults | queues | own | named)[name]


@lru_cache(maxsize=1)
def sample_writer() -> ModuleType:
    """Return scripts/sample_events.py, which knows what the samples refer to."""
    spec = importlib.util.spec_from_file_location("sample_events", ROOT / "scripts" / "sample_events.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class World:
    """Fresh tables and a queue in the embedded AWS, and the stores over them."""

    endpoint_url: str
    tables: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    state_machine_arn: str = ""

    def __post_init__(self) -> None:
        number = next(_numbers)
        for name, properties in of_type("AWS::DynamoDB::Table").items():
            kept = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
            self.tables[name] = f"{name}-{number}"
            self.client("dynamodb").create_table(
                TableName=self.tables[name], **{key: properties[key] for key in kept if key in properties}
            )
        self.queues["TimerQueue"] = self.client("sqs").create_queue(QueueName=f"timers-{number}")["QueueUrl"]
        dynamodb, self.clock, self.ids = self.client("dynamodb"), SystemClock(), SystemIds(SHARDS)
        self.events = DynamoEventStore(
            dynamodb, self.tables["EventsTable"], self.tables["StateTable"], SHARDS, 30, self.clock
        )
        self.firings = DynamoFiringStore(dynamodb, self.tables["FiringsTable"], self.clock)
        self.runs = DynamoRunStore(dynamodb, self.tables["RunsTable"], self.events, self.clock)
        self.config = DynamoConfigStore(dynamodb, self.tables["ConfigTable"])
        self.ledger = RunLedger(self.runs, self.clock, self.ids)

    def client(self, service: str) -> Any:
        """Return a client of the embedded AWS."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint_url,
            region_name=process.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def event_names(self) -> list[str]:
        """Return the names of all stored events, oldest first."""
        return [event.event for event in reversed(self.events.newest(100).events)]

    def fired(self) -> list[str]:
        """Return the names of the automations that fired, but for the firing that was there from the beginning."""
        items = self.client("dynamodb").scan(TableName=self.tables["FiringsTable"])["Items"]
        found = [self.firings.get(item["id"]["S"]) for item in items]
        return [one.automation_name for one in found if one and one.id != sample_writer().FIRING]

    def rings(self) -> list[dict[str, str]]:
        """Return the rings that were asked for and are due."""
        answer = self.client("sqs").receive_message(QueueUrl=self.queues["TimerQueue"], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def executions(self) -> list[str]:
        """Return the names of the executions of this world's state machine."""
        listed = self.client("stepfunctions").list_executions(stateMachineArn=self.state_machine_arn)
        return [one["name"] for one in listed["executions"]]


class Function:
    """A built function under Lambda's runtime client."""

    def __init__(self, address: str, log: Path) -> None:
        self._address = address
        self.log = log

    def invoke(self, event: Any) -> Any:
        """Invoke it and return what it answers; an error is an answer too."""
        import urllib.request

        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        url = f"http://{self._address}/2015-03-31/functions/function/invocations"
        with opener.open(urllib.request.Request(url, data=json.dumps(event).encode()), timeout=30) as answer:
            return json.loads(answer.read() or b"null")


@contextmanager
def running(function: str, variables: dict[str, str], log: Path) -> Iterator[Function]:
    """Run a built function under Lambda's runtime client, reachable on loopback only."""
    front, api = _address(), _address()
    command = [str(emulator_of_lambda()), "--runtime-interface-emulator-address", front, "--runtime-api-address", api]
    # -S: no site-packages, so that only the runtime, the layers and the function are there
    command += [sys.executable, "-S", "-m", "awslambdaric", functions()[function]["Handler"]]
    with log.open("wb") as output:
        started = subprocess.Popen(
            command,
            cwd=BUILD / function,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for(front, started, log)
        yield Function(front, log)
    finally:
        started.terminate()
        started.wait(10)


def _address() -> str:
    with process.listen(0) as listener:
        return f"{process.HOST}:{listener.getsockname()[1]}"


def _wait_for(address: str, started: "subprocess.Popen[bytes]", log: Path) -> None:
    import socket
    import time

    host, _, port = address.partition(":")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and started.poll() is None:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"The Runtime Interface Emulator did not start:\n{log.read_text()}")
