"""Parameters against a deployment's schema: what does not fit is told, and neither is let to take for ever."""

import time

import pytest

from whenflow.aws.template_clock import TemplateClock
from whenflow.deployments.values import MAX_FAULTS, DoNotFit, check_fit
from whenflow.errors import Rejected
from whenflow.templating.clock import watched_by


@pytest.fixture
def watched():
    """The clock that the functions have."""
    before = watched_by(TemplateClock(0.2))
    yield
    watched_by(before)


def test_what_does_not_fit_is_told_with_its_place():
    with pytest.raises(DoNotFit, match="n: 'x' is not of type 'integer'"):
        check_fit({"n": "x"}, {"properties": {"n": {"type": "integer"}}})


def test_of_ever_so_many_faults_only_some_are_told():
    schema = {"properties": {"list": {"items": {"type": "integer"}}}}

    with pytest.raises(DoNotFit) as error:
        check_fit({"list": ["x"] * 50_000}, schema)

    assert len(error.value.faults) == MAX_FAULTS
    assert len(str(error.value)) < 10_000


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "pattern": "^(a+)+$"}, "a" * 40 + "!"),
        ({"uniqueItems": True}, [{"n": number} for number in range(20_000)]),
    ],
    ids=["pattern", "unique items"],
)
def test_a_value_that_somebody_chose_to_take_for_ever_is_refused_soon(watched, schema, value):
    began = time.process_time()

    with pytest.raises(Rejected, match="too long"):
        check_fit({"x": value}, {"properties": {"x": schema}})

    assert time.process_time() - began < 5
