"""Run the command in this process, in an empty directory, with nothing set in the environment."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.calls import KEY as PRODUCT_KEY
from tests.cli.hooks import TEMPLATE
from tests.cli.product import running_product

from whenflow.cli.app import main

KEY = "wf_a-secret-key"


@dataclass(frozen=True)
class Outcome:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it wrote as JSON; fails if there is anything else."""
        return json.loads(self.out)

    @property
    def text(self) -> str:
        """Everything it wrote, each run of blanks as one."""
        return " ".join((self.out + self.err).split())


Cli = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _bare_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("WHENFLOW_API_URL", "WHENFLOW_API_KEY", "WHENFLOW_DEBUG", "HTTP_PROXY", "http_proxy", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs `whenflow` with the given words."""

    def run(*words: str) -> Outcome:
        capsys.readouterr()
        code = main(words)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def at_server(httpserver: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Point the command at a server whose answers the test chooses."""
    monkeypatch.setenv("WHENFLOW_API_URL", httpserver.url_for("/api"))
    monkeypatch.setenv("WHENFLOW_API_KEY", KEY)
    return httpserver


@pytest.fixture
def product(monkeypatch):
    """The product, empty, and the command pointed at it."""
    with running_product() as (product, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", PRODUCT_KEY)
        yield product


@pytest.fixture
def hook(cli, product):
    """A webhook called `signups`, as it was shown when it was made."""
    return cli("webhook", "create", "signups", "--template", TEMPLATE, "--json").document


@pytest.fixture
def person(monkeypatch):
    """Return a function that puts a person before the terminal, who types this."""

    def types(text: str) -> None:
        terminal = io.StringIO(text)
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr("getpass.getpass", lambda _: terminal.readline().removesuffix("\n"))

    return types


@pytest.fixture
def alone(monkeypatch):
    """Nobody is there to answer."""
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
