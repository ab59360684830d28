"""Asks both: Prefect's engine, in a process of its own environment, and ours; and judges what they say."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.reference.differences import Answers, reason_for

from whenflow.testing.conformance.runner import SETS, _alike

ROOT = Path(__file__).parents[2]
SETTINGS = {"PREFECT_UI_URL": "http://ui.example:4200", "PREFECT_LOGGING_LEVEL": "CRITICAL", "PATH": os.defpath}


class InvalidCase(Exception):
    """What is asked makes no sense to Prefect's engine."""


@dataclass(frozen=True)
class Difference:
    """What each said.

    Attributes:
        reason: Why they are to differ; empty where they are not.
        kind: What a set of like differences has in common.
    """

    reference: Any
    ours: Any
    reason: str

    @property
    def kind(self) -> str:
        """How they differ, roughly."""
        return f"{_word(self.reference)} {_word(self.ours)}"


def _word(answer: Any) -> str:
    if not isinstance(answer, Mapping):
        return str(answer)
    return " ".join(str(answer.get(name, "")) for name in ("result", "error", "fields", "kind"))


class Comparer:
    """Compares cases as long as it is open."""

    def __init__(self, python: Path) -> None:
        """Use the engine that this Python has installed."""
        self._python = python

    def __enter__(self) -> "Comparer":
        """Start the process."""
        self._worker = subprocess.Popen(
            [str(self._python), "-m", "tests.reference.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**SETTINGS, "HOME": os.environ.get("HOME", "/")},
        )
        assert self._worker.stdout
        self._version = tuple(json.loads(self._worker.stdout.readline() or "[]"))
        if not self._version:
            raise RuntimeError(f"{self._python} cannot run Prefect's engine")
        return self

    def __exit__(self, type_: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop it."""
        self._worker.kill()
        self._worker.wait()

    def difference(self, name: str, case: dict[str, Any], fixtures: Mapping[str, Any]) -> Difference | None:
        """Return how the engine and Whenflow differ on a case, or nothing."""
        said = self._ask(name, case, fixtures)
        expected, ours = _run(name, {**case, "expect": said["expect"]}, fixtures)
        if _alike(expected, ours) or _both_fail(expected, ours):
            return None
        mended = _run(name, {**case, "expect": said["mended"]}, fixtures)
        if _alike(*mended):
            return Difference(expected, ours, "a fault of Prefect's, mended")
        return Difference(
            expected, ours, reason_for(name, Answers(case, said["expect"], ours, said["mended"], self._version))
        )

    def _ask(self, name: str, case: dict[str, Any], fixtures: Mapping[str, Any]) -> Any:
        assert self._worker.stdin and self._worker.stdout
        print(json.dumps({"set": name, "case": case, "fixtures": fixtures}), file=self._worker.stdin, flush=True)
        line = self._worker.stdout.readline()
        if not line:
            raise RuntimeError(f"Prefect's engine has died of {json.dumps(case)}")
        said = json.loads(line)
        if "invalid" in said:
            raise InvalidCase(f"{said['invalid']}: {json.dumps(case)}")
        return said


def _both_fail(expected: Any, ours: Any) -> bool:
    """Tell whether both fail, the engine in a way that has no word."""
    return isinstance(expected, dict) and expected.get("error") == "other" and ours.get("result") == "failed"


def _run(name: str, case: Mapping[str, Any], fixtures: Mapping[str, Any]) -> tuple[Any, Any]:
    try:
        return SETS[name](case, fixtures)
    except Exception as error:
        return case["expect"], {"result": "broken", "error": repr(error)}
