"""Settings from the environment."""

from collections.abc import Iterator

import pytest
from tests.tables import environment

from whenflow.aws.settings import MissingSetting, in_stack, settings


@pytest.fixture(autouse=True)
def _as_in_the_template(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    queues = {"ActionRetryQueue": "https://sqs/retries", "TimerQueue": "https://sqs/timers"}
    for name, value in environment(queues).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_template_sets_all_that_is_needed():
    read = settings()

    assert read.events_table == "EventsTable"
    assert read.state_table == "StateTable"
    assert read.firings_table == "FiringsTable"
    assert read.runs_table == "RunsTable"
    assert read.config_table == "ConfigTable"
    assert (read.retention_days, read.shards) == (30, 4)
    assert (read.retry_queue_url, read.timer_queue_url) == ("https://sqs/retries", "https://sqs/timers")


@pytest.mark.parametrize("table", ["EVENTS", "STATE", "FIRINGS", "RUNS", "CONFIG"])
def test_a_setting_that_is_missing_is_named(monkeypatch, table):
    monkeypatch.delenv(f"WHENFLOW_{table}_TABLE")

    with pytest.raises(MissingSetting, match=f"WHENFLOW_{table}_TABLE"):
        settings()


def test_an_empty_setting_is_missing(monkeypatch):
    monkeypatch.setenv("WHENFLOW_EVENTS_TABLE", "")

    with pytest.raises(MissingSetting):
        settings()


def test_a_function_without_a_retry_queue_needs_none(monkeypatch):
    monkeypatch.delenv("WHENFLOW_ACTION_RETRY_QUEUE_URL")

    assert settings().retry_queue_url == ""


def test_a_process_in_the_stack_knows_it(monkeypatch):
    assert in_stack()

    monkeypatch.delenv("WHENFLOW_EVENTS_TABLE")
    assert not in_stack()
