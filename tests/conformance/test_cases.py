"""All case files at hand, by the public runner."""

import json
from pathlib import Path

import pytest
from tests.conformance.found import OWN, SETS, called, case_files, cases_in

from whenflow.testing.conformance.runner import run_file


@pytest.mark.parametrize("path", case_files(), ids=called)
def test_every_binding_case_passes(path: Path):
    verdicts = list(run_file(json.loads(path.read_text(encoding="utf-8"))))

    assert [f"{one.name}\n{one.detail}" for one in verdicts if one.passed is False] == []
    assert sum(one.passed is True for one in verdicts) == len(cases_in(path)) > 0


def test_our_own_cases_cover_every_kind_of_question():
    own = {path.stem: cases_in(path) for path in case_files() if path.parent == OWN}

    assert set(own) == set(SETS) - {"triggers_random"}
    assert {case["kind"] for case in own["matching"]} == {
        "covers",
        "every-of-kind",
        "includes",
        "key",
        "label",
        "spec",
        "value",
    }
    assert {case["endpoint"] for case in own["validation"]} == {"create", "replace", "patch"}
    steps = {name for case in own["triggers_hand"] for step in case["steps"] for name in step}
    assert steps >= {"event", "tick", "proactive", "set_enabled"}


@pytest.mark.parametrize("path", [path for path in case_files() if path.parent == OWN], ids=called)
def test_our_own_cases_are_written_as_the_format_says(path: Path):
    document = json.loads(path.read_text(encoding="utf-8"))

    assert (document["set"], document["format"], document["count"]) == (path.stem, 1, len(document["cases"]))
    names = [case["name"] for case in document["cases"]]
    assert len(set(names)) == len(names)
    assert all(len(line) < 4_000 for line in path.read_text(encoding="utf-8").splitlines()), "one case per line"
