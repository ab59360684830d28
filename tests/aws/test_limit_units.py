"""What slots of concurrency limits cost, in DynamoDB's units."""

from datetime import timedelta

import pytest
from tests.counting import metered
from tests.stories import NOBODY

from whenflow.aws.occupancy_store import DynamoOccupancyStore
from whenflow.errors import Locked
from whenflow.limits import Holder, Mode
from whenflow.limits.desk import limit_desk_over
from whenflow.limits.inputs import LimitInput

LEASE = timedelta(minutes=5)


@pytest.fixture
def desk(stores, dynamodb, clock, ids):
    """Limits in DynamoDB: `db` of 30 slots, `disk` of one, `calls` with a decay."""
    made = limit_desk_over(stores.config, DynamoOccupancyStore(dynamodb, "RunsTable", clock), stores.events, clock, ids)
    made.registry.create(LimitInput(name="db", limit=30))
    made.registry.create(LimitInput(name="disk", limit=1))
    made.registry.create(LimitInput(name="calls", limit=9, slot_decay_per_second=1.0))
    return made


@pytest.fixture
def units(dynamodb, observer):
    """A function that returns what something costs: write units and read units."""

    def cost(work):
        with metered(dynamodb, observer) as meter:
            work()
        return meter.written, meter.read

    return cost


def take(desk, *names):
    return desk.book.take(names, 1, lease=LEASE, holder=Holder("task_run", NOBODY))


def test_slots_of_one_limit_cost_two_writes_to_take_and_one_to_renew_or_give_back(desk, units):
    taken = []

    assert units(lambda: taken.append(take(desk, "db"))) == (2, 2)
    assert units(lambda: desk.book.renew(taken[0].lease_id, LEASE)) == (1, 2)
    assert units(lambda: desk.book.give_back(taken[0].lease_id)) == (1, 4)


def test_a_rate_costs_one_write(desk, units):
    assert units(lambda: desk.book.take(["calls"], 1, Mode.RATE_LIMIT)) == (1, 2)


def test_who_finds_none_free_pays_for_looking_and_the_lease(desk, units):
    take(desk, "disk")

    def refused():
        with pytest.raises(Locked):
            take(desk, "disk")

    assert units(refused) == (0, 2)


def test_a_tag_without_a_limit_costs_a_look(desk, units):
    assert units(lambda: take(desk, "tag:nothing")) == (0, 1)


def test_twenty_holds_fit_a_write_unit(desk, units):
    for _ in range(19):
        take(desk, "db")

    written, _ = units(lambda: take(desk, "db"))

    assert written <= 3
