"""Firings and their ids."""

from datetime import timedelta

import pytest
from tests.firings import firing_for
from tests.stories import NOON, clients_csv_arrives, order_placed

from whenflow.automations import Firing
from whenflow.automations.state import leaf_id
from whenflow.testing import an_automation


def fired(event=None, now=NOON, **automation) -> Firing:
    return firing_for(an_automation(**{"expect": [], **automation}), event or order_placed(), now)


def test_the_same_firing_found_twice_has_one_id():
    assert fired().id == fired(now=NOON + timedelta(hours=1)).id


@pytest.mark.parametrize(
    "other",
    [
        {"event": order_placed(8)},
        {"event": clients_csv_arrives()},
        {"name": "another"},
        {"expect": ["order.placed"]},
        {"match": {"prefect.resource.id": "*"}},
        {"for_each": ["prefect.resource.id"]},
    ],
    ids=["event", "story", "automation", "expect", "match", "for_each"],
)
def test_another_firing_has_another_id(other):
    assert fired().id != fired(**other).id


@pytest.mark.parametrize("other", [{"actions": []}, {"enabled": True}])
def test_what_is_no_condition_does_not_change_the_id(other):
    assert fired().id == fired(**other).id


def test_parts_of_a_key_do_not_run_into_each_other():
    assert leaf_id("a", "t", ("x", "y"), "e") != leaf_id("a", "t", ("xy",), "e")


def test_an_id_never_changes_between_versions_of_the_code():
    assert leaf_id("automation", "trigger", ("key",), "event") == "71efa76c-b6e8-572e-91f9-c79c0a9f4b1b"


def test_a_firing_survives_being_stored():
    firing = fired(clients_csv_arrives(follows=order_placed().id), for_each=["prefect.resource.id"])

    assert Firing.from_stored(firing.as_stored()) == firing
