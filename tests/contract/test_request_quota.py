"""What every count of requests does."""

import pytest

from whenflow.api.throttle import Quota
from whenflow.aws.request_quota import DynamoQuota
from whenflow.testing import MemoryQuota


@pytest.fixture(params=["memory", "dynamodb"])
def quota(request: pytest.FixtureRequest) -> Quota:
    """An empty count."""
    if request.param == "memory":
        return MemoryQuota()
    return DynamoQuota(request.getfixturevalue("dynamodb"), "StateTable")


def test_what_is_taken_adds_up(quota):
    assert [quota.take("ann", 7, 10), quota.take("ann", 7, 10), quota.take("ann", 7, 5)] == [10, 20, 25]


def test_each_caller_and_each_window_has_a_count_of_its_own(quota):
    quota.take("ann", 7, 10)

    assert (quota.take("bob", 7, 10), quota.take("ann", 8, 10)) == (10, 10)
