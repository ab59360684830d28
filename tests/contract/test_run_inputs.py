"""What every store of inputs of flow runs does."""

from datetime import timedelta

import pytest
from tests.stories import NOBODY, NOON

from whenflow.aws.run_inputs import DynamoRunInputs
from whenflow.errors import Conflict
from whenflow.ports import RunInput, RunInputs
from whenflow.testing import ManualClock
from whenflow.testing.run_inputs import MemoryRunInputs

RUN = "0190163d-8694-7000-8000-0000000000bb"


@pytest.fixture(params=["memory", "dynamodb"])
def inputs(request: pytest.FixtureRequest, clock: ManualClock) -> RunInputs:
    """Inputs, none yet."""
    if request.param == "memory":
        return MemoryRunInputs()
    return DynamoRunInputs(request.getfixturevalue("dynamodb"), "RunsTable", clock)


def given(key: str, second: int = 0) -> RunInput:
    return RunInput(key, '{"name": "Zoë"}', NOON + timedelta(seconds=second), "prefect.flow-run.x")


def test_an_input_is_read_as_it_was_given(inputs):
    inputs.add(RUN, given("a"))

    assert inputs.get(RUN, "a") == given("a")
    assert (inputs.get(RUN, "b"), inputs.get(NOBODY, "a")) == (None, None)


def test_a_key_is_given_once(inputs):
    inputs.add(RUN, given("a"))

    with pytest.raises(Conflict):
        inputs.add(RUN, given("a", 1))
    inputs.add(NOBODY, given("a"))


def test_those_that_begin_alike_come_in_the_order_they_were_given(inputs):
    for key, second in (("name-b", 1), ("name-a", 2), ("other", 0)):
        inputs.add(RUN, given(key, second))
    inputs.add(NOBODY, given("name-c"))

    assert [one.key for one in inputs.of_run(RUN, "name-")] == ["name-b", "name-a"]
    assert [one.key for one in inputs.of_run(RUN, "")] == ["other", "name-b", "name-a"]
    assert list(inputs.of_run(RUN, "x")) == []


def test_one_is_removed_once(inputs):
    inputs.add(RUN, given("a"))

    assert (inputs.remove(RUN, "a"), inputs.remove(RUN, "a")) == (True, False)
    assert inputs.get(RUN, "a") is None
