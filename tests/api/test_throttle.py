"""Nobody sends more requests than their share, and quiet callers cost nothing."""

import pytest
from tests.calls import authorized, call, read

from whenflow.api.app import build_api
from whenflow.api.throttle import FREE, PORTION, WINDOW_SECONDS, Throttle
from whenflow.errors import Transient
from whenflow.testing import MemoryQuota

PER_SECOND = 3
LIMIT = PER_SECOND * WINDOW_SECONDS


@pytest.fixture
def quota():
    """The count that all processes share."""
    return MemoryQuota()


@pytest.fixture
def throttle(quota, clock):
    """What one process asks."""
    return Throttle(quota, PER_SECOND, clock)


def passed(throttle, caller="ann", tries=100):
    return sum(throttle.wait(caller) == 0 for _ in range(tries))


def test_a_caller_may_pass_as_often_as_its_share_and_the_few_that_are_free(throttle):
    assert passed(throttle) == LIMIT + FREE


def test_callers_do_not_take_from_each_other(throttle):
    passed(throttle)

    assert passed(throttle, "bob") == LIMIT + FREE


def test_all_processes_together_keep_to_the_share(quota, clock):
    processes = [Throttle(quota, PER_SECOND, clock) for _ in range(3)]

    assert sum(map(passed, processes)) <= LIMIT + 3 * FREE


def test_who_has_to_wait_is_told_until_when_and_may_pass_then(throttle, clock):
    passed(throttle)
    wait = throttle.wait("ann")
    assert 0 < wait <= WINDOW_SECONDS

    clock.advance(wait)

    assert throttle.wait("ann") == 0


def test_a_quiet_caller_is_not_counted_and_a_busy_one_in_portions(throttle, quota):
    passed(throttle, "quiet", FREE)
    passed(throttle, "busy", FREE + 2 * PORTION)

    assert [key[0] for key in quota.taken] == ["busy"]
    assert sum(quota.taken.values()) == 2 * PORTION


def test_who_is_refused_costs_nothing_more(throttle, quota):
    passed(throttle)
    before = dict(quota.taken)

    assert passed(throttle) == 0

    assert quota.taken == before


def test_a_table_that_is_busy_refuses_nobody(clock):
    class Busy:
        def take(self, caller, window, amount):
            raise Transient("busy")

    assert passed(Throttle(Busy(), PER_SECOND, clock)) == 100


def test_too_many_requests_are_answered_with_429_and_when_to_come_back(world):
    from dataclasses import replace

    throttle = Throttle(MemoryQuota(), 1, world.clock)
    handler = build_api(replace(world.services, throttle=throttle.wait))
    request = call("GET", "/api/hello", headers=authorized())

    answers = [read(handler(dict(request), None)) for _ in range(20)]

    assert [one.status for one in answers] == [200] * 15 + [429] * 5
    assert 1 <= int(answers[-1].headers["retry-after"]) <= WINDOW_SECONDS
    assert "wait" in answers[-1].document["exception_message"]
