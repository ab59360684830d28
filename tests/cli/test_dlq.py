"""`whenflow dlq`, against the product in memory."""

import pytest
from tests.cli.product import running_product


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch):
    """The product with three dead letters, for the command to talk to."""
    with running_product() as (product, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", "wfk_tests")
        product.dead_letters.waiting["action"] = [
            {"id": f"m-{number}", "sent": 1_795_000_000.0, "summary": f"action {number}", "body": {}}
            for number in range(120)
        ]
        yield product


def test_queues_are_listed(cli, product):
    product.dead_letters.underway = 7
    assert cli("dlq", "ls").out.splitlines()[1].split() == ["action", "120", "7", "action"]
    product.dead_letters.underway = None
    assert cli("dlq", "ls").out.splitlines()[1].split() == ["action", "120", "-", "action"]
    assert cli("dlq", "ls", "--json").document[0]["messages"] == 120


def test_messages_are_shown_and_stay(cli, product):
    outcome = cli("dlq", "show", "action", "--limit", "2")

    assert "action 0" in outcome.out
    assert "action 1" in outcome.out
    assert "action 2" not in outcome.out
    assert len(product.dead_letters.waiting["action"]) == 120


def test_a_reason_is_shown_whole_however_narrow_the_terminal_is(cli, product, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    (message,) = cli("dlq", "show", "action", "--limit", "1", "--json").document

    told = cli("dlq", "show", "action", "--limit", "1").out

    assert f"{message['id']}  " in told
    assert f"\n  {message['summary']}\n" in told
    assert told.endswith("Do it again: whenflow dlq redrive action\n")


def test_an_empty_queue_says_so(cli, product):
    product.dead_letters.waiting["action"] = []

    assert cli("dlq", "show", "action").out == "There are no dead letters in action.\n"


def test_all_are_put_back(cli, product):
    assert cli("dlq", "redrive", "action").out == "Put back 120 messages.\n"

    assert len(product.dead_letters.redriven) == 120


def test_no_more_are_put_back_than_asked_for(cli, product):
    assert cli("dlq", "redrive", "action", "--limit", "60", "--json").document == {"redriven": 60, "failed": []}


def test_what_stays_is_said_and_is_a_failure(cli, product, monkeypatch):
    failed = {"redriven": 1, "failed": [{"id": "m-1", "reason": "The stream has forgotten these records."}]}
    monkeypatch.setattr(product.dead_letters, "redrive", lambda _queue, _limit: failed)

    outcome = cli("dlq", "redrive", "action")

    assert outcome.code == 1
    assert outcome.err == "m-1 stays: The stream has forgotten these records.\n"


def test_a_queue_that_is_not_there_is_named(cli, product):
    outcome = cli("dlq", "show", "nope")

    assert outcome.code == 1
    assert "There are no dead letters 'nope'" in outcome.text


@pytest.mark.parametrize("words", [("show", "action", "--limit", "0"), ("redrive", "action", "--limit", "0")])
def test_a_limit_out_of_bounds_is_a_wrong_call(cli, product, words):
    assert cli("dlq", *words).code == 2
