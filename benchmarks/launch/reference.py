"""The reference: Prefect's own server, in an environment of its own under `.cache/`, with SQLite as it comes."""

import contextlib
import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from benchmarks.launch.figures import cpu_seconds_of
from benchmarks.reference import Missing, reference_python
from whenflow.local import process

FIRE = "bench.fire"
BATCH = 50
START_SECONDS, STOP_SECONDS, SETTLE_SECONDS = 120.0, 25.0, 8.0
SET_UP_TRIES, SERVER_ERROR = 20, 500
SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
    # as if a worker kept up: else runs become Late, which gets in the way of the events in SQLite
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
}


@dataclass
class ReferenceSide:
    """A running server."""

    http: httpx2.Client
    api: str
    database: Path
    pid: int

    def send_one(self, name: str) -> None:
        """Send one event."""
        self._post("/events", [event(name)])

    def send_all(self, names: Sequence[str]) -> None:
        """Send batches, one after the other."""
        for start in range(0, len(names), BATCH):
            self._post("/events", [event(name) for name in names[start : start + BATCH]])

    def started(self) -> Mapping[str, float]:
        """Return when the run of each event was created. Nothing runs it: that would be a worker's work."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as database:
            rows = database.execute("select parameters, created from flow_run").fetchall()
        created: dict[str, float] = {}
        for parameters, at in rows:
            moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            created[json.loads(parameters).get("name", "")] = moment.timestamp()
        return created

    def cpu_seconds(self) -> float:
        """Return the processor time of the server and what it started."""
        return cpu_seconds_of(self.pid)

    def _post(self, path: str, body: Any) -> Any:
        answer = self.http.post(self.api + path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def _made(self, path: str, body: Any) -> Any:
        """Set something up; while the server starts, its database may be locked."""
        for _ in range(SET_UP_TRIES):
            try:
                return self._post(path, body)
            except httpx2.HTTPStatusError as error:
                if error.response.status_code < SERVER_ERROR:
                    raise
                time.sleep(1)
        raise Missing(f"{path} answers with errors; the server's database stays locked")

    def set_up(self) -> None:
        """Make a deployment and the automation that runs it, and wait until they are known."""
        flow = self._made("/flows/", {"name": "began"})
        deployment = self._made(
            "/deployments/", {"name": "bench", "flow_id": flow["id"], "enforce_parameter_schema": False}
        )
        name = {"__prefect_kind": "jinja", "template": "{{ event.payload.name }}"}
        action = {
            "type": "run-deployment",
            "source": "selected",
            "deployment_id": deployment["id"],
            "parameters": {"name": name},
        }
        trigger = {"type": "event", "posture": "Reactive", "expect": [FIRE], "threshold": 1, "within": 0}
        self._made("/automations/", {"name": "bench", "enabled": True, "trigger": trigger, "actions": [action]})
        time.sleep(SETTLE_SECONDS)
        self.send_one("warm")
        while "warm" not in self.started():
            time.sleep(0.5)
        time.sleep(SETTLE_SECONDS)


@contextlib.contextmanager
def reference_side(home: Path) -> Iterator[ReferenceSide]:
    """Run the reference in a directory of its own while the block lasts, installed if need be.

    Raises:
        Missing: It cannot be installed, or does not start.
    """
    python = reference_python()
    with process.listen(0) as free:
        port = int(free.getsockname()[1])
    api = f"http://{process.HOST}:{port}/api"
    home.mkdir(parents=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = inherited | SETTINGS | {"PREFECT_HOME": str(home), "PREFECT_API_URL": api}
    command = [python, "-m", "prefect", "server", "start", "--host", process.HOST, "--port", str(port), "--no-ui"]
    with (home / "server.log").open("wb") as log, httpx2.Client(trust_env=False, timeout=600) as http:
        server = subprocess.Popen([str(word) for word in command], env=environment, stdout=log, stderr=log)
        try:
            side = ReferenceSide(http, api, home / "prefect.db", server.pid)
            _await_health(side, server, home)
            side.set_up()
            yield side
        finally:
            server.terminate()
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def event(name: str) -> dict[str, Any]:
    """Return an event as a client sends it."""
    return {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": FIRE,
        "resource": {"prefect.resource.id": f"bench.{name}"},
        "payload": {"name": name},
    }


def _await_health(side: ReferenceSide, server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(httpx2.HTTPError):
            if side.http.get(side.api + "/health").is_success:
                return
        if server.poll() is not None or time.monotonic() > deadline:
            raise Missing(f"it does not start: {(home / 'server.log').read_text(errors='replace')[-1000:]}")
        time.sleep(0.2)
