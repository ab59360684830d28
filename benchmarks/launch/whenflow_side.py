"""Whenflow on the local stack: the whole template, real function processes, one webhook, one automation, one flow."""

import contextlib
import io
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from benchmarks.launch.figures import cpu_by_name, cpu_seconds_of
from whenflow.local import main
from whenflow.local.client import Api
from whenflow.local.emulator.controls import METER
from whenflow.local.room import Room
from whenflow.local.stack import STACK, aws_client

ROOT = Path(__file__).parents[2]
FUNCTION = "whenflow-bench-flow"
FIRE = "bench.fire"
BATCH = 50
KNOWN_AFTER_SECONDS = 2.0
TEMPLATE = (
    f'{{"event": "{FIRE}", "resource": {{"prefect.resource.id": "bench.{{{{ body.name }}}}"}},'
    ' "payload": {{ body | tojson }} }'
)


@dataclass
class WhenflowSide:
    """A running stack, and where its flow says that it began.

    Attributes:
        began: The file.
        pid: Of the emulator, whose children run the functions.
    """

    api: Api
    http: httpx2.Client
    hook: str
    began: Path
    pid: int
    endpoint: str

    def send_one(self, name: str) -> None:
        """Call the webhook."""
        self.http.post(self.hook, json={"name": name}).raise_for_status()

    def send_all(self, names: Sequence[str]) -> None:
        """Send batches of events to the API, one after the other."""
        for start in range(0, len(names), BATCH):
            self.api.post("/events", [event(name) for name in names[start : start + BATCH]])

    def started(self) -> Mapping[str, float]:
        """Return what the flow wrote down; of a run that began twice, the first time."""
        if not self.began.exists():
            return {}
        lines = self.began.read_text(encoding="utf-8").splitlines()
        return dict(reversed([(line.split()[0], float(line.split()[1])) for line in lines]))

    def cpu_seconds(self) -> float:
        """Return the processor time of the emulator and all functions."""
        return cpu_seconds_of(self.pid)

    def cpu_by_function(self) -> dict[str, float]:
        """Return the processor time by function; that of the emulator itself has no name."""
        return cpu_by_name(self.pid, f"ministack-lambda-{STACK}-")

    def count_calls(self) -> None:
        """Count calls of DynamoDB from now on."""
        self.http.post(self.endpoint + METER).raise_for_status()

    def calls(self) -> dict[str, dict[str, float]]:
        """Return by function what was counted."""
        counted: dict[str, dict[str, float]] = self.http.get(self.endpoint + METER).json()
        return counted


@contextlib.contextmanager
def whenflow_side(home: Path) -> Iterator[WhenflowSide]:
    """Run a stack in a directory of its own while the block lasts."""
    with (
        main.started(Room(ROOT, home)) as live,
        Api(live.running.api_url, live.running.api_key) as api,
        httpx2.Client(trust_env=False, timeout=60) as http,
    ):
        began = home / "began"
        arn = _function(live.emulator.port, live.outputs["FlowsFunctionArn"], began)
        webhook = api.post("/webhooks", {"name": "bench", "template": TEMPLATE})
        deployment = api.post(
            "/deployments",
            {
                "name": "bench",
                "flow_name": "began",
                "work_pool_name": "lambda",
                "job_variables": {"function_arn": arn},
            },
        )
        action = {
            "type": "run-deployment",
            "deployment_id": deployment["id"],
            "parameters": {"name": "{{ event.payload.name }}"},
        }
        trigger = {"type": "event", "posture": "Reactive", "expect": [FIRE]}
        api.post("/automations", {"name": "bench", "trigger": trigger, "actions": [action]})
        side = WhenflowSide(api, http, webhook["url"], began, live.emulator.process.pid, live.running.endpoint_url)
        _warm_up(side)
        yield side


def event(name: str) -> dict[str, Any]:
    """Return an event as a client sends it."""
    return {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": FIRE,
        "resource": {"prefect.resource.id": f"bench.{name}"},
        "payload": {"name": name},
    }


def _warm_up(side: WhenflowSide) -> None:
    time.sleep(KNOWN_AFTER_SECONDS)
    for number in range(3):
        side.send_one(f"warm-{number}")
    while len(side.started()) < 3:
        time.sleep(0.2)
    time.sleep(KNOWN_AFTER_SECONDS)


def _function(port: int, like: str, began: Path) -> str:
    """Deploy the flow as a function like the stack's own; return its ARN."""
    functions = aws_client("lambda", port)
    known = functions.get_function_configuration(FunctionName=like)
    variables = known["Environment"]["Variables"] | {"BENCH_STARTED": str(began)}
    made = functions.create_function(
        FunctionName=FUNCTION,
        Runtime=known["Runtime"],
        Role=known["Role"],
        Handler="app.handler",
        Code={"ZipFile": _zipped()},
        Layers=[layer["Arn"] for layer in known["Layers"]],
        Environment={"Variables": variables},
        Timeout=known["Timeout"],
        MemorySize=known["MemorySize"],
    )
    arn: str = made["FunctionArn"]
    return arn


def _zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", Path(__file__).with_name("flow_function.py").read_text(encoding="utf-8"))
    return content.getvalue()
