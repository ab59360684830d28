"""What every clock does."""

from datetime import UTC

import pytest

from whenflow.aws.system import SystemClock
from whenflow.ports import Clock
from whenflow.testing import ManualClock


@pytest.fixture(params=[ManualClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    """A clock."""
    made: Clock = request.param()
    return made


def test_the_time_is_told_in_utc(clock):
    assert clock.now().tzinfo is UTC


def test_the_time_never_goes_back(clock):
    assert clock.now() <= clock.now()
