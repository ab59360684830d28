"""Names for runs that nobody named."""

import re

from tests.stories import NOBODY

from whenflow.runs.names import run_name


def test_a_name_is_an_adjective_and_an_animal():
    assert re.fullmatch(r"[a-z]+-[a-z]+", run_name(NOBODY))


def test_a_run_always_has_the_same_name():
    assert run_name(NOBODY) == run_name(NOBODY)


def test_most_runs_have_names_of_their_own():
    assert len({run_name(str(number)) for number in range(100)}) > 90
