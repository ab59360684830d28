"""Reads case files, runs each case by its set, and says what failed."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from whenflow.testing.conformance import documents, matching, templating, triggers

SetRunner: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Any, Any]]
SETS: dict[str, SetRunner] = {
    "event_schema": documents.run_event_schema,
    "matching": matching.run,
    "targets": templating.run_targets,
    "templating": templating.run_templating,
    "triggers_hand": triggers.run,
    "triggers_random": triggers.run,
    "validation": documents.run_validation,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one case.

    Attributes:
        passed: Whether it did; None for a case that is not binding.
        detail: What was expected and what came, or why it is not binding.
    """

    name: str
    passed: bool | None
    detail: str = ""


def run_directory(directory: Path) -> Iterator[Verdict]:
    """Run every case file below a directory, in order of their names.

    Raises:
        FileNotFoundError: There are none.
    """
    paths = sorted(directory.rglob("*.json"))
    if not paths:
        raise FileNotFoundError(f"there are no case files (*.json) in {directory}")
    for path in paths:
        yield from run_file(json.loads(path.read_text(encoding="utf-8")))


def run_file(cases: Mapping[str, Any]) -> Iterator[Verdict]:
    """Run the cases of one file."""
    runner = SETS.get(cases["set"])
    fixtures = cases.get("fixtures", {})
    for case in cases["cases"]:
        yield _run(case, fixtures, runner, cases["set"])


def _run(case: Mapping[str, Any], fixtures: Mapping[str, Any], runner: SetRunner | None, name: str) -> Verdict:
    if not case.get("binding", True):
        return Verdict(case["name"], None, case.get("why", "not binding"))
    if runner is None:
        return Verdict(case["name"], False, f"the set '{name}' cannot be run by this version")
    try:
        expected, got = runner(case, fixtures)
    except Exception as error:  # a case that breaks the product has failed, and the others still have their turn
        return Verdict(case["name"], False, f"{type(error).__name__}: {error}")
    if _alike(expected, got):
        return Verdict(case["name"], True)
    return Verdict(case["name"], False, f"expected {_text(expected)}\n     got {_text(got)}")


def _alike(expected: Any, got: Any) -> bool:
    """Compare as JSON does: numbers by value, but never a number with a truth value."""
    return _text(expected) == _text(got)


def _text(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
