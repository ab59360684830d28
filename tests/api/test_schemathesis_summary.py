"""What `make test-schemathesis` says in its last line."""

import pytest
from tests.schemathesis.__main__ import summary

GOOD = "  Selected: 122/122\n  Tested: 122\n\n  31163 generated, 31163 passed\n\n== 2 warnings in 148.02s ==\n"
BAD = "  Tested: 120\n\n  164 generated, 1 found 2 unique failures\n\n== 2 failures, 2 warnings in 148.02s ==\n"
BROKEN = "  Tested: 122\n\n  164 generated, 164 passed\n\n== 2 errors, 3 warnings in 148.02s ==\n"


@pytest.mark.parametrize(
    ("said", "code", "line"),
    [
        (GOOD, 0, "operations=122 cases=31163 failures=0 seconds=148"),
        (BAD, 1, "operations=120 cases=164 failures=2 seconds=148"),
        (BROKEN, 1, "operations=122 cases=164 failures=2 seconds=148"),
        ("Traceback", 1, "operations=unknown cases=unknown failures=unknown seconds=148"),
    ],
)
def test_the_last_line_says_what_was_tried_and_found(said, code, line):
    assert summary(said, code, 148.02) == line
