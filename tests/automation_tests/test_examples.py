"""The examples are automations with tests, and the tests pass."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "automations"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_passes_its_own_tests(cli, path):
    outcome = cli("automation", "test", str(path))

    assert outcome.code == 0, outcome.out
    assert outcome.out.count("  pass  ") >= 3


def test_there_is_an_example_of_a_threshold_of_absence_and_of_a_sequence():
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} >= {
        *("payment_failures", "silent_sensor", "file_then_manifest"),
    }
