"""`whenflow progress`, against the product in memory."""

from typing import Any

import pytest
import time_machine
from tests.cli.product import running_product
from tests.stories import ann_signs_up, welcoming

from whenflow.errors import Transient


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The product, with one action that was executed, one that failed, and one that is to be tried again."""
    with running_product() as (product, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", "wfk_tests")
        deployment = product.deployment()
        lost = {"type": "pause-work-queue", "source": "inferred"}
        product.automation(welcoming(deployment, actions=[{"type": "do-nothing"}, lost]))
        product.launcher.errors = [Transient("busy")]
        product.automation(welcoming(deployment, name="again"))
        product.happens(ann_signs_up())
        product.dead_letters.underway = 1
        with time_machine.travel(product.clock.now()):
            yield product


def test_what_is_done_failed_open_and_waits_is_shown(cli, product):
    told = cli("progress").out

    lines = [line.split() for line in told.splitlines()]
    assert lines[:5] == [["fired", "2"], ["actions", "3"], ["executed", "1"], ["failed", "1"], ["open", "1"]]
    assert lines[-1] == ["action", "1", "0"]


def test_it_can_be_read_by_programs(cli, product):
    told = cli("progress", "--since", "5m", "--json").document

    assert {name: told[name] for name in ("fired", "called_for", "executed", "failed", "open")} == {
        "fired": 2,
        "called_for": 3,
        "executed": 1,
        "failed": 1,
        "open": 1,
    }
    assert told["queues"][0]["waiting"] == 1


def test_what_was_before_does_not_count(cli, product):
    with time_machine.travel(product.clock.advance(7_200)):
        assert cli("progress", "--json").document["fired"] == 0
