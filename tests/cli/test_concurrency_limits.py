"""`whenflow concurrency-limit`, against the product's own API."""

from datetime import timedelta

import pytest


@pytest.fixture(autouse=True)
def _here(product):
    """The product is there."""


def test_one_is_made_listed_and_shown_with_what_is_taken(cli, product):
    assert cli("concurrency-limit", "ls").out.startswith("No concurrency limits yet.")
    made = cli("concurrency-limit", "create", "api calls", "--limit", "5", "--decay", "0.5")
    assert made.out == "Made the concurrency limit api calls: 5 slots, 0.5 a second become free by themselves.\n"
    product.limits.book.take(["api calls"], 2, lease=timedelta(hours=1))

    assert "api calls" in cli("concurrency-limit", "ls").out
    assert cli("concurrency-limit", "ls", "--json").document[0]["active_slots"] == 2
    assert "taken     2" in cli("concurrency-limit", "inspect", "api calls").out


def test_one_is_changed_switched_off_and_freed(cli, product):
    cli("concurrency-limit", "create", "db", "--limit", "1")
    product.limits.book.take(["db"], 1, lease=timedelta(hours=1))

    told = cli("concurrency-limit", "update", "db", "--limit", "3", "--inactive", "--taken", "0")

    assert told.out == "Changed the concurrency limit db: 3 slots.\n"
    shown = cli("concurrency-limit", "inspect", "db", "--json").document
    assert (shown["limit"], shown["active"], shown["active_slots"]) == (3, False, 0)
    assert cli("concurrency-limit", "update", "db", "--active").code == 0
    assert cli("concurrency-limit", "inspect", "db", "--json").document["active"] is True


def test_a_change_of_nothing_and_of_both_is_refused(cli):
    assert cli("concurrency-limit", "update", "db").code == 2
    assert cli("concurrency-limit", "update", "db", "--active", "--inactive").code == 2


def test_one_is_removed_only_with_a_yes(cli, alone):
    cli("concurrency-limit", "create", "db", "--limit", "1")
    assert cli("concurrency-limit", "delete", "db").code == 2

    assert cli("concurrency-limit", "delete", "db", "--yes").out == "Removed the concurrency limit db.\n"
    assert cli("concurrency-limit", "ls", "--json").document == []


def test_a_name_that_is_not_there_is_told_with_one_like_it(cli):
    cli("concurrency-limit", "create", "database", "--limit", "1")

    told = cli("concurrency-limit", "inspect", "databse")

    assert told.code == 1
    assert "database" in told.err


def test_what_the_api_refuses_is_told(cli):
    assert "limit" in cli("concurrency-limit", "create", "db", "--limit", "-1").err
    assert "Traceback" not in cli("concurrency-limit", "create", "a/b", "--limit", "1").text
