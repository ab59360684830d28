"""The runner, on case files made here: what passes, what fails, what it says and how it ends."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from whenflow.testing.conformance.__main__ import main
from whenflow.testing.conformance.runner import run_directory

PASSING = {"name": "right", "kind": "value", "pattern": "a*", "value": "abc", "expect": True}
FAILING = {"name": "wrong", "kind": "value", "pattern": "a*", "value": "xyz", "expect": True}
OPEN = {"name": "open", "kind": "value", "pattern": "a", "value": "b", "expect": True, "binding": False, "why": "so"}
BROKEN = {"name": "broken", "kind": "value"}
ODD = {"name": "odd", "kind": "guess", "expect": True}


class Cases:
    """A directory of case files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def file(self, *cases: dict[str, Any], set: str = "matching", name: str = "cases.json") -> None:
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        document = {"set": set, "format": 1, "half": "own", "reference": "", "count": len(cases), "cases": list(cases)}
        path.write_text(json.dumps(document))


@pytest.fixture
def cases(tmp_path: Path) -> Cases:
    return Cases(tmp_path)


def run(cases: Cases, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main([str(cases.directory)])
    return code, capsys.readouterr().out.splitlines()


def test_all_passed(cases: Cases, capsys: pytest.CaptureFixture[str]):
    cases.file(PASSING, PASSING | {"name": "right too"})

    assert run(cases, capsys) == (0, ["2 passed, 0 failed"])


def test_one_failed_is_named_with_what_was_expected_and_what_came(cases: Cases, capsys: pytest.CaptureFixture[str]):
    cases.file(PASSING, FAILING)

    code, lines = run(cases, capsys)
    assert code == 1
    assert lines == ["FAILED wrong", "expected true", "     got false", "1 passed, 1 failed"]


def test_what_is_not_binding_is_listed_with_its_reason_and_counts_for_nothing(
    cases: Cases, capsys: pytest.CaptureFixture[str]
):
    cases.file(OPEN, PASSING)

    assert run(cases, capsys) == (0, ["not binding: open: so", "1 passed, 0 failed"])


def test_a_set_that_is_not_known_has_failed(cases: Cases, capsys: pytest.CaptureFixture[str]):
    cases.file(PASSING, PASSING, set="weather")

    code, lines = run(cases, capsys)
    assert code == 1
    assert lines[-1] == "0 passed, 2 failed"
    assert "weather" in lines[1]


@pytest.mark.parametrize("broken", [BROKEN, ODD])
def test_a_broken_case_has_failed_and_the_others_still_run(
    broken: dict[str, Any], cases: Cases, capsys: pytest.CaptureFixture[str]
):
    cases.file(broken, PASSING)

    code, lines = run(cases, capsys)
    assert code == 1
    assert lines[0] == f"FAILED {broken['name']}"
    assert lines[-1] == "1 passed, 1 failed"


def test_files_are_found_at_any_depth_and_run_in_order_of_their_names(cases: Cases):
    cases.file(PASSING | {"name": "third"}, name="deep/z.json")
    cases.file(PASSING | {"name": "first"}, name="a.json")
    cases.file(PASSING | {"name": "second"}, name="b.json")

    assert [verdict.name for verdict in run_directory(cases.directory)] == ["first", "second", "third"]


def test_nothing_to_run_is_no_success(cases: Cases, capsys: pytest.CaptureFixture[str]):
    assert main([str(cases.directory)]) == 2
    assert main([str(cases.directory / "nowhere")]) == 2
    assert main([]) == 2
    assert capsys.readouterr().out == ""


def test_numbers_are_compared_by_value_and_never_with_a_truth_value(cases: Cases, capsys: pytest.CaptureFixture[str]):
    accepted = {"result": "accepted", "document": {"enabled": True}}
    switch = {"name": "switch", "endpoint": "patch", "document": {"enabled": True}}
    cases.file(
        switch | {"expect": accepted}, switch | {"expect": accepted | {"document": {"enabled": 1}}}, set="validation"
    )

    assert run(cases, capsys)[1][-1] == "1 passed, 1 failed"


def test_a_firing_too_many_or_at_another_step_has_failed(cases: Cases, capsys: pytest.CaptureFixture[str]):
    id_ = "00000000-0000-4000-8000-000000000001"
    event = {"id": id_, "occurred": "2025-06-01T08:00:00Z", "event": "x", "resource": {"prefect.resource.id": "r"}}
    scene = {
        "automations": [{"id": id_, "trigger": {"type": "event", "id": id_, "posture": "Reactive", "expect": ["x"]}}],
        "steps": [{"now": "2025-06-01T08:00:00Z", "event": event}, {"tick": "2025-06-01T08:00:01Z"}],
    }
    firing = {"step": 0, "trigger": id_, "event": id_}
    expected = {"right": [firing], "too few": [], "too many": [firing] * 2, "too late": [firing | {"step": 1}]}
    cases.file(
        *(scene | {"name": name, "expect": {"firings": some}} for name, some in expected.items()), set="triggers_hand"
    )

    code, lines = run(cases, capsys)
    assert [line for line in lines if line.startswith("FAILED")] == [
        "FAILED too few",
        "FAILED too many",
        "FAILED too late",
    ]
    assert (code, lines[-1]) == (1, "1 passed, 3 failed")


@pytest.mark.parametrize(("case", "code"), [(PASSING, 0), (FAILING, 1)])
def test_as_a_program_it_ends_with_its_code(
    case: dict[str, Any], code: int, cases: Cases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    cases.file(case)
    monkeypatch.setattr(sys, "argv", ["conformance", str(cases.directory)])

    monkeypatch.delitem(sys.modules, "whenflow.testing.conformance.__main__")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("whenflow.testing.conformance", run_name="__main__")
    assert ended.value.code == code
    assert capsys.readouterr().out.endswith(f"{1 - code} passed, {code} failed\n")
