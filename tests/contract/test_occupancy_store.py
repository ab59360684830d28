"""What every store of what is taken of concurrency limits does."""

from datetime import timedelta

import pytest
from tests.stories import NOON

from whenflow.aws.occupancy_store import DynamoOccupancyStore
from whenflow.errors import Conflict, NotFound
from whenflow.limits import Hold, Holder, Occupancy
from whenflow.limits.desk import limit_desk_over
from whenflow.limits.inputs import LimitInput
from whenflow.ports import OccupancyStore
from whenflow.testing import ManualClock
from whenflow.testing.limits import MemoryOccupancyStore

LATER = NOON + timedelta(minutes=5)
A, B = "0190163d-8694-7000-8000-00000000000a", "0190163d-8694-7000-8000-00000000000b"


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest, clock: ManualClock) -> OccupancyStore:
    """A store, empty."""
    if request.param == "memory":
        return MemoryOccupancyStore()
    return DynamoOccupancyStore(request.getfixturevalue("dynamodb"), "RunsTable", clock)


def taken(limit_id: str, *holds: str, version: int = 0) -> Occupancy:
    made = tuple(Hold(one, 2, NOON, LATER, Holder("task_run", A), is_leased=one != "loose") for one in holds)
    return Occupancy(limit_id, made, 2.5, NOON, 7.25, version)


def test_what_nobody_took_of_is_in_version_0(store):
    assert store.get(A) == Occupancy(A)
    assert store.get_all([A, B]) == {A: Occupancy(A), B: Occupancy(B)}


def test_what_is_taken_is_read_as_it_was_stored(store):
    store.commit([(taken(A, "one", "loose"), LATER)])

    assert store.get(A) == taken(A, "one", "loose", version=1)
    assert store.get_all([A, B, A]) == {A: taken(A, "one", "loose", version=1), B: Occupancy(B)}


def test_it_is_changed_only_over_the_version_that_was_read(store):
    store.commit([(taken(A, "one"), LATER)])
    store.commit([(taken(A, version=1), LATER)])

    for version in (0, 1, 3):
        with pytest.raises(Conflict):
            store.commit([(taken(A, "two", version=version), LATER)])
    assert store.get(A) == taken(A, version=2)


def test_several_limits_are_changed_all_or_none(store):
    store.commit([(taken(B, "one"), LATER)])

    with pytest.raises(Conflict):
        store.commit([(taken(A, "two"), LATER), (taken(B, "two"), LATER)])
    assert store.get(A) == Occupancy(A)

    store.commit([(taken(A, "two"), LATER), (taken(B, "two", version=1), LATER)])
    assert (store.get(A).version, store.get(B).version) == (1, 2)


def test_what_is_forgotten_begins_anew(store):
    store.commit([(taken(A, "one"), LATER)])
    store.forget(A)
    store.forget(A)

    assert store.get(A) == Occupancy(A)


def test_a_limit_whose_name_no_key_holds_is_not_found(stores, store, clock, ids):
    desk = limit_desk_over(stores.config, store, stores.events, clock, ids)

    for name in ("", "a" * 1_100, "☃" * 400):
        assert desk.book.take([name], 1).limits == []
        with pytest.raises(NotFound):
            desk.registry.find(name)
    desk.registry.create(LimitInput(name="☃" * 255, limit=1))
    assert desk.registry.find("☃" * 255).limit == 1


def test_a_lease_leads_to_its_limits(store):
    store.keep_lease("one", [A, B])
    store.keep_lease("none", [])

    assert list(store.limits_of("one") or ()) == [A, B]
    assert list(store.limits_of("none") or ()) == []
    assert store.limits_of("other") is None
