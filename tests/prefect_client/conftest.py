"""Somebody with `prefect` installed, and a local stack of Whenflow."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.local import ROOT, LocalStack
from tests.e2e.stacks import Stack, eventually

CLIENT = ROOT / ".cache" / "prefect-client" / "bin"
SECONDS = 120


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    output: str

    @property
    def document(self) -> Any:
        """The output as JSON."""
        return json.loads(self.output)


@dataclass(frozen=True)
class Prefect:
    """The stock client, set up as a user would: with environment variables."""

    settings: dict[str, str]

    def __call__(self, *arguments: str, code: int = 0) -> Said:
        """Run a command of `prefect`, which must end with this code."""
        said = self._run([str(CLIENT / "prefect"), "--no-prompt", *arguments])
        assert said.code == code, said.output
        return said

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command that goes on until it is stopped."""
        command = [str(CLIENT / "prefect"), "--no-prompt", *arguments]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True)

    def python(self, program: str, code: int = 0) -> Said:
        """Run a program that uses Prefect's client, which must end with this code."""
        file = (
            Path(self.settings["PREFECT_HOME"]) / f"program_{uuid.uuid4().hex}.py"
        )  # only a flow in a file is deployed
        file.write_text(program)
        said = self._run([str(CLIENT / "python"), str(file)])
        assert said.code == code, said.output
        return said

    def with_settings(self, **settings: str | None) -> "Prefect":
        """Return the client of somebody else; None takes a setting away."""
        merged = {**self.settings, **settings}
        return replace(self, settings={name: value for name, value in merged.items() if value is not None})

    @property
    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return {**inherited, **self.settings}

    def _run(self, command: list[str]) -> Said:
        done = subprocess.run(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Said(done.returncode, done.stdout)


@pytest.fixture(scope="session")
def session_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all tests here."""
    machine = LocalStack(tmp_path_factory.mktemp("stack") / "room")
    try:
        yield machine.start()
    finally:
        machine.stop()
        machine.remove_all_but_logs()


@pytest.fixture
def stack(session_stack: Stack) -> Iterator[Stack]:
    """The stack; what a test sets up in it goes again."""
    with session_stack.tidied() as stack:
        yield stack


@pytest.fixture(scope="session")
def prefect(session_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Prefect:
    """Prefect's client, with the stack's key as `PREFECT_API_AUTH_STRING`."""
    if not (CLIENT / "prefect").exists():
        pytest.fail("needs Prefect's client: run these tests with `make test-prefect-client`")
    home = tmp_path_factory.mktemp("prefect")
    return Prefect(
        {
            "PREFECT_API_URL": session_stack.url,
            "PREFECT_API_AUTH_STRING": f"whenflow:{session_stack.api_key}",
            "PREFECT_HOME": str(home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "COLUMNS": "240",
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1",
        }
    )


@pytest.fixture
def name() -> str:
    """A name that nothing else has."""
    return f"n-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A directory for files."""
    return tmp_path


def stored_event(stack: Stack, event: str) -> dict[str, Any]:
    """Wait until there is an event of this name, and return it."""
    asked = {"filter": {"event": {"name": [event]}}, "limit": 1}
    found: dict[str, Any] = eventually(lambda: next(iter(stack.post("/events/filter", asked)["events"]), None), event)
    return found
