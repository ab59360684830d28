"""What every firing store does."""

from dataclasses import replace

import pytest
from tests.firings import firing_for
from tests.stories import NOBODY, clients_csv_arrives, order_placed

from whenflow.automations import Firing
from whenflow.testing import an_automation


@pytest.fixture
def firing() -> Firing:
    """An automation saw order 7."""
    automation = an_automation(for_each=["prefect.resource.id"], actions=[{"type": "do-nothing"}] * 2)
    return firing_for(automation, order_placed())


def test_a_firing_that_is_stored_is_found_with_all_it_carries(firings, firing):
    firings.put(firing)

    assert firings.get(firing.id) == firing


def test_a_new_firing_is_told_apart(firings, firing):
    assert firings.put(firing) is True


def test_a_firing_found_twice_is_stored_once(firings, firing):
    firings.put(firing)

    assert firings.put(firing) is False


def test_the_first_firing_of_an_id_stays(firings, firing):
    firings.put(firing)

    again = firings.put(replace(firing, automation_name="renamed meanwhile"))

    assert again is False
    assert firings.get(firing.id).automation_name == "on order"


def test_firings_of_different_events_stand_beside_each_other(firings):
    automation = an_automation(expect=[])
    order, file = firing_for(automation, order_placed()), firing_for(automation, clients_csv_arrives())

    assert [firings.put(order), firings.put(file)] == [True, True]


def test_many_firings_are_stored_at_once_and_each_once(firings):
    each = [firing_for(an_automation(f"a{number}"), order_placed()) for number in range(25)]
    firings.put(each[3])

    outcomes = firings.put_all([*each, each[0]])

    assert list(outcomes[:25]) == [number != 3 for number in range(25)]
    assert outcomes[25] is False
    assert [firings.get(one.id) for one in each] == each


def test_nothing_to_store_is_no_fault(firings):
    assert list(firings.put_all([])) == []


def test_an_id_that_nothing_has_finds_nothing(firings, firing):
    firings.put(firing)

    assert firings.get(NOBODY) is None


def test_the_firings_that_an_event_closed_are_found_by_it(firings, firing):
    other = replace(firing, id=NOBODY)
    elsewhere = replace(firing, id="22222222-2222-4222-8222-222222222222", event=clients_csv_arrives())
    by_time = replace(firing, id="33333333-3333-4333-8333-333333333333", event=None)
    for one in (firing, other, elsewhere, by_time):
        firings.put(one)

    assert firings.caused_by(order_placed().id, 10) == sorted([firing.id, other.id])
    assert firings.caused_by(order_placed().id, 1) == sorted([firing.id, other.id])[:1]
    assert firings.caused_by(NOBODY, 10) == []
