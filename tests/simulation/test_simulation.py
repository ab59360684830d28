"""A stack whose every call may fail loses nothing and doubles nothing; and a broken one is found out.

`make simulate SEEDS=20000` plays many more histories.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.simulation.broken import BROKEN, Break

from whenflow.testing.simulation import shrunk, simulate
from whenflow.testing.simulation.faults import KINDS

CHUNK = 50
UNTIL_CAUGHT = 60
ONCE_WRONG = ((3_049, 0.04), (7_003, 0.12), (100_081, 0.12))
"""Seeds and rates of histories that once went wrong; they are played for ever."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Leave out what the product logs of each call that fails."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("first", range(0, 200, CHUNK))
def test_nothing_is_lost_or_doubled_whatever_call_fails(first: int) -> None:
    for seed in range(first, first + CHUNK):
        history = simulate(seed)
        assert not history.violations, history.report()


@pytest.mark.parametrize("seed", range(7_000, 7_010))
def test_nothing_is_lost_or_doubled_where_every_eighth_call_fails(seed: int) -> None:
    history = simulate(seed, rate=0.12)
    assert not history.violations, history.report()


@pytest.mark.parametrize(("seed", "rate"), ONCE_WRONG)
def test_what_once_went_wrong_goes_right(seed: int, rate: float) -> None:
    history = simulate(seed, rate)
    assert not history.violations, history.report()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_what_is_broken_is_found_out(broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    assert any(simulate(seed).violations for seed in range(UNTIL_CAUGHT))


def test_calls_fail_in_every_way_and_all_parts_are_called() -> None:
    faults = [fault for seed in range(20) for fault in simulate(seed).faults]
    assert {fault.kind for fault in faults} == set(KINDS)
    called = {fault.call.split(" ")[0] for fault in faults}
    assert called >= {"webhook", "matcher", "action", "timer", "tracker", "flows"}


def test_without_faults_there_is_less_to_do_and_nothing_fails() -> None:
    history = simulate(3, rate=0.0)
    assert (history.violations, history.faults) == ([], ())


def test_a_seed_always_gives_the_same_history() -> None:
    told = "from whenflow.testing.simulation import simulate; print(simulate(5))"

    def played(hashes: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": hashes}
        given = [sys.executable, "-c", told]
        return subprocess.run(given, capture_output=True, text=True, check=True, env=environment).stdout

    assert simulate(5) == simulate(5)
    assert played("1") == played("2")


def test_a_history_that_goes_wrong_is_played_with_fewer_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[-2](monkeypatch)
    history = shrunk(1)
    assert history.violations
    assert len(history.faults) < len(simulate(1).faults)
    assert history.report().startswith("seed 1: ")
